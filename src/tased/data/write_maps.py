"""Ground-truth maps as files, made anew of the fixations."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tased.data.clip import Clip, DataSet
from tased.data.maps import Gaussian, gaussian_density
from tased.errors import UsageError
from tased.video.write_pictures import GrayPictures

log = logging.getLogger(__name__)


def write_maps(
    data: DataSet,
    out: Path,
    *,
    split: str | None = None,
    gaussian: Gaussian | None = None,
    bits: Literal[8, 16] = 8,
    report: Callable[[str, int, int], None] | None = None,
) -> int:
    """Write OUT/CLIP/FRAME.png for every clip of a split; return how many maps were written.

    `gaussian` is what is put on each fixation; None takes the data set's own. A map's maximum is white, and a
    frame without fixations is black. Maps that the data set brings are not looked at. A clip's folder appears
    when all of it is written. Fixations outside the frame are counted in a warning. `report` is told a
    clip's name, how many of its maps are done, and of how many.

    Raises
    ------
    UsageError
        When the data set does not say what its own Gaussian is.
    DataError
        For a broken or missing file of fixations.

    """
    written = 0
    for clip in data.clips(split):
        chosen = gaussian or _own(data, clip)
        names = [f"{name}.png" for name in clip.frame_names]
        with GrayPictures(out / clip.name, bits=bits, names=names) as pictures:
            outside = 0
            for index in range(clip.frames):
                gaze = clip.gaze(index)
                outside += gaze.outside
                density = gaussian_density(gaze.fixations, clip.rows, clip.columns, chosen)
                pictures.write(density, index, float("nan"))
                written += 1
                if report is not None:
                    report(clip.name, index + 1, clip.frames)
        if outside:
            log.warning("%s: %d fixations lie outside the frame and are on no map", clip.name, outside)
    return written


def _own(data: DataSet, clip: Clip) -> Gaussian:
    own = data.gaussian(clip)
    if own is None:
        raise UsageError(f"{data.name} does not say how its maps are made; give a sigma in pixels or degrees")
    return own
