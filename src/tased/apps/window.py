"""A window on the desktop, by SDL through pygame-ce."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import numpy as np
from jaxtyping import UInt8

from tased.apps.live import Status
from tased.errors import UsageError

DRIVERS = {"WAYLAND_DISPLAY": "wayland", "DISPLAY": "x11"}  # of SDL on Linux, by the variable that names one
NO_DISPLAY = "there is no display to open a window on; watch in a browser with --http 8000"
TEXT = 22  # pixels, of the line of text
MARGIN = 6  # pixels around it


def _drivers() -> str | None:
    """What SDL may show on; None where it chooses, or the user has."""
    if sys.platform != "linux" or "SDL_VIDEODRIVER" in os.environ:
        return None
    there = [driver for name, driver in DRIVERS.items() if os.environ.get(name)]
    if not there:
        raise UsageError(NO_DISPLAY)
    return ",".join(there)


@contextmanager
def _set(**variables: str | None) -> Iterator[None]:
    """Environment variables, but those that are None, for as long as this is open."""
    changed = {name: value for name, value in variables.items() if value is not None}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class LiveWindow:
    """Shows overlays in a window that can be resized; q, Escape or closing it ends.

    Raises UsageError on entering without pygame-ce, or without a display. On Linux that is X11 or Wayland, or
    whatever the environment's SDL_VIDEODRIVER names (kmsdrm, for a screen without a desktop).
    """

    def __init__(self, title: str = "tased live"):
        self._title = title
        self._pygame: Any = None
        self._size: tuple[int, int] = (0, 0)  # of the pictures

    def __enter__(self) -> Self:
        if importlib.util.find_spec("pygame") is None:
            raise UsageError(
                'a window needs one more package: pip install "tased[live]"; or use a browser: --http 8000'
            )
        # Its greeting would stand between lines of JSON; without a display SDL would go on, into nowhere.
        with _set(PYGAME_HIDE_SUPPORT_PROMPT="1", SDL_VIDEODRIVER=_drivers()):
            import pygame

            self._pygame = pygame
            try:
                pygame.display.init()
            except pygame.error as error:
                raise UsageError(f"{NO_DISPLAY} ({error})") from error
        pygame.font.init()
        pygame.display.set_caption(self._title)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pygame.quit()

    def show(self, pixels: UInt8[np.ndarray, "H W 3"], status: Status) -> None:
        """Draw a picture as large as the window allows, and the status above left."""
        pygame, size = self._pygame, (pixels.shape[1], pixels.shape[0])
        if self._size != size:
            self._size = size
            pygame.display.set_mode(size, pygame.RESIZABLE)
        window = pygame.display.get_surface()
        picture = pygame.image.frombuffer(np.ascontiguousarray(pixels), size, "RGB")
        place = picture.get_rect().fit(window.get_rect())
        if place.size != size:
            picture = pygame.transform.smoothscale(picture, place.size)
        window.fill("black")
        window.blit(picture, place)
        window.blit(self._line(status.text, window.get_width()), (0, 0))
        pygame.display.flip()

    def _line(self, text: str, width: int) -> Any:
        """White on half black, as wide as its text, or as the window where that is less."""
        pygame = self._pygame
        line = pygame.font.Font(None, TEXT).render(text, True, "white")
        room = max(1, width - 2 * MARGIN)
        if line.get_width() > room:
            line = pygame.transform.smoothscale_by(line, room / line.get_width())
        plate = pygame.Surface(
            (line.get_width() + 2 * MARGIN, line.get_height() + 2 * MARGIN), pygame.SRCALPHA
        )
        plate.fill((0, 0, 0, 128))
        plate.blit(line, (MARGIN, MARGIN))
        return plate

    def open(self) -> bool:
        """Whether the user has not ended it; takes what happened to the window meanwhile."""
        pygame = self._pygame
        if pygame.display.get_surface() is None:  # nothing was shown yet
            return True
        return not any(
            event.type == pygame.QUIT
            or (event.type == pygame.KEYDOWN and event.key in (pygame.K_q, pygame.K_ESCAPE))
            for event in pygame.event.get()
        )
