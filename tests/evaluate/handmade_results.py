"""Results made by hand, for the tests of tables, comparisons and reports."""

from tased.evaluate.results import Results, VideoScores


def results(
    nss: dict[str, float],
    *,
    model: str = "A",
    data: str = "DHF1K",
    split: str = "validation",
    protocol: str = "dhf1k",
    fingerprint: str = "f" * 64,
    seed: int = 0,
    frames: int = 10,
    **scores: float,
) -> Results:
    """Videos with these NSS, and the same other scores for all."""
    videos = tuple(
        VideoScores(name=name, frames=frames, skipped=1, scores={"nss": value} | scores)
        for name, value in nss.items()
    )
    mean = {"nss": sum(nss.values()) / len(nss)} | scores
    return Results(
        model=model,
        weights_sha256="0123456789abcdef" * 4,
        data=data,
        split=split,
        fingerprint=fingerprint,
        protocol=protocol,
        seed=seed,
        videos=videos,
        over_frames=mean,
        over_videos=mean,
        counts={"frames": frames * len(nss), "skipped": len(nss), "fixations": 500, "outside": 3},
        versions={"tased": "0.1", "torch": "2.6"},
        date="2026-01-02T03:04:05+00:00",
    )


def a_hundred(level: float, **facts) -> Results:
    """One hundred videos, as many as DHF1K's validation set has."""
    return results({f"{601 + i:04d}": level + (i - 49.5) / 100 for i in range(100)}, **facts)
