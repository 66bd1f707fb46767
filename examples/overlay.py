"""A heat map over a video, with its sound.

    python examples/overlay.py VIDEO OVERLAY.mp4 [MODEL]

MODEL is the name of a training-free one or a file of weights.
"""

import sys
from pathlib import Path

import tased
from tased.apps.outputs import Outputs
from tased.apps.predict import predict_video

source, target, *model = sys.argv[1:]
predictor = tased.load(*model)
summary = predict_video(source, Outputs(overlay=Path(target)), predictor=predictor)
print(f"{target}: {summary.frames} frames in {summary.elapsed:.1f} s, predicted with {predictor.model.name}")
