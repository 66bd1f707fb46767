"""Encodings of one video, all of which follow the same maps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tased.apps.gather import Progress
from tased.apps.offsets import Grid, block_for, offsets, smoothed
from tased.apps.plan_file import plan_file
from tased.apps.rate_distortion import Pair, Quality, qualities
from tased.apps.setting import Setting
from tased.predict.maps import SaliencyMap
from tased.predict.scale import Spool, density
from tased.video.coding import Coding
from tased.video.first_pass import first_pass
from tased.video.frame import Frame
from tased.video.read import Video
from tased.video.regions import Region, regions_of
from tased.video.write_colour_movie import ColourMovie, even_up

SHORTEST = 3  # frames of a movie that encoders can plan


@dataclass(frozen=True, slots=True)
class Encodings:
    """Each reads the video anew, so that memory does not grow with its length."""

    video: Video
    maps: Spool  # one for each frame that can be read
    folder: Path  # for what is not kept
    report: Callable[[str, Progress], None]  # is told what is done, and how far it is

    def write(self, movie: Path, setting: Setting, *, plain: bool = False, sound: bool = False) -> None:
        """Encode with regions, or `plain`."""
        coding = setting.coding
        if len(self.maps) < SHORTEST:
            coding = coding.without_b_frames()
        elif setting.bitrate is not None and setting.passes == 2:
            log = self.folder / "passes.log"
            width, height, rate = self.video.width, self.video.height, self.video.rate
            first_pass(
                self._marked(setting, plain, "first pass"), coding, log, width=width, height=height, rate=rate
            )
            coding = coding.numbered(2, log)
        with open_movie(movie, self.video, coding, sound=sound) as file:
            for frame, regions in self._marked(setting, plain, "encoding"):
                file.write(frame, regions)

    def write_plan(self, path: Path, setting: Setting) -> None:
        """Write the offsets alone."""
        file, block, add = plan_file(path, width=self.video.width, height=self.video.height)
        with file:
            for frame, grid in self._planned(setting, block, "planning"):
                add(frame, grid)

    def pair(self, setting: Setting) -> Pair:
        """Encode without regions and with them, and measure both."""
        plain, marked = self.folder / "plain.mkv", self.folder / "regions.mkv"
        self.write(plain, setting, plain=True)
        self.write(marked, setting)
        return Pair(str(setting), self.measured(plain), self.measured(marked))

    def measured(self, movie: Path) -> Quality:
        """Of an encoding, weighted by the maps as they are, without smoothing."""
        return qualities(self.weighed(), movie, self.video.rate)[0]

    def weighed(self) -> Iterator[tuple[Frame, list[Float[np.ndarray, "H W"]]]]:
        """Every frame with the density of its map, at its own size."""
        size = (self.video.height, self.video.width)
        for frame, m in self._frames("measuring"):
            yield frame, [density(m.resized(*size).values.numpy())]

    def _marked(self, setting: Setting, plain: bool, what: str) -> Iterator[tuple[Frame, tuple[Region, ...]]]:
        if plain:
            yield from ((frame, ()) for frame, _ in self._frames(what))
            return
        block = block_for(self.video.width, self.video.height)
        width, height = even_up(self.video.width), even_up(self.video.height)
        for frame, grid in self._planned(setting, block, what):
            yield frame, regions_of(grid, block, width=width, height=height)

    def _planned(self, setting: Setting, block: int, what: str) -> Iterator[tuple[Frame, Grid]]:
        for frame, values in smoothed(self._frames(what)):
            yield (
                frame,
                offsets(
                    values,
                    block,
                    width=self.video.width,
                    height=self.video.height,
                    strength=setting.strength,
                    coarser_only=setting.bitrate is None,
                ),
            )

    def _frames(self, what: str) -> Iterator[tuple[Frame, SaliencyMap]]:
        """As many as there are maps: a truncated video ends with them."""
        for m, frame in zip(self.maps, self.video, strict=False):
            self.report(what, Progress(m.index + 1, len(self.maps), m.seconds))
            yield frame, m


def open_movie(path: Path, video: Video, coding: Coding, *, sound: bool = False) -> ColourMovie:
    """A movie of the video's size and rate, to be entered."""
    return ColourMovie(
        path,
        width=video.width,
        height=video.height,
        rate=video.rate,
        audio_from=video.path if sound and not video.picture_names else None,
        coding=coding,
    )
