"""Which data an evaluation was on, in 64 letters."""

import hashlib
import json
from collections.abc import Sequence

from tased.data.clip import Clip


def fingerprint(name: str, clips: Sequence[Clip], *counts: int) -> str:
    """SHA-256 of a data set's name and of every clip's name, size, number of frames and first frame's name.

    It opens one picture a clip and no more, so it tells a split, a resized copy or a clip that lacks its end
    from the whole, but not one picture from another. `counts` are further numbers to tell data sets apart.
    """
    facts = [[clip.name, clip.rows, clip.columns, clip.frames, clip.frame_names[:1]] for clip in clips]
    return hashlib.sha256(json.dumps([name, facts, counts]).encode()).hexdigest()
