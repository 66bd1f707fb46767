"""DHF1K (Wang et al., CVPR 2018), as it is distributed.

    video/001.AVI               or  video/0001/0001.png  or  annotation/0001/images/0001.png
    annotation/0001/maps/0001.png
    annotation/0001/fixation/0001.png   or  annotation/0001/fixation/maps/0001.mat

Videos 1 to 600 are for training, 601 to 700 for validation, and 701 to 1000 have no public ground truth.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tased.data.clip import Clip
from tased.data.finding import Finding
from tased.data.fingerprint import fingerprint
from tased.data.folders import Numbered, entries, subfolder
from tased.data.maps import DHF1K_SIGMA, Gaussian, relative
from tased.data.pictures import PictureClip, fixation_files, frame_files, map_files
from tased.errors import DataError, UsageError
from tased.video.inputs import is_video_name
from tased.video.read import Video, open_video

SPLITS = {"val": range(601, 701), "train": range(1, 601)}


@dataclass(frozen=True)
class DHF1K:
    """The data set in a folder; its clips are called as their folders of annotations are."""

    path: Path
    name: str = "DHF1K"
    splits: tuple[str, ...] = tuple(SPLITS)

    def gaussian(self, clip: Clip) -> Gaussian:
        """A full width at half maximum of 30 px in a frame 640 px wide: a sigma of 12.74 px."""
        return relative(DHF1K_SIGMA, clip.columns)

    def clips(self, split: str | None = None) -> list[PictureClip]:
        """Those with an annotation; "val" if no split is named."""
        split = split or "val"
        if split == "test":
            raise UsageError(
                "DHF1K: the ground truth of split 'test' (701 to 1000) is not public; take 'val'"
            )
        if split not in SPLITS:
            raise UsageError(f"DHF1K: there is no split {split!r}; it has {' and '.join(SPLITS)}")
        wanted = SPLITS[split]
        found = list(self._clips(wanted).values())
        if not found:
            there = [folder.name for folder in self._annotations.values()]
            has = f"there are {len(there)}, {there[0]} to {there[-1]}" if there else "there are none at all"
            raise DataError(
                f"{self.path}: no annotated clip of split {split!r}, {wanted[0]} to {wanted[-1]}; {has}"
            )
        return found

    def test_videos(self) -> dict[str, Video]:
        """Those that the benchmark's server scores, by the names it knows: 0701 to 1000."""
        found = {n: path for n, path in sorted(self._videos.items()) if n >= SPLITS["val"].stop}
        if not found:
            raise DataError(f"{self.path}: no test videos (701 to 1000) in its folder 'video'")
        return {f"{number:04d}": open_video(path) for number, path in found.items()}

    def fingerprint(self, split: str | None = None) -> str:
        """Of names, sizes and counts of frames."""
        return fingerprint(self.name, self.clips(split))

    def strays(self) -> list[Finding]:
        """Videos up to 700 without annotation, annotations without fixations, names that say no number."""
        clips = self._clips(self._annotations)
        found = [finding for clip in clips.values() for finding in clip.misnamed()]
        for number, folder in self._annotations.items():
            if number not in clips:
                message = "holds no fixations: neither fixation/*.png nor fixation/maps/*.mat"
                found.append(Finding("missing", folder, message))
        for entry in entries(self._annotation):
            if entry.is_dir() and _number(entry) is None:
                found.append(Finding("misnamed", entry, "an annotation is called by a number: 0001"))
        videos = subfolder(self.path, "video", "videos", "frames")
        for entry in [] if videos is None else entries(videos):
            video = _number(entry)
            if not (entry.is_dir() or is_video_name(entry)):
                continue
            if video is None:
                found.append(Finding("misnamed", entry, "a video is called by a number: 001.AVI"))
            elif video < SPLITS["val"].stop and video not in self._annotations:
                found.append(Finding("missing", entry, "has no annotation"))
        return found

    @property
    def _annotation(self) -> Path:
        folder = subfolder(self.path, "annotation", "annotations")
        if folder is None:
            raise DataError(f"{self.path}: is no DHF1K: it has no folder 'annotation'")
        return folder

    @cached_property
    def _annotations(self) -> dict[int, Path]:
        """Folders by number."""
        found: dict[int, Path] = {}
        for entry in entries(self._annotation):
            number = _number(entry)
            if number is None or not entry.is_dir():
                continue
            if number in found:
                raise DataError(f"{entry}: {found[number].name} is number {number} too; remove one of them")
            found[number] = entry
        return dict(sorted(found.items()))

    @cached_property
    def _videos(self) -> dict[int, Path]:
        """Files and folders of frames, by number."""
        folder = subfolder(self.path, "video", "videos", "frames")
        found: dict[int, Path] = {}
        for entry in [] if folder is None else entries(folder):
            number = _number(entry)
            if number is None or not (entry.is_dir() or is_video_name(entry)):
                continue
            if number in found:
                raise DataError(f"{entry}: {found[number].name} is video {number} too; remove one of them")
            found[number] = entry
        return found

    @cached_property
    def _made(self) -> dict[int, PictureClip | None]:
        """What `_clips` was asked for before: listing all of the data set takes ten seconds."""
        return {}

    def _clips(self, numbers: Collection[int]) -> dict[int, PictureClip]:
        """The clips with fixations, of these numbers."""
        for number in self._annotations.keys() & set(numbers) - self._made.keys():
            self._made[number] = self._clip(number, self._annotations[number])
        made = {number: self._made[number] for number in self._annotations if number in numbers}
        return {number: clip for number, clip in made.items() if clip is not None}

    def _clip(self, number: int, folder: Path) -> PictureClip | None:
        fixation = subfolder(folder, "fixation", "fixations")
        fixations = None if fixation is None else fixation_files(fixation, None)
        if fixations is None or not fixations.files:
            return None
        maps = map_files(subfolder(folder, "maps"), None)
        return PictureClip(
            name=folder.name,
            source=self._source(number, folder),
            fixations=fixations,
            maps=maps,
            blur=DHF1K_SIGMA,
            first=1,
            last=max([*fixations.files, *(maps.files if maps else ())]),
        )

    def _source(self, number: int, folder: Path) -> Path | Numbered:
        found = self._videos.get(number) or subfolder(folder, "images")
        if found is None:
            return self.path / "video" / f"{number:03d}.AVI"  # where it should be
        return frame_files(found, None) if found.is_dir() else found


def _number(path: Path) -> int | None:
    return int(path.stem) if path.stem.isascii() and path.stem.isdecimal() else None
