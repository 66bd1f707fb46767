"""A network from what its weights file or its recipe says of it."""

from tased.network.config import Config, LiteConfig
from tased.network.lite import TASEDLite
from tased.network.tased import TASEDNet

Network = TASEDNet | TASEDLite


def build(config: Config | None = None) -> Network:
    """With weights as initialised; without a config, the paper's network."""
    return TASEDLite(config) if isinstance(config, LiteConfig) else TASEDNet(config)
