"""Hollywood2 and UCFSports (Mathe & Sminchisescu, PAMI 2015), as the authors of ACLNet distribute them.

    training/CLIP/images/FRAME.png     testing/CLIP/...
    training/CLIP/maps/FRAME.png
    training/CLIP/fixation/FRAME.png   or  training/CLIP/fixation/maps/FRAME.mat

A clip of Hollywood2 is one shot: actioncliptest00001_2, whose frames go on counting where the shot before
ended (actioncliptest00001_00083.png). A clip of UCFSports is Diving-Side-001, its first frame
Diving-Side_001_001.png.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from tased.data.clip import Clip
from tased.data.finding import Finding
from tased.data.fingerprint import fingerprint
from tased.data.folders import Numbered, entries, subfolder
from tased.data.maps import ACTIONS, Gaussian
from tased.data.pictures import PictureClip, fixation_files, frame_files, map_files
from tased.errors import DataError, UsageError

_SHORT = {"test": "testing", "train": "training"}


@dataclass(frozen=True)
class Actions:
    """One of the two data sets; its splits are the folders, `test` and `train` for short."""

    path: Path
    name: Literal["Hollywood2", "UCFSports"]
    splits: tuple[str, ...] = ("testing", "training")

    def gaussian(self, clip: Clip) -> Gaussian:  # noqa: ARG002  the same at every size
        """20 px, cut off by a kernel of 150 x 150."""
        return ACTIONS

    def clips(self, split: str | None = None) -> list[PictureClip]:
        """The clips of one folder; those of `testing` if none is named."""
        folder = _SHORT.get(split or "test", split)
        if folder not in self.splits:
            raise UsageError(f"{self.name}: there is no split {split!r}; it has {' and '.join(self.splits)}")
        found = self._clips(folder)
        if not found:
            raise DataError(f"{self.path}: has no clip with fixations in a folder {folder!r}")
        return found

    def fingerprint(self, split: str | None = None) -> str:
        """Of names, sizes and counts of frames."""
        return fingerprint(self.name, self.clips(split))

    def strays(self) -> list[Finding]:
        """Clips without fixations, and pictures whose names do not say which frame of the clip they are."""
        found = []
        for split in self.splits:
            clips = self._clips(split)
            found += [finding for clip in clips for finding in clip.misnamed()]
            known = {clip.name for clip in clips}
            for folder in self._folders(split):
                if folder.name not in known:
                    found.append(Finding("missing", folder, "holds no fixations of this clip"))
        return found

    def _folders(self, split: str) -> list[Path]:
        folder = subfolder(self.path, split)
        return [] if folder is None else [entry for entry in entries(folder) if entry.is_dir()]

    @cached_property
    def _made(self) -> dict[str, list[PictureClip]]:
        """What `_clips` was asked for before: listing a split takes seconds."""
        return {}

    def _clips(self, split: str) -> list[PictureClip]:
        if all(subfolder(self.path, split) is None for split in self.splits):
            raise DataError(f"{self.path}: is no {self.name}: it has neither 'training' nor 'testing'")
        if split not in self._made:
            made = [_clip(folder) for folder in self._folders(split)]
            self._made[split] = [clip for clip in made if clip is not None]
        return self._made[split]


def _clip(folder: Path) -> PictureClip | None:
    fixation = subfolder(folder, "fixation", "fixations")
    fixations = None if fixation is None else fixation_files(fixation, folder.name)
    if fixations is None or not fixations.files:
        return None
    maps = map_files(subfolder(folder, "maps"), folder.name)
    images = subfolder(folder, "images")
    frames = Numbered(folder / "images", {}) if images is None else frame_files(images, folder.name)
    truths = [*fixations.files, *(maps.files if maps else ())]
    return PictureClip(
        name=folder.name,
        source=frames,
        fixations=fixations,
        maps=maps,
        blur=ACTIONS,
        first=min([*truths, *frames.files]),
        last=max(truths),
    )
