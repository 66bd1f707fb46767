"""A window on the desktop, by SDL through pygame-ce."""

import importlib.util
import os
import sys
from types import TracebackType
from typing import Any, Self

import numpy as np
from jaxtyping import UInt8

from tased.apps.live import Status
from tased.errors import UsageError

NO_DISPLAY = "there is no display to open a window on; watch in a browser with --http 8000"
MARGIN = 6  # pixels around the line of text


class Window:
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
                'a window needs one more package: pip install "tased[live]"; or watch in a browser with --http 8000'
            )
        if sys.platform == "linux" and "SDL_VIDEODRIVER" not in os.environ:
            drivers = {"WAYLAND_DISPLAY": "wayland", "DISPLAY": "x11"}
            there = [driver for variable, driver in drivers.items() if os.environ.get(variable)]
            if not there:
                raise UsageError(NO_DISPLAY)
            # SDL would go on without a display, into nowhere.
            os.environ["SDL_VIDEODRIVER"] = ",".join(there)
        os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"  # it would stand between lines of JSON
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
        """Draw a picture as large as the window allows, and the status below left."""
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
        text = pygame.font.Font(None, max(18, window.get_height() // 28)).render(status.text, True, "white")
        plate = pygame.Surface(
            (text.get_width() + 2 * MARGIN, text.get_height() + 2 * MARGIN), pygame.SRCALPHA
        )
        plate.fill((0, 0, 0, 160))
        plate.blit(text, (MARGIN, MARGIN))
        window.blit(plate, plate.get_rect(bottomleft=window.get_rect().bottomleft))
        pygame.display.flip()

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
