"""Where people look in video: TASED-Net (Min & Corso, ICCV 2019) as a tool.

    import tased

    predictor = tased.load()
    for m in predictor.predict("clip.mp4"):
        ...  # m.values (H, W) float32 in [0, 1], m.index from 0, m.seconds

Names are imported when they are first used, so that `import tased` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tased import errors, metrics
    from tased.apps.areas.area import Area
    from tased.apps.areas.attention import AttentionOutputs, attention
    from tased.apps.bench import bench
    from tased.apps.encode import encode
    from tased.apps.live import live
    from tased.apps.live_page import LivePage
    from tased.apps.overlay import OverlayStyle, overlay
    from tased.apps.reframe import reframe
    from tased.apps.serve.server import serve
    from tased.apps.serve.settings import ServerSettings
    from tased.apps.window import LiveWindow
    from tased.network.config import NetworkConfig
    from tased.network.tased import TASEDNet
    from tased.predict.maps import SaliencyMap
    from tased.predict.predictor import Predictor, load
    from tased.predict.stream import Stream
    from tased.video.frame import Frame
    from tased.video.read import open_video

__all__ = [
    "Area",
    "AttentionOutputs",
    "Frame",
    "LivePage",
    "LiveWindow",
    "NetworkConfig",
    "OverlayStyle",
    "Predictor",
    "SaliencyMap",
    "ServerSettings",
    "Stream",
    "TASEDNet",
    "attention",
    "bench",
    "encode",
    "errors",
    "live",
    "load",
    "metrics",
    "open_video",
    "overlay",
    "reframe",
    "serve",
]

_MODULES = {"errors": "tased.errors", "metrics": "tased.metrics"}
_HOMES = {
    "Area": "tased.apps.areas.area",
    "AttentionOutputs": "tased.apps.areas.attention",
    "Frame": "tased.video.frame",
    "LivePage": "tased.apps.live_page",
    "LiveWindow": "tased.apps.window",
    "NetworkConfig": "tased.network.config",
    "OverlayStyle": "tased.apps.overlay",
    "Predictor": "tased.predict.predictor",
    "SaliencyMap": "tased.predict.maps",
    "ServerSettings": "tased.apps.serve.settings",
    "Stream": "tased.predict.stream",
    "TASEDNet": "tased.network.tased",
    "attention": "tased.apps.areas.attention",
    "bench": "tased.apps.bench",
    "encode": "tased.apps.encode",
    "live": "tased.apps.live",
    "load": "tased.predict.predictor",
    "open_video": "tased.video.read",
    "overlay": "tased.apps.overlay",
    "reframe": "tased.apps.reframe",
    "serve": "tased.apps.serve.server",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'tased' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
