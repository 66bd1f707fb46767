"""What every variant of the network costs, beside what the paper says of it.

    python benchmarks/network_counts.py

Counts are exact and need no data, no weights and no GPU. Writes benchmarks/results/network_counts.json and
ends with an error where ours and the paper's do not agree.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tased.network.config import NetworkConfig
from tased.network.counts import count, variants
from tased.network.tased import TASEDNet

RESULTS = Path(__file__).parent / "results" / "network_counts.json"
ROWS, COLUMNS = 224, 384


def transposed_multiply_accumulates(config: NetworkConfig) -> int:
    """The part of the count that is in transposed convolutions: every input value meets every weight."""
    total = 0

    def add(module: nn.ConvTranspose3d, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        nonlocal total
        weights_a_value = module.out_channels // module.groups * prod(module.kernel_size)
        total += inputs[0].numel() * weights_a_value

    with torch.device("meta"), torch.no_grad():
        network = TASEDNet(config).eval()
        for module in network.modules():
            if isinstance(module, nn.ConvTranspose3d):
                module.register_forward_hook(add)
        network(torch.empty(1, 3, config.clip_length, ROWS, COLUMNS))
    return total


def networks() -> dict[str, dict[str, Any]]:
    """The counts of every variant, by its short name."""
    rows: dict[str, dict[str, Any]] = {}
    for name, config in variants().items():
        counts = count(config, rows=ROWS, columns=COLUMNS)
        rows[name] = {
            "config": asdict(config),
            "parameters": counts.parameters,
            "encoder_parameters": counts.encoder_parameters,
            "multiply_accumulates": counts.multiply_accumulates,
            "of_these_in_transposed_convolutions": transposed_multiply_accumulates(config),
        }
        print(
            f"{name:20} {counts.parameters / 1e6:6.2f} M {counts.multiply_accumulates / 1e9:8.2f} G",
            flush=True,
        )
    return rows


@dataclass(frozen=True, slots=True)
class Check:
    """One figure of the paper beside ours."""

    paper: str  # as the paper has it
    expected: float
    ours: float
    unit: str
    within: float  # in the same unit

    @property
    def holds(self) -> bool:
        """Whether ours is near enough."""
        return abs(self.ours - self.expected) <= self.within


def checks(rows: dict[str, dict[str, Any]]) -> dict[str, Check]:
    """Every figure that the paper gives of its networks."""
    paper, released, dense = rows["late two-step (32)"], rows["released"], rows["dense"]
    without = paper["multiply_accumulates"] - paper["of_these_in_transposed_convolutions"]
    growth = dense["parameters"] / paper["parameters"] - 1
    return {
        "parameters, late two-step (32)": Check("21.2M", 21.2, paper["parameters"] / 1e6, "M", 0.15),
        "parameters, released": Check("21.2M", 21.2, released["parameters"] / 1e6, "M", 0.1),
        "operations, late two-step (32), without transposed convolutions": Check(
            "63.2G", 63.2, without / 1e9, "G", 1.0
        ),
        "dense, larger than late two-step (32) by": Check("about 40%", 40, growth * 100, "%", 2),
    }


def main() -> int:
    """Count, compare, print and write."""
    rows = networks()
    compared = checks(rows)
    for what, check in compared.items():
        print(f"{what}: ours {check.ours:.2f}{check.unit}, the paper's {check.paper}, holds: {check.holds}")
    report = {
        "what": "parameters, and multiply-accumulates of one clip",
        "command": "python benchmarks/network_counts.py",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"torch": version("torch")},
        "rows": ROWS,
        "columns": COLUMNS,
        "networks": rows,
        "paper": {
            "source": "Min & Corso, ICCV 2019, sections 4.2 and 4.5",
            "note": "The paper does not say how it counted its 63.2G. Our count of the same network is near "
            "it when the transposed convolutions are left out; our counts include them.",
            "checks": {what: asdict(check) | {"holds": check.holds} for what, check in compared.items()},
        },
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if all(check.holds for check in compared.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
