"""README and docs say what is so: code runs, figures are the measured ones, links lead somewhere."""

import json
import re
import shlex
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tased.cli import app, main
from tased.network.config import CLIP_LENGTHS, NetworkConfig
from tased.predict.statistics import COLUMNS
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *GUIDES]
BLOCK = re.compile(r"(?P<skip><!-- not run: .* -->\n)?```(?P<kind>\w+)\n(?P<code>.*?)```", re.DOTALL)
ROW = re.compile(r"\| ([^|]+) \| ([\d.]+) M \| ([\d.]+) G \|")


def name(page):
    return str(page.relative_to(ROOT))


def blocks(page, *kinds):
    """The code of a page that is meant to be run, with its kind, in order."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [(b["kind"], b["code"]) for b in found if b["kind"] in kinds and not b["skip"]]


def commands(code):
    """The `tased` lines of a sh block, as arguments."""
    lines = (shlex.split(line, comments=True) for line in code.splitlines())
    return [words[1:] for words in lines if words and words[0] == "tased"]


def between(page, table):
    text = page.read_text(encoding="utf-8")
    return text.split(f"<!-- {table} -->")[1].split(f"<!-- end {table} -->")[0]


def measured(result):
    return json.loads((RESULTS / f"{result}.json").read_text(encoding="utf-8"))


def movie(path, frames=12):
    path.parent.mkdir(exist_ok=True)
    with ColourMovie(path, width=96, height=64, rate=Fraction(25)) as out:
        for frame in clip(frames=frames, height=64, width=96):
            out.write(frame)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with what the examples name: a clip, a folder of two, and areas."""
    for path in ("clip.mp4", "videos/a.mp4", "videos/b.mp4"):
        movie(tmp_path / path)
    ((_, areas),) = blocks(ROOT / "docs/guides/attention.md", "json")
    (tmp_path / "areas.json").write_text(areas, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_code_runs(page, here, capsys):
    """Python runs from top to bottom, and commands in between, but for those that need what is not here."""
    del here
    namespace = {"__name__": "docs"}
    for kind, code in blocks(page, "python", "sh"):
        if kind == "python":
            exec(compile(code, name(page), "exec"), namespace)
        else:
            for arguments in commands(code):
                needs_weights = any(word.startswith("TASED_v2") or word == "--weights" for word in arguments)
                if not needs_weights and arguments[0] != "demo":  # the demonstration has its own tests
                    assert main(arguments) == 0, (arguments, capsys.readouterr().err)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_are_understood(page):
    """Every `tased` line parses, those that cannot be run here too."""
    for _, code in blocks(page, "sh"):
        for arguments in commands(code):
            app.parse_args(arguments, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("command", ["predict", "live"])
def test_every_option_is_explained(command):
    """The guide names all that the command takes, and nothing else."""
    arguments = app[command].assemble_argument_collection()
    options = {argument.names[0] for argument in arguments} - {"INPUT", "SOURCE", "*"}
    guide = (ROOT / f"docs/guides/{command}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--[a-z]+", guide)) - {"--help", "--debug"} == options


def test_every_column_is_explained():
    guide = (ROOT / "docs/guides/predict.md").read_text(encoding="utf-8")
    table = guide.split("### The table")[1].split("##")[0]
    explained = re.findall(r"`(\w+)`", table)
    assert set(explained) - {"top_left", "bottom_right"} == {
        column for column in COLUMNS if not column.startswith("share") or column == "share_top_left"
    }


def test_progress_lines_are_real(here, capsys):
    """The guide's run, repeated: the same lines but for the time it took."""
    movie(here / "clip.mp4", frames=3)
    assert main(["predict", "clip.mp4", "--table", "clip.csv", "--progress", "json"]) == 0
    real = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ((_, lines),) = blocks(ROOT / "docs/guides/predict.md", "json")
    shown = [json.loads(line) for line in lines.splitlines()]
    for event in (real[-1], shown[-1]):
        assert event.pop("elapsed") > 0
    assert real == shown


@pytest.mark.parametrize(
    ("page", "table"), [("README.md", "counts"), ("docs/network.md", "all-counts")], ids=["README", "network"]
)
def test_counts_are_the_measured_ones(page, table):
    networks = measured("network_counts")["networks"]
    rows = ROW.findall(between(ROOT / page, table))
    assert len(rows) == (9 if table == "counts" else len(networks))
    for network, parameters, operations in rows:
        counts = networks[network]
        assert f"{counts['parameters'] / 1e6:.2f}" == parameters
        assert f"{counts['multiply_accumulates'] / 1e9:.2f}" == operations


def test_the_paper_and_ours_agree_where_we_say_so():
    checks = measured("network_counts")["paper"]["checks"]
    assert all(abs(check["ours"] - check["expected"]) <= check["within"] for check in checks.values())
    rows = re.findall(
        r"\| ([^|]+) \| ([^|]+) \| ([\d.]+)[MG%] \|", between(ROOT / "docs/network.md", "comparison")
    )
    assert rows == [(what, check["paper"], f"{check['ours']:.2f}") for what, check in checks.items()]
    assert len(rows) == 4


def test_the_table_of_clip_lengths_is_the_networks():
    """Of every T: temporal strides, time in the prediction network, first auxiliary pooling, p, q."""
    page = (ROOT / "docs/network.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d), (\d) \| (\d) \| (\d) \| (\d) \| (\d) \|$", page, re.MULTILINE)
    assert [int(row[0]) for row in rows] == list(CLIP_LENGTHS)
    for length, *cells in (map(int, row) for row in rows):
        config = NetworkConfig(clip_length=length)
        pooled = length // 2 // config.decoder_time
        strides, kernels = config.temporal_strides, config.temporal_kernels
        assert cells == [*strides, config.decoder_time, pooled, *kernels]


def test_scores_are_the_measured_ones():
    result = measured("baselines")
    rows = re.findall(
        r"\| (\w+) \| ([\d.]+) ± ([\d.]+) \| ([\d.]+) ± ([\d.]+) \| (\d+) \|",
        between(ROOT / "docs/models.md", "baselines"),
    )
    shown = {model: [float(cell) for cell in cells] for model, *cells in rows}
    assert shown == {
        model: [
            *(round(r[key], 2) for key in ("nss", "nss_standard_error", "cc", "cc_standard_error")),
            round(r["frames_per_second"]),
        ]
        for model, r in result["results"].items()
    }
    page = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    assert f"On {result['clips']} natural clips with the gaze of {result['observers']} observers" in page


def test_what_the_parts_of_lite_are_worth_is_the_measured():
    result = measured("lite_ablation")
    _, _, *lines = between(ROOT / "docs/models.md", "lite-ablation").strip().splitlines()
    shown = {
        name: cells for name, *cells in ([c.strip() for c in line.strip("|").split("|")] for line in lines)
    }
    assert list(shown) == list(result["results"])
    for name, (nss, above, *others) in shown.items():
        row = result["results"][name]
        expected = [row["nss"]["mean"], *row["nss"]["interval"]]
        if name != "open":
            expected += [row["above_open"]["nss"]["mean"], *row["above_open"]["nss"]["interval"]]
        numbers = [float(number) for number in re.findall(r"[+-]?[\d.]+", f"{nss} {above}")]
        assert numbers == pytest.approx(expected, abs=0.0051)
        metrics = ("cc", "sim", "shuffled_auc", "kld")
        found = [float(cell) for cell in others]
        assert found == pytest.approx([row[metric]["mean"] for metric in metrics], abs=0.0051)
    page = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    assert f"On {result['clips']} clips, {result['frames']} frames" in page


def test_times_are_the_measured_ones():
    rows = re.findall(r"\| `(.+?)` \| ([\d.]+) s \|", between(ROOT / "docs/start.md", "startup"))
    assert {command: float(seconds) for command, seconds in rows} == {
        command: round(r["median_seconds"], 2) for command, r in measured("startup")["results"].items()
    }


def test_crops_are_the_measured_ones():
    result = measured("reframe")
    table = between(ROOT / "docs/guides/reframe.md", "reframe")
    rows = re.findall(r"^\| (\d+:\d+), (\S+) \| (.*) \|$", table, re.MULTILINE)
    assert len(rows) == len(result["results"]) == 4
    for (aspect, source, cells), row in zip(rows, result["results"], strict=True):
        assert (aspect, source) == (row["aspect"], row["source"])
        ways = list(row["ways"].values())
        *kept, ours, unsmoothed = cells.split(" | ")
        assert kept == [f"{way['kept']:.1%}" for way in ways]
        assert ours == f"{ways[1]['speed']:.2f}, {ways[1]['acceleration']:.2f}"
        assert unsmoothed == f"{ways[2]['speed']:.2f}, {ways[2]['acceleration']:.2f}"
    guide = (ROOT / "docs/guides/reframe.md").read_text(encoding="utf-8")
    assert f"took {result['hour_seconds']} s of a processor" in guide


def test_encodings_are_the_measured_ones():
    """Mean gains by the trapezoidal rule over the logarithm of the bits, near enough for three points."""
    results = measured("encode")["results"]
    rows = re.findall(
        r"^\| (.+?) \| (x26[45]) \| (.*) \|$", between(ROOT / "docs/guides/encode.md", "encode"), re.M
    )
    assert [row[:2] for row in rows] == [(video, codec) for video in results for codec in ("x264", "x265")]
    for video, codec, cells in rows:
        said, seen, whole, bits, kept = cells.split(" | ")
        row = results[video][codec]
        known = "by_truth" in row["crf"]["plain"]
        assert known or seen == "not known"
        for cell, by, measure in (
            (said, "by_maps", "weighted_psnr"),
            (whole, "by_maps", "psnr"),
            *([(seen, "by_truth", "weighted_psnr")] if known else []),
        ):
            plain, regions = (
                [(np.log(point[kind][by]["kbps"]), point[kind][by][measure]) for point in row["curve"]]
                for kind in ("plain", "regions")
            )
            low, high = max(plain[0][0], regions[0][0]), min(plain[-1][0], regions[-1][0])
            at = np.linspace(low, high, 999)
            gain = (
                np.interp(at, *zip(*regions, strict=True)) - np.interp(at, *zip(*plain, strict=True))
            ).mean()
            assert float(cell.removesuffix(" dB")) == pytest.approx(gain, abs=0.12)
        by = "by_truth" if known else "by_maps"
        plain, regions = row["crf"]["plain"][by], row["crf"]["regions"][by]
        assert bits == f"{100 * (regions['kbps'] / plain['kbps'] - 1):+.0f} %"
        assert kept == f"{regions['weighted_psnr'] - plain['weighted_psnr']:+.2f} dB"


def test_peaks_are_the_measured_ones():
    table = between(ROOT / "docs/guides/predict.md", "memory")
    shown = {
        (row[1], int(minutes)): int(peak)
        for row in re.finditer(r"^\| ((?:read|write|predict)[^|]*) \|(.*)$", table, re.MULTILINE)
        for minutes, peak in zip(
            re.findall(r"(\d+) minutes", table), re.findall(r"(\d+) MiB", row[2]), strict=True
        )
    }
    runs = measured("memory")["runs"]
    assert shown == {(run["what"], run["minutes"]): round(run["peak_mib"]) for run in runs}


def test_lateness_is_the_measured_one():
    table = between(ROOT / "docs/guides/live.md", "live")
    rows = re.findall(r"\| (\d+x\d+) \| (\w+) \| (\d+) ms \| (\d+) ms \| ([\d.]+) \| (\d+) % \|", table)
    assert [[size, model, *map(float, cells)] for size, model, *cells in rows] == [
        [size, model, r["median_ms"], r["p95_ms"], r["shown_per_second"], round(100 * r["dropped_share"])]
        for size, models in measured("live")["results"].items()
        for model, r in models.items()
    ]


def test_costs_of_overlays_are_the_measured_ones():
    lines = between(ROOT / "docs/guides/overlay.md", "overlay").strip().splitlines()
    (_, *sizes), _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    shown = {(style, size): cell for style, *cells in rows for size, cell in zip(sizes, cells, strict=True)}
    assert shown == {
        (style, size): f"{row['median_ms']:.0f} ms"
        for size, styles in measured("overlay")["results"].items()
        for style, row in styles.items()
    }


def test_speeds_are_the_measured_ones():
    rows = re.findall(
        r"^\| (\d+x\d+) \| (\d+) \| (\d+) \| (\d+) \|$",
        between(ROOT / "docs/speed.md", "lite-speed"),
        re.MULTILINE,
    )
    assert {size: [int(cell) for cell in cells] for size, *cells in rows} == {
        size: [
            round(by["maps of source"][output]["median_maps_per_second"])
            for output in ("maps", "video", "overlay")
        ]
        for size, by in measured("lite")["results"].items()
    }
    rows = re.findall(
        r"^\| ([a-z]+ \w+) \| ([\d.]+) s \| ([\d.]+) \| ([\d.]+) G \|",
        between(ROOT / "docs/speed.md", "engine"),
        re.MULTILINE,
    )
    assert {way: tuple(map(float, cells)) for way, *cells in rows} == {
        way: (round(r["median_seconds"], 2), round(r["times_plain_seconds"], 1), round(r["gmac_a_map"], 1))
        for way, r in measured("engine")["ways"].items()
    }


def test_the_ways_that_were_tried_are_the_measured_ones():
    """A cell of a way whose speed was not measured is empty."""
    shown = [
        [cell.strip(" s") for cell in row.strip("|").split("|")]
        for row in between(ROOT / "docs/speed.md", "backends").strip().splitlines()[2:]
    ]
    ways = measured("backends")["ways"]
    assert [name for name, *_ in shown] == [name.strip(" s") for name in ways]
    for (_, seconds, times, *near), row in zip(shown, ways.values(), strict=True):
        assert [seconds, times] == [
            f"{row['seconds']:.2f}" if "seconds" in row else "",
            f"{row['times_plain']:.1f}" if "seconds" in row else "",
        ]
        keys = ("mean_cc", "mean_cc_finished", "least_cc_finished", "most_apart")
        assert [float(cell) for cell in near] == [round(row[key], 5) for key in keys]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=name)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" not in target:
            assert (page.parent / target.split("#")[0]).exists(), target


def test_folders_are_the_ones_listed():
    listed = set(re.findall(r"^\| `(\w+)/", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not tracked:
        pytest.skip("not a clone of the repository")
    folders = {path.split("/")[0] for path in tracked if "/" in path and not path.startswith(".")}
    assert listed == folders


def test_rooms_name_files_that_exist():
    page = (ROOT / "docs/rooms.md").read_text(encoding="utf-8")
    rooms = "video|network|metrics|predict|data|train|evaluate|apps|cli"
    for path in re.findall(rf"`((?:{rooms})/[\w/*.]*)`", page):
        assert list((ROOT / "src" / "tased").glob(path.rstrip("/"))), path


def test_pictures_are_small():
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 400_000, picture
