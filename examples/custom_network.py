"""A variant of the network, what it costs, and one map of it.

    python examples/custom_network.py [CLIP_LENGTH [AGGREGATION [WEIGHTS.safetensors]]]

The weights are random: this shows how a variant is built and saved, not what it predicts.
"""

import sys
from pathlib import Path

import torch

from tased import NetworkConfig, TASEDNet
from tased.network.counts import count
from tased.network.weights import save_weights

given = dict(zip(("length", "order", "target"), sys.argv[1:], strict=False))
config = NetworkConfig(
    clip_length=int(given.get("length", 8)), aggregation=given.get("order", "late-two-step")
)
counts = count(config)
print(config)
print(f"{counts.parameters:,} parameters, {counts.encoder_parameters:,} of them in the encoder")
print(f"{counts.multiply_accumulates / 1e9:.2f} G multiply-accumulates a clip of 384x224")

network = TASEDNet(config).eval()
clip = torch.rand(1, 3, config.clip_length, 64, 96) * 2 - 1  # (B, 3, T, H, W), RGB in [-1, 1]
with torch.inference_mode():
    print(f"{tuple(clip.shape)} -> {tuple(network(clip).shape)}")
if target := given.get("target"):
    save_weights(network, Path(target), notes={"origin": "random, from examples/custom_network.py"})
    print(f"written to {target}; see it with: tased weights info {target}")
