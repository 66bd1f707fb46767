"""Pictures of a whole video at equal steps, without knowing how long it is."""

from tased.video.frame import Frame

PICTURES = 12
LONGEST = 480  # pixels a side


class FilmStrip:
    """Keeps frames at equal steps, between 12 and 24 of them; every second goes when there are more."""

    def __init__(self) -> None:
        self._step = 1
        self._kept: list[tuple[float, str]] = []

    def wants(self, frame: Frame) -> bool:
        """Whether a picture of this frame is to be added."""
        return frame.index % self._step == 0

    def add(self, frame: Frame, picture: str) -> None:
        """Keep the picture, a data URL, of a frame that is wanted."""
        self._kept.append((frame.seconds, picture))
        if len(self._kept) == 2 * PICTURES:
            self._kept = self._kept[::2]
            self._step *= 2

    def pictures(self) -> tuple[tuple[float, str], ...]:
        """At most 12, with their times."""
        last = len(self._kept) - 1
        chosen = sorted({round(i * last / (PICTURES - 1)) for i in range(PICTURES)})
        return tuple(self._kept[i] for i in chosen)
