"""The folder that the DHF1K benchmark's server takes: METHOD/VIDEO/FRAME.png, 8 bits."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from tased.errors import DataError
from tased.predict.predictor import Predictor
from tased.predict.scale import by_maximum
from tased.video.read import Video
from tased.video.write_pictures import GrayPictures


def write_submission(
    folder: Path,
    videos: Mapping[str, Video],
    predictor: Predictor,
    *,
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> None:
    """Predict test videos into a folder; one that is whole already is left as it is.

    Every map has the size of its video and is divided by its maximum. Raises as readers and writers do.
    """
    for number, (name, video) in enumerate(videos.items(), 1):
        if not (folder / name).exists():
            with GrayPictures(folder / name) as pictures:
                for m in predictor.predict(video, size="source"):
                    values = m.values.numpy()
                    pictures.write(by_maximum(values, values.max()), m.index, m.seconds)
        report("writing", number, len(videos))


def check_submission(folder: Path, videos: Mapping[str, Video]) -> list[str]:
    """What the server would not take, one line each; empty if all is well.

    Names, counts, sizes and depth: a folder for every test video and no other, in it 0001.png, ... of 8-bit
    gray, one a frame, all of the video's size.
    """
    problems = [f"{name}: is no test video" for name in _names(folder) if name not in videos]
    for name, video in videos.items():
        if not (folder / name).is_dir():
            problems.append(f"{name}: is missing")
            continue
        count = sum(1 for _ in video) if video.frames is None else video.frames
        problems += _check_video(folder / name, count, (video.width, video.height))
    return problems


def _check_video(folder: Path, count: int, size: tuple[int, int]) -> list[str]:
    expected = [f"{i + 1:04d}.png" for i in range(count)]
    found = _names(folder)
    problems = []
    if missing := sorted(set(expected) - set(found)):
        problems.append(f"{folder.name}: {len(missing)} of {count} maps are missing, first {missing[0]}")
    if extra := sorted(set(found) - set(expected)):
        problems.append(f"{folder.name}: {len(extra)} files do not belong there, first {extra[0]}")
    for name in sorted(set(expected) & set(found)):
        with Image.open(folder / name) as picture:
            if picture.mode != "L" or picture.size != size:
                problems.append(
                    f"{folder.name}/{name}: is {picture.mode} of {picture.width}x{picture.height}; "
                    f"needed is 8-bit gray (L) of {size[0]}x{size[1]}"
                )
                break
    return problems


def _names(folder: Path) -> Sequence[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})") from error
