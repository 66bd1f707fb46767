"""The first of two passes."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import VideoReformatter

from tased.atomic import output_error
from tased.video.clock import Clock
from tased.video.coding import Coding
from tased.video.frame import Frame
from tased.video.regions import Region, marked
from tased.video.write_colour_movie import even_up, stored
from tased.video.write_movie import describe


def first_pass(
    frames: Iterable[tuple[Frame, Sequence[Region]]],
    coding: Coding,
    log: Path,
    *,
    width: int,
    height: int,
    rate: Fraction,
) -> None:
    """Encode frames of `width` x `height` pixels for the log alone, which the second pass needs.

    Raises OutputError when the encoder fails or the log cannot be written.
    """
    coding = coding.numbered(1, log)
    # Without a container: the encoder finishes its log when nothing holds it any more, as this returns.
    encoder = cast(VideoCodecContext, av.CodecContext.create(coding.encoder, "w"))
    describe(encoder, even_up(width), even_up(height), "yuv420p", full_range=False)
    encoder.framerate, encoder.options = rate, coding.options
    clock, reformatter = Clock(rate), VideoReformatter()
    try:
        for frame, regions in frames:
            picture = marked(stored(frame, reformatter), regions)
            clock.stamp(picture, frame.seconds)
            encoder.encode(picture)
        encoder.encode(None)
    except av.error.FFmpegError as error:
        raise output_error(log, error) from error
