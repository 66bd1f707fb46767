"""Scoring a data set: clip by clip, in parallel, and on from where it stopped."""

import hashlib
import json
import math
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from multiprocessing import active_children, get_context
from pathlib import Path

import numpy as np
import torch

import tased
from tased.atomic import WholeFile
from tased.data.clip import Clip, DataSet
from tased.data.score import score
from tased.data.survey import Fixations, Survey, centre_prior, survey_clip
from tased.errors import DataError, UsageError
from tased.evaluate.predictions import Predictions
from tased.evaluate.results import ProtocolName, Results, VideoScores
from tased.metrics import METRICS
from tased.video.write_table import TableFile


@dataclass(frozen=True, slots=True)
class FrameScores:
    """Of one frame; NaN where a metric has no value."""

    video: str
    frame: int  # from 0
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results, and the frames they are the means of."""

    results: Results
    frames: tuple[FrameScores, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """What one process needs to score one clip."""

    number: int
    clip: Clip
    frames: tuple[int, ...]
    predictions: Predictions
    protocol: ProtocolName
    seed: int
    survey: Path  # file
    folder: Path  # for what is done


def evaluate(
    data: DataSet,
    sources: Sequence[Predictions],
    *,
    split: str | None = None,
    protocol: ProtocolName = "exact",
    seed: int = 0,
    max_videos: int | None = None,
    max_frames: int | None = None,
    workers: int | None = None,
    parts: Path | None = None,
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Evaluation]:
    """Score predictions against a data set: of each of the sources, on the same frames.

    Maps are resized to the ground truth, never the other way round: bilinear by the exact protocol,
    bicubic by dhf1k's. A frame without fixations has no score and is counted as skipped.

    Shuffled AUC takes its negatives from all fixations of the other videos (exact) or from ten random
    frames of the set (dhf1k). Information gain is over the fixations of the other videos, blurred.

    `max_videos` and `max_frames` choose that many uniformly at random by `seed`; the frames from all of the
    chosen videos' together. `workers` processes share the clips (default: one a core). With `parts`, a
    folder, every finished clip is kept there until all are done, and a rerun with the same data,
    predictions and options goes on from it. `report` is told a step's name, clips done and clips in all.

    Raises DataError for what is missing or broken in data or predictions, UsageError for options that
    cannot be.
    """
    for name, cap in (("max_videos", max_videos), ("max_frames", max_frames), ("workers", workers)):
        if cap is not None and cap < 1:
            raise UsageError(f"{name} is {cap}; it must be 1 or more")
    clips = list(data.clips(split))
    if not clips:
        raise DataError(f"{data.path}: has no clips with a ground truth in split {split or 'for evaluation'}")
    draw = np.random.default_rng(seed)
    if max_videos is not None and max_videos < len(clips):
        clips = [clips[i] for i in sorted(draw.choice(len(clips), max_videos, replace=False))]
    fingerprint = data.fingerprint(split)
    chosen = _choose([clip.frames for clip in clips], max_frames, draw)
    given = (tased.__version__, fingerprint, protocol, seed, max_videos, max_frames)
    evaluations = []
    with tempfile.TemporaryDirectory(prefix="tased-") as shared, _pool(workers, len(clips)) as pool:
        survey, outside = _survey(clips, pool, report)
        survey_file = Path(shared) / "survey.npz"
        survey.save(survey_file)
        for source in sources:
            with _folder(parts, (*given, source.identity)) as folder:
                tasks = [
                    _Task(number, clip, frames, source, protocol, seed, survey_file, folder)
                    for number, (clip, frames) in enumerate(zip(clips, chosen, strict=True))
                    if frames
                ]
                scored = _score(tasks, pool, partial(report, f"{source.name}: scoring"))
            videos = tuple(_video(task.clip.name, found) for task, found in zip(tasks, scored, strict=True))
            frames_scored = tuple(frame for found in scored for frame in found)
            results = Results(
                model=source.name,
                weights_sha256=source.weights_sha256,
                data=data.name,
                split=split or data.splits[0],
                fingerprint=fingerprint,
                protocol=protocol,
                seed=seed,
                videos=videos,
                over_frames=_means([frame.scores for frame in frames_scored]),
                over_videos=_means([video.scores for video in videos]),
                counts={
                    "videos": len(videos),
                    "frames": sum(video.frames for video in videos),
                    "frames_without_fixations": sum(video.skipped for video in videos),
                    "fixations": len(survey.points),
                    "fixations_outside": outside,
                },
                versions=_versions(),
                date=datetime.now(UTC).date().isoformat(),
                max_videos=max_videos,
                max_frames=max_frames,
            )
            evaluations.append(Evaluation(results, frames_scored))
    return evaluations


def _versions() -> dict[str, str]:
    packages = ("torch", "numpy", "scipy", "pillow", "av")
    return {
        "tased": tased.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def _score(
    tasks: Sequence[_Task], pool: Executor, report: Callable[[int, int], None]
) -> list[list[FrameScores]]:
    """Score the clips that no earlier run has scored; give all of them, in order."""
    done = {task.number: found for task in tasks if (found := _read_part(task)) is not None}
    running = {pool.submit(_score_clip, task): task.number for task in tasks if task.number not in done}
    report(len(done), len(tasks))
    try:
        for future in as_completed(running):
            done[running[future]] = future.result()
            report(len(done), len(tasks))
    except BrokenProcessPool as error:
        raise DataError(
            "a process that scored a clip was killed, perhaps for want of memory; take fewer --workers"
        ) from error
    return [done[task.number] for task in tasks]


def write_frames(path: Path, evaluation: Evaluation) -> None:
    """Write a row a frame, .csv or .parquet: video, frame (from 0), and the metrics that it has.

    A Parquet file carries the results without their videos, as JSON under the key `tased`.
    """
    notes = {"tased": json.dumps(asdict(replace(evaluation.results, videos=())))}
    with TableFile(path, columns=("video", "frame", *METRICS), notes=notes) as table:
        for frame in evaluation.frames:
            scores = {metric: frame.scores.get(metric) for metric in METRICS}
            table.write({"video": frame.video, "frame": frame.frame, **scores})


def _choose(counts: Sequence[int], cap: int | None, draw: np.random.Generator) -> list[tuple[int, ...]]:
    """Frames of each clip: all, or `cap` of all clips' together, uniformly."""
    total = sum(counts)
    numbers = np.arange(total)
    if cap is not None and cap < total:
        numbers = np.sort(draw.choice(total, cap, replace=False))
    ends = np.cumsum(counts)
    return [
        tuple(int(n) for n in numbers[(numbers >= end - count) & (numbers < end)] - (end - count))
        for end, count in zip(ends, counts, strict=True)
    ]


@contextmanager
def _folder(parts: Path | None, identity: tuple[object, ...]) -> Iterator[Path]:
    """Where clips are kept until all are done; one for each identity, gone when it is done."""
    if parts is None:
        with tempfile.TemporaryDirectory(prefix="tased-") as temporary:
            yield Path(temporary)
        return
    folder = parts / hashlib.sha256(repr(identity).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder)
    if not any(parts.iterdir()):
        parts.rmdir()


@contextmanager
def _pool(workers: int | None, clips: int) -> Iterator[Executor]:
    count = min(workers or os.cpu_count() or 1, clips)
    # One worker is this process: a network on a GPU is loaded once. More are spawned, not forked: the
    # threads of PyTorch and FFmpeg do not survive a fork.
    pool: Executor = (
        ThreadPoolExecutor(1)
        if count == 1
        else ProcessPoolExecutor(
            count, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
        )
    )
    others = set(active_children())
    try:
        yield pool
    except BaseException:
        # Nobody waits for what is under way; finished clips are kept.
        pool.shutdown(wait=count == 1, cancel_futures=True)
        for process in set(active_children()) - others:
            process.terminate()
        raise
    pool.shutdown()


def _survey(
    clips: Sequence[Clip], pool: Executor, report: Callable[[str, int, int], None]
) -> tuple[Survey, int]:
    """The fixations of all clips; how many lay outside."""
    futures: list[Future[Fixations]] = [pool.submit(survey_clip, clip) for clip in clips]
    for count, future in enumerate(as_completed(futures), 1):
        future.result()  # an error comes as soon as it can
        report("reading fixations", count, len(clips))
    parts = [future.result() for future in futures]
    return Survey.join(parts), sum(part.outside for part in parts)


def _score_clip(task: _Task) -> list[FrameScores]:
    """Score the chosen frames of a clip; keep them in the folder, and return them."""
    clip = task.clip
    survey = Survey.load(task.survey)
    others = survey.others(task.number, clip.rows, clip.columns)
    baseline = None if others is None else torch.from_numpy(centre_prior(others))
    frames = []
    for index, values, truth in task.predictions.scored(clip, task.frames):
        seed = [task.seed, index, *clip.name.encode()]
        draw = np.random.default_rng(seed)
        negatives = others
        if task.protocol == "dhf1k":
            negatives = survey.of_random_frames(draw, clip.rows, clip.columns)
        found = score(
            values,
            truth,
            (clip.rows, clip.columns),
            negatives=negatives,
            baseline=baseline,
            protocol=task.protocol,
            generator=torch.Generator().manual_seed(int(draw.integers(2**62))),
        )
        frames.append(FrameScores(clip.name, index, found))
    rows = [[frame.frame, frame.scores] for frame in frames]
    with WholeFile(_part(task)) as file:
        file.write(json.dumps(rows).encode())
    return frames


def _part(task: _Task) -> Path:
    return task.folder / f"{task.number:05d}.json"


def _read_part(task: _Task) -> list[FrameScores] | None:
    """What an earlier run has found of a clip, if it came so far."""
    try:
        rows = json.loads(_part(task).read_text())
    except FileNotFoundError:
        return None
    return [FrameScores(task.clip.name, frame, scores) for frame, scores in rows]


def _video(name: str, frames: Sequence[FrameScores]) -> VideoScores:
    scored = [frame.scores for frame in frames if frame.scores]
    return VideoScores(name, len(scored), len(frames) - len(scored), _means(scored))


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of every metric over the rows that have it."""
    means = {}
    for metric in METRICS:
        values = [row[metric] for row in rows if metric in row and not math.isnan(row[metric])]
        if values:
            means[metric] = math.fsum(values) / len(values)
    return means
