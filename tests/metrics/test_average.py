"""Averages over frames and over videos, by one process and by two."""

import math
import socket
from statistics import fmean

import pytest
import torch
import torch.multiprocessing

from tased.errors import UsageError
from tased.metrics import METRICS
from tased.metrics.average import MeanOverFrames, MeanOverVideos

NAMES = ("nss", "cc")
FRAMES = 41


def table(frames=FRAMES):
    """Scores of frames of four videos; every fifth frame has no NSS, and one video none at all."""
    generator = torch.Generator().manual_seed(0)
    videos = torch.randint(4, (frames,), generator=generator)
    scores = {name: torch.randn(frames, dtype=torch.float64, generator=generator) * 100 for name in NAMES}
    scores["nss"][::5] = math.nan
    scores["nss"][videos == 3] = math.nan
    return scores, videos


def averages(indices, step):
    """What one process finds of some frames, in batches of `step`."""
    scores, videos = table()
    over_frames, over_videos = MeanOverFrames(NAMES), MeanOverVideos(NAMES)
    for start in range(0, len(indices), step):
        batch = indices[start : start + step]
        part = {name: column[batch] for name, column in scores.items()}
        over_frames.update(part)
        over_videos.update(part, videos[batch])
    return over_frames.compute(), over_videos.compute()


def shares(rank, case):
    """Which frames a process has: split evenly, unevenly, or all at one."""
    return {
        "even": list(range(rank, FRAMES, 2)),
        "uneven": list(range(30)) if rank == 0 else list(range(30, FRAMES)),
        "one": list(range(FRAMES)) if rank == 0 else [],
    }[case]


def worker(rank, port, folder):
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2
    )
    found = {case: averages(shares(rank, case), step=3 + rank) for case in ("even", "uneven", "one")}
    torch.save(found, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_find_what_one_does(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(worker, (port, tmp_path), nprocs=2)
    alone = averages(list(range(FRAMES)), step=FRAMES)
    for rank in range(2):
        for case, found in torch.load(tmp_path / f"{rank}.pt").items():
            for expected, part in zip(alone, found, strict=True):
                assert part.keys() == expected.keys()
                assert all(torch.equal(part[key], expected[key]) for key in expected), (rank, case)


def test_means_over_frames():
    scores, _ = table()
    found, _ = averages(list(range(FRAMES)), step=7)
    for name in NAMES:
        there = [score for score in scores[name].tolist() if not math.isnan(score)]
        assert found[name].item() == fmean(there)
        assert found[f"{name}_frames"] == len(there)
        assert found[f"{name}_skipped"] == FRAMES - len(there)


def test_means_over_videos():
    scores, videos = table()
    _, found = averages(list(range(FRAMES)), step=7)
    for name in NAMES:
        rows = [
            (video, score)
            for video, score in zip(videos.tolist(), scores[name].tolist(), strict=True)
            if not math.isnan(score)
        ]
        means = [fmean(score for video, score in rows if video == number) for number in {v for v, _ in rows}]
        assert found[name].item() == pytest.approx(fmean(means), rel=1e-15)
        assert found[f"{name}_videos"] == len(means) == (3 if name == "nss" else 4)
        assert found[f"{name}_skipped"] == FRAMES - len(rows)


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")  # that is what is asked
def test_nothing_has_no_mean():
    for average in (MeanOverFrames(), MeanOverVideos()):
        found = average.compute()
        assert all(found[name].isnan() for name in METRICS)
        assert all(found[f"{name}_skipped"] == 0 for name in METRICS)


def test_reset_forgets():
    average = MeanOverVideos(("nss",))
    average.update({"nss": torch.tensor(3.0)}, 5)
    average.reset()
    average.update({"nss": torch.tensor([1.0, 2.0])}, 5)
    assert average.compute()["nss"] == 1.5


def test_scores_that_are_not_there():
    with pytest.raises(UsageError, match="no score for cc"):
        MeanOverFrames(NAMES).update({"nss": torch.ones(3)})
    with pytest.raises(UsageError, match="one number or one a frame: 3, not 2"):
        MeanOverVideos(("nss",)).update({"nss": torch.ones(3)}, torch.tensor([1, 2]))
