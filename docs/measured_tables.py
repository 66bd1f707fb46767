"""The tables of README and docs, made of benchmarks/results; each stands between two comments there."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from tased.evaluate.tables import LABELS

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SHORT = (  # of the variants, for the README
    "released",
    "late two-step (32)",
    "late two-step (16)",
    "late two-step (8)",
    "late (32)",
    "early two-step (32)",
    "TASED-Net-tri",
    "TASED-Net-trp",
    "dense",
)
METRICS = LABELS | {"information_gain": "bits a fixation"}


def counts(result: dict[str, Any], names: tuple[str, ...]) -> str:
    """Parameters and multiply-accumulates of some networks."""
    rows = [
        f"| {name} | {row['parameters'] / 1e6:.2f} M | {row['multiply_accumulates'] / 1e9:.2f} G |"
        for name, row in result["networks"].items()
        if name in names
    ]
    return "\n".join(["| network | parameters | multiply-accumulates |", "| --- | ---: | ---: |", *rows])


def comparison(result: dict[str, Any]) -> str:
    """The paper's figures beside ours."""
    rows = [
        f"| {what} | {check['paper']} | {check['ours']:.2f}{check['unit']} |"
        for what, check in result["paper"]["checks"].items()
    ]
    return "\n".join(["| | the paper's | ours |", "| --- | ---: | ---: |", *rows])


def baselines(result: dict[str, Any]) -> str:
    """How well the training-free predictors say where people look."""
    rows = [
        f"| {name} | {row['nss']:.2f} ± {row['nss_standard_error']:.2f} "
        f"| {row['cc']:.2f} ± {row['cc_standard_error']:.2f} | {row['frames_per_second']:.0f} |"
        for name, row in result["results"].items()
    ]
    return "\n".join(["| model | NSS | CC | frames a second |", "| --- | ---: | ---: | ---: |", *rows])


def learning(result: dict[str, Any]) -> str:
    """A network after a short training, and the models without any."""
    rows = [
        f"| {name} | {row['nss']:.2f} ± {row['nss_standard_error']:.2f} | {row['cc']:.2f} |"
        for name, row in result["results"].items()
    ]
    lines = ["| model | NSS | CC |", "| --- | ---: | ---: |", *rows]
    about = (
        f"Means over {result['unseen_videos']} unseen videos, {result['frames']} frames, with their standard "
        f"error; {result['curve'][-1]['step']} steps, {result['training_minutes']:.0f} minutes on "
        f"{result['hardware']}. The command:"
    )
    return "\n".join(
        [*lines, "", about, "", "<!-- not run: it takes minutes -->", "```sh", result["commands"][-1], "```"]
    )


def quality(result: dict[str, Any]) -> str:
    """The packaged weights, their controls, what needs no training, and people: all metrics."""
    rows = []
    for model, row in result["results"].items():
        nss, *others = METRICS
        cells = [_with_interval(row[nss]), *(f"{row[metric]['mean']:.2f}" for metric in others)]
        rows.append(f"| {model} | {' | '.join(cells)} |")
    head = f"| model | {' | '.join(METRICS.values())} |"
    about = f"{result['clips']} clips, {result['frames']} frames; bits: information gain over a centre prior."
    return "\n".join([head, f"| --- |{' ---: |' * len(METRICS)}", *rows, "", about])


def quality_groups(result: dict[str, Any]) -> str:
    """NSS and CC by group of clips."""
    sizes = result["groups"]
    head = " | ".join(f"{number}: {size} clips" for number, size in enumerate(sizes, 1))
    rows = [
        f"| {model} | "
        + " | ".join(f"{g['nss']['mean']:.2f} / {g['cc']['mean']:.2f}" for g in row["by_group"])
        + " |"
        for model, row in result["results"].items()
    ]
    return "\n".join([f"| NSS / CC | {head} |", f"| --- |{' ---: |' * len(sizes)}", *rows])


def all_by_group(result: dict[str, Any], model: str) -> str:
    """All metrics of one model by group of clips, with intervals."""
    rows = [
        f"| {number}: {size} clips | {' | '.join(_with_interval(group[metric]) for metric in METRICS)} |"
        for number, (size, group) in enumerate(
            zip(result["groups"], result["results"][model]["by_group"], strict=True), 1
        )
    ]
    head = f"| {model} | {' | '.join(METRICS.values())} |"
    return "\n".join([head, f"| --- |{' ---: |' * len(METRICS)}", *rows])


def _with_interval(score: dict[str, Any]) -> str:
    """A mean, and its interval where there are several clips."""
    if score["interval"] is None:
        return f"{score['mean']:.2f}"
    low, high = score["interval"]
    return f"{score['mean']:.2f} ({low:.2f} to {high:.2f})"


def above_open(network: str, result: dict[str, Any], names: tuple[str, ...] | None = None) -> str:
    """A network, open and for research, and what its parts are worth; all of it, or some rows."""
    rows = []
    for name in names or result["results"]:
        row = result["results"][name]
        more, (least, most) = row["above_open"]["nss"]["mean"], row["above_open"]["nss"]["interval"]
        above = "" if name == "open" else f"{more:+.2f} ({least:+.2f} to {most:+.2f})"
        others = " | ".join(f"{row[metric]['mean']:.2f}" for metric in ("cc", "sim", "shuffled_auc", "kld"))
        rows.append(f"| {name} | {_with_interval(row['nss'])} | {above} | {others} |")
    head = f"| {network} | NSS | NSS above open | CC | SIM | s-AUC | KLD |"
    return "\n".join([head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |", *rows])


def lite_speed(result: dict[str, Any]) -> str:
    """From file to file, by size of the video and by output."""
    outputs = ("maps", "video", "overlay")
    rows = [
        f"| {size} | "
        + " | ".join(f"{by['maps of source'][output]['median_maps_per_second']:.0f}" for output in outputs)
        + " |"
        for size, by in result["results"].items()
    ]
    head = " | ".join(f"`--{output}`" for output in outputs)
    return "\n".join(
        [f"| frames a second, {result['hardware']} | {head} |", "| --- | ---: | ---: | ---: |", *rows]
    )


def engine(result: dict[str, Any]) -> str:
    """What a map of the full network costs, window by window and with what windows share."""
    rows = [
        f"| {way} | {row['median_seconds']:.2f} s | {row['times_plain_seconds']:.1f} "
        f"| {row['gmac_a_map']:.1f} G | {row['peak_memory_gb']:.2f} GB |"
        for way, row in result["ways"].items()
    ]
    machine = f"{result['threads']} threads, {result['hardware']}"
    head = f"| {machine} | a map | times as fast | multiply-adds | peak memory |"
    return "\n".join([head, "| --- | ---: | ---: | ---: | ---: |", *rows])


def backends(result: dict[str, Any]) -> str:
    """Ways to compute the maps on a CPU: how fast, and how near to the plain network's."""
    rows = [
        f"| {way} | {_or_no(row, 'seconds', '.2f', ' s')} | {_or_no(row, 'times_plain', '.1f')} "
        f"| {row['mean_cc']:.5f} | {row['mean_cc_finished']:.5f} | {row['least_cc_finished']:.5f} "
        f"| {row['most_apart']:.5f} |"
        for way, row in result["ways"].items()
    ]
    head = f"| {result['threads']} threads, {result['hardware']} | a map | times as fast"
    return "\n".join([f"{head} | CC | CC, finished | least | apart |", "| --- |" + " ---: |" * 6, *rows])


def backends_part(result: dict[str, Any]) -> str:
    """The part that windows share nothing of, alone."""
    took = result["seconds_after_block_4"]
    row = " | ".join(f"{1000 * seconds:.0f} ms" for seconds in took.values())
    return "\n".join([f"| {' | '.join(took)} |", "|" + " ---: |" * len(took), f"| {row} |"])


def resolution(result: dict[str, Any]) -> str:
    """What a smaller resolution costs lite, and what it saves."""
    rows = [
        f"| {size} | {row['nss']:.2f} | {row['cc']:.2f} | {1000 * row['seconds']:.0f} ms |"
        for size, row in result["results"].items()
    ]
    head = f"| {result['clips']} clips, {result['frames']} frames | NSS | CC | a map, one thread |"
    return "\n".join([head, "| --- | ---: | ---: | ---: |", *rows])


def _or_no(row: dict[str, Any], key: str, form: str, unit: str = "") -> str:
    return f"{row[key]:{form}}{unit}" if key in row else ""


def reuse(result: dict[str, Any]) -> str:
    """What the engine computes for a map, layer by layer, beside what the plain network does."""
    rows = [
        f"| {name} | {row['positions']} | {row['computed']} "
        f"| {row['plain'] / 1e9:.2f} G | {row['engine'] / 1e9:.2f} G |"
        for name, row in result["layers"].items()
    ]
    whole = " | ".join(f"**{result['all'][way] / 1e9:.2f} G**" for way in ("plain", "engine"))
    head = "| layers | positions | computed | window by window | by the engine |"
    return "\n".join([head, "| --- |" + " ---: |" * 4, *rows, f"| **all** | | | {whole} |"])


def every(result: dict[str, Any]) -> str:
    """What the engine computes for a map where only every Nth frame gets one."""
    rows = [f"| {n} | {x / 1e9:.1f} G | {x / 1e9 / int(n):.1f} G |" for n, x in result["every"].items()]
    return "\n".join(["| `--every` | a map | a frame of video |", "| ---: | ---: | ---: |", *rows])


def startup(result: dict[str, Any]) -> str:
    """How long the smallest commands take."""
    rows = [f"| `{name}` | {row['median_seconds']:.2f} s |" for name, row in result["results"].items()]
    return "\n".join(["| command | median time |", "| --- | ---: |", *rows])


def memory(result: dict[str, Any]) -> str:
    """Peak memory of reading and of writing, for a short and a long video."""
    peaks: dict[str, dict[int, float]] = {}
    for run in result["runs"]:
        peaks.setdefault(run["what"], {})[run["minutes"]] = run["peak_mib"]
    lengths = sorted({run["minutes"] for run in result["runs"]})
    head = [f"{minutes} minutes" for minutes in lengths]
    rows = [f"| {what} | {' | '.join(f'{by[m]:.0f} MiB' for m in lengths)} |" for what, by in peaks.items()]
    return "\n".join([f"| peak memory | {' | '.join(head)} |", f"| --- |{' ---: |' * len(lengths)}", *rows])


def training_memory(result: dict[str, Any]) -> str:
    """Peak memory of a training step, by setting."""
    clips = list(result["runs"][0]["peak_mib"])
    rows = []
    for run in result["runs"]:
        sizes = [*(run["peak_mib"][n] for n in clips), run["a_clip_mib"]]
        rows.append(f"| {_setting(run)} | {' | '.join(f'{size / 1024:.2f} GiB' for size in sizes)} |")
    head = " | ".join(f"{n} clip{'s' * (n != '1')}" for n in clips)
    return "\n".join(
        [f"| T, precision | {head} | each clip |", f"| --- |{' ---: |' * (len(clips) + 1)}", *rows]
    )


def training_speed(result: dict[str, Any]) -> str:
    """Seconds of a clip's share of a training step on a CPU, by way."""
    ways = list(result["sizes"][0]["seconds_a_clip"])
    rows = [
        f"| {size['length']} | {size['columns']}x{size['rows']} | "
        + " | ".join(f"{size['seconds_a_clip'][way]:.3f} s" for way in ways)
        + f" | {size['times_as_fast'][ways[-1]]:.1f} |"
        for size in result["sizes"]
    ]
    head = f"| T | frames | {' | '.join(ways)} | times as fast |"
    return "\n".join([head, f"| --- | --- |{' ---: |' * (len(ways) + 1)}", *rows])


def precision_without_amx(result: dict[str, Any]) -> str:
    """Seconds a map of each way, by precision."""
    ways = list(dict.fromkeys(point["way"] for point in result["points"] if "product" not in point["way"]))
    took = {(point["way"], point["at"]): point["seconds"] for point in result["points"]}
    rows = [
        f"| {precision} | {' | '.join(f'{took[way, precision]:.3f} s' for way in ways)} |"
        for precision in dict.fromkeys(at for _, at in took)
    ]
    head = f"| {result['hardware']} | {' | '.join(ways)} |"
    return "\n".join([head, f"| --- |{' ---: |' * len(ways)}", *rows])


def stations(result: dict[str, Any]) -> str:
    """What each way leaves unexplained at the ends of strides, on pictures and on clips."""
    ways = result["ways"]
    judged = [(what, part) for what, parts in ways[0]["unexplained"].items() for part in parts]
    strides = dict(zip(next(iter(ways[0]["unexplained"].values())), (8, 16, 32), strict=True))
    head = " | ".join(f"{what}, stride {strides[part]}" for what, part in judged)
    rows = []
    for way in ways:
        shares = " | ".join(f"{way['unexplained'][what][part]:.2f}" for what, part in judged)
        rows.append(f"| {way['way']} | {shares} | {way['seconds_a_step']:.1f} s |")
    steps = tomllib.loads(result["recipe"])
    note = f"After {steps['steps']} steps of {steps['clips_per_step']} pictures; {result['hardware']}."
    return "\n".join(
        [f"| way | {head} | a step |", f"| --- |{' ---: |' * (len(judged) + 1)}", *rows, "", note]
    )


def training_clips(result: dict[str, Any]) -> str:
    """How many clips a GPU holds at once, computed."""
    sizes = list(result["runs"][0]["clips_computed"])
    rows = [
        f"| {_setting(run)} | {' | '.join(str(run['clips_computed'][size]) for size in sizes)} |"
        for run in result["runs"]
    ]
    head = " | ".join(f"{size} GiB" for size in sizes)
    return "\n".join(
        [f"| T, precision: clips (computed) | {head} |", f"| --- |{' ---: |' * len(sizes)}", *rows]
    )


def _setting(run: dict[str, Any]) -> str:
    return f"{run['clip_length']}, {run['precision']}" + ", recompute" * run["recompute"]


def loader(result: dict[str, Any]) -> str:
    """How many clips a second are read, and how many cores feed a GPU at that."""
    goal, limit = (result["estimate"][f"{what}_clips_per_second"] for what in ("goal", "limit"))
    head = [
        "1 worker",
        "2 workers",
        "a core's time",
        f"cores for {goal} a second",
        f"cores for {limit} a second",
    ]
    rows = [
        f"| {name} | {row['clips_per_second']['1']:.1f} | {row['clips_per_second']['2']:.1f} "
        f"| {row['clips_per_core_second']:.1f} | {row['cores_for_goal']:.0f} | {row['cores_for_limit']:.0f} |"
        for name, row in result["results"].items()
    ]
    return "\n".join(
        [f"| clips a second from | {' | '.join(head)} |", f"| --- |{' ---: |' * len(head)}", *rows]
    )


def overlay(result: dict[str, Any]) -> str:
    """What a frame costs in each style, by size."""
    by_size = [
        {style: row["median_ms"] for style, row in styles.items()} for styles in result["results"].values()
    ]
    rows = [f"| {style} | {' | '.join(f'{row[style]:.0f} ms' for row in by_size)} |" for style in by_size[0]]
    head = f"| {result['hardware']} | {' | '.join(result['results'])} |"
    return "\n".join([head, f"| --- |{' ---: |' * len(by_size)}", *rows])


def live(result: dict[str, Any]) -> str:
    """How late live views are, by size and model."""
    rows = [
        f"| {size} | {model} | {row['median_ms']:.0f} ms | {row['p95_ms']:.0f} ms "
        f"| {row['shown_per_second']:.1f} | {100 * row['dropped_share']:.0f} % |"
        for size, models in result["results"].items()
        for model, row in models.items()
    ]
    busy = max(result["load_meanwhile"])
    about = (
        f"A clip of 25 frames a second, played to one client, on {result['hardware']}, at a load average "
        f"of at most {busy:.1f}, its own included (`benchmarks/live.py`):"
    )
    head = "| frames of | model | median | 95 % within | shown a second | dropped |"
    return "\n".join([about, "", head, "| --- | --- | ---: | ---: | ---: | ---: |", *rows])


def encode(result: dict[str, Any]) -> str:
    """What regions change at the same bits, by whose gaze weighs; what they save at a constant quality."""
    rows = []
    for clip, row in result["results"].items():
        for codec in ("x264", "x265"):
            overall, crf = row[codec]["overall"], row[codec]["crf"]
            by = "by_truth" if "by_truth" in crf["plain"] else "by_maps"
            plain, regions = crf["plain"][by], crf["regions"][by]
            known = overall.get("weighted_psnr by_truth")
            cells = [
                f"{overall['weighted_psnr by_maps']['bd_quality']:+.2f} dB",
                f"{known['bd_quality']:+.2f} dB" if known else "not known",
                f"{overall['psnr']['bd_quality']:+.2f} dB",
                f"{100 * (regions['kbps'] / plain['kbps'] - 1):+.0f} %",
                f"{regions['weighted_psnr'] - plain['weighted_psnr']:+.2f} dB",
            ]
            rows.append(f"| {clip} | {codec} | {' | '.join(cells)} |")
    head = (
        "| clip | codec | where the model says | where people look | whole picture "
        "| `--crf`: bits | where people look |"
    )
    about = (
        "The first three are PSNR at the same bits, averaged over three bitrates; the last two are of the "
        "encoder's usual crf, by the maps where the truth is not known. The command:"
    )
    command = ["<!-- not run: it takes minutes -->", "```sh", result["command"], "```"]
    return "\n".join([head, "| --- | --- |" + " ---: |" * 5, *rows, "", about, "", *command])


def reframe(result: dict[str, Any]) -> str:
    """What crops keep of known densities, and how fast they move."""
    ways = list(result["results"][0]["ways"])
    moving = (ways[1], ways[2])  # ours, and the unsmoothed
    fast = ("speed", "acceleration")
    head = ["aspect, from", *ways, *(f"speed, acceleration: {name}" for name in moving)]
    rows = [
        " | ".join(
            [
                f"| {row['aspect']}, {row['source']}",
                *(f"{row['ways'][name]['kept']:.1%}" for name in ways),
                *(", ".join(f"{row['ways'][name][key]:.2f}" for key in fast) for name in moving),
            ]
        )
        + " |"
        for row in result["results"]
    ]
    return "\n".join([f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}", *rows])


def tables() -> dict[str, str]:
    """Every table by the name in its comments; one whose result is not there is left as it stands."""
    made = {}
    if (result := measured("network_counts")) is not None:
        made["counts"] = counts(result, SHORT)
        made["comparison"] = comparison(result)
        made["all-counts"] = counts(result, tuple(result["networks"]))
    if (result := measured("baselines")) is not None:
        made["baselines"] = baselines(result)
    if (result := measured("startup")) is not None:
        made["startup"] = startup(result)
    if (result := measured("memory")) is not None:
        made["memory"] = memory(result)
    if (result := measured("training_memory")) is not None:
        made["training-memory"] = training_memory(result)
        made["training-clips"] = training_clips(result)
    if (result := measured("training_speed")) is not None:
        made["training-speed"] = training_speed(result)
    if (result := measured("training_speed_without_amx")) is not None:
        made["training-speed-without-amx"] = training_speed(result)
    if (result := measured("cost_precision_without_amx")) is not None:
        made["precision-without-amx"] = precision_without_amx(result)
    if (result := measured("stations")) is not None:
        made["stations"] = stations(result)
    if (result := measured("learning")) is not None:
        made["learning"] = learning(result)
    if (result := measured("quality")) is not None:
        made["quality"] = quality(result)
        made["quality-groups"] = quality_groups(result)
        made["quality-groups-lite"] = all_by_group(result, "lite")
        made["quality-groups-tased"] = all_by_group(result, "tased")
    if (result := measured("lite_ablation")) is not None:
        made["lite-ablation"] = above_open("tased-lite", result)
        made["lite-research"] = above_open("tased-lite", result, ("open", "research, by folds"))
    if (result := measured("full_research")) is not None:
        made["tased-research"] = above_open("tased", result)
        made["tased-research-groups"] = quality_groups(result)
        made["tased-research-folds"] = all_by_group(result, "research, by folds")
    if (result := measured("lite")) is not None:
        made["lite-speed"] = lite_speed(result)
    if (result := measured("overlay")) is not None:
        made["overlay"] = overlay(result)
    if (result := measured("live")) is not None:
        made["live"] = live(result)
    if (result := measured("encode")) is not None:
        made["encode"] = encode(result)
    if (result := measured("engine")) is not None:
        made["engine"] = engine(result)
    if (result := measured("backends")) is not None:
        made["backends"] = backends(result)
        made["backends-part"] = backends_part(result)
    if (result := measured("resolution")) is not None:
        made["resolution"] = resolution(result)
    if (result := measured("reuse_counts")) is not None:
        made["reuse"] = reuse(result)
        made["every"] = every(result)
    if (result := measured("loader")) is not None:
        made["loader"] = loader(result)
    if (result := measured("reframe")) is not None:
        made["reframe"] = reframe(result)
    return made


def fill(text: str, made: dict[str, str]) -> str:
    """Put each table between `<!-- NAME -->` and `<!-- end NAME -->`."""
    for name, table in made.items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        text = between.sub(lambda match, table=table: f"{match[1]}\n{table}\n\n{match[2]}", text)
    return text


def fill_all() -> None:
    """Fill README.md and the pages of docs."""
    made = tables()
    cards = sorted((ROOT / "src" / "tased" / "weights").glob("*.md"))
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *cards):
        before = page.read_text(encoding="utf-8")
        after = fill(before, made)
        if after != before:
            page.write_text(after, encoding="utf-8")


def measured(name: str) -> Any:
    """What a benchmark wrote; None where it has not been run."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
