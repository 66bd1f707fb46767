import math
import tomllib
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tased.errors import UsageError
from tased.network.config import CLIP_LENGTHS, RELEASED, NetworkConfig
from tased.train.recipe import Recipe, with_settings
from tased.train.recipes import RECIPES, finetune, paper, published, read_recipe, small_gpu

positive = st.integers(1, 10**6)
rates = st.floats(0, 1e6)
shares = st.floats(0, 0.8)


@st.composite
def recipes(draw):
    """Any recipe that can be."""
    length = draw(st.sampled_from(CLIP_LENGTHS))
    decoder = draw(st.sampled_from(["tased", "fcn", "unet", "deeplab"]))
    ours = decoder == "tased"
    network = NetworkConfig(
        clip_length=length,
        aggregation=draw(st.sampled_from(["released", "late-two-step", "early-two-step", "late"])),
        upsampling=draw(st.sampled_from(["unpool", "trilinear", "transposed"])) if ours else "unpool",
        decoder=decoder,
        dense=ours and draw(st.booleans()),
        maps=draw(st.integers(1, length)),
        rows=draw(st.integers(32, 2000)),
        columns=draw(st.integers(32, 2000)),
        blur=draw(st.floats(0, 100)),
    )
    group = draw(st.integers(0, 8))
    return Recipe(
        network=network,
        seed=draw(st.integers(0, 2**63 - 1)),
        steps=draw(positive),
        clips_per_step=draw(positive) * max(group, 1),
        clips_per_batch=draw(positive) * max(group, 1),
        statistics_over=group if draw(st.booleans()) else 0,
        encoder_rate=draw(rates),
        prediction_rate=draw(rates),
        momentum=draw(st.floats(0, 1, exclude_max=True)),
        weight_decay=draw(rates),
        drop=draw(st.floats(0, 1, exclude_min=True)),
        drops=tuple(sorted(draw(st.sets(positive, max_size=4)))),
        patience=draw(st.integers(0, 50)),
        kld=draw(st.floats(0.1, 10)),
        cc=draw(rates),
        nss=draw(rates),
        kld_over=draw(st.sampled_from(["map", "batch"])),
        accumulation=draw(st.sampled_from(["mean", "sum"])),
        sampling=draw(st.sampled_from(["frames", "videos"])),
        flip=draw(st.floats(0, 1)),
        crop=draw(shares),
        pan=draw(shares),
        statistics=draw(st.sampled_from(["batch", "synchronised", "frozen"])),
        precision=draw(st.sampled_from(["float32", "bfloat16", "float16"])),
        recompute=draw(st.booleans()),
        validate_every=draw(positive),
        validation_clips=draw(positive),
        best_by=draw(st.sampled_from(["loss", "nss", "kld", "auc_judd"])),
        save_every=draw(positive),
    )


def values(recipe):
    """Every field by the key that sets it."""
    own = {f.name: getattr(recipe, f.name) for f in fields(Recipe) if f.name != "network"}
    return own | {f"network.{f.name}": getattr(recipe.network, f.name) for f in fields(NetworkConfig)}


def as_text(value):
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@given(recipes())
def test_toml_round_trip(recipe):
    text = recipe.to_toml()
    assert Recipe.from_toml(text) == recipe
    document = tomllib.loads(text)  # every field is said
    flat = {f"network.{k}": v for k, v in document.pop("network").items()} | document
    assert {k: tuple(v) if isinstance(v, list) else v for k, v in flat.items()} == values(recipe)


@given(recipes())
def test_every_field_can_be_set_as_text(recipe):
    assert with_settings(paper(), [f"{k}={as_text(v)}" for k, v in values(recipe).items()]) == recipe


@pytest.mark.parametrize("name", RECIPES)
def test_named_recipes(name, tmp_path):
    recipe = read_recipe(name)
    assert recipe == RECIPES[name]()
    path = tmp_path / "recipe.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert read_recipe(path) == recipe
    assert recipe.clips_per_step % recipe.clips_per_batch == 0
    assert recipe.schedule == "cosine" or all(drop < recipe.steps for drop in recipe.drops)


def test_the_paper_s_is_section_4_1():
    recipe = paper()
    assert recipe.network == NetworkConfig()
    assert (recipe.network.clip_length, recipe.network.rows, recipe.network.columns) == (32, 224, 384)
    assert (recipe.steps, recipe.clips_per_step) == (1000, 40)
    assert (recipe.encoder_rate, recipe.prediction_rate, recipe.momentum) == (0.001, 0.1, 0.9)
    assert (recipe.drop, recipe.drops, recipe.most_drops) == (0.1, (750, 950), 2)
    assert recipe.validation_clips == 2000
    assert (recipe.kld, recipe.cc, recipe.nss, recipe.kld_over) == (1, 0, 0, "map")
    assert recipe.sampling == "frames"  # "randomly but densely sampled"
    assert (recipe.crop, recipe.pan) == (0, 0)  # frames are resized, and no more


def test_the_published_is_the_published_script_s():
    recipe = published()
    assert recipe.network == RELEASED
    assert (recipe.steps, recipe.clips_per_step, recipe.clips_per_batch) == (1000, 40, 8)
    assert (recipe.encoder_rate, recipe.prediction_rate) == (1e-3, 0.1)
    assert (recipe.momentum, recipe.weight_decay) == (0.9, 2e-7)
    assert (recipe.drop, recipe.drops, recipe.patience) == (0.1, (750, 950), 0)
    assert recipe.flip == 0.5
    assert (recipe.kld_over, recipe.accumulation) == ("batch", "sum")
    assert (recipe.statistics, recipe.statistics_over) == ("batch", 4)  # of each of two GPUs
    assert recipe.validation_clips == 0


def test_the_others_say_where_they_differ_from_the_paper():
    sizes = {"steps": 1000, "clips_per_step": 40, "clips_per_batch": 8, "drops": (750, 950)}
    small = replace(small_gpu(), **sizes, accumulation="mean")
    assert small == paper()
    assert (small_gpu().steps, small_gpu().clips_per_step, small_gpu().clips_per_batch) == (1750, 10, 2)
    assert small_gpu().drops == (1000, 1500)
    assert finetune().encoder_rate < paper().encoder_rate
    assert finetune().statistics == "frozen"


def test_what_toml_leaves_out_is_the_paper_s():
    assert Recipe.from_toml("") == paper()
    recipe = Recipe.from_toml("steps = 8\nencoder_rate = 1\n[network]\nclip_length = 16\n")
    assert recipe == replace(
        paper(), steps=8, encoder_rate=1.0, network=replace(NetworkConfig(), clip_length=16)
    )


def test_settings():
    recipe = with_settings(paper(), ["steps=8", " drops = 6,7 ", "network.clip_length=16", "recompute=True"])
    assert (recipe.steps, recipe.drops, recipe.network.clip_length, recipe.recompute) == (8, (6, 7), 16, True)
    assert with_settings(paper(), ["drops="]).drops == ()
    assert with_settings(paper(), []) == paper()


@pytest.mark.parametrize("turned", [False, True])
def test_settings_are_taken_together(turned):
    """Each alone could not be: 8 clips are not whole groups of 3, nor 6 maps in a clip of 4 frames."""
    settings = ["clips_per_batch=6", "clips_per_step=12", "statistics_over=3", "network.maps=6"]
    settings += ["network.clip_length=8", "size=96x64", "network.blur=2"]
    recipe = with_settings(
        replace(paper(), network=NetworkConfig(clip_length=4)), settings[:: -1 if turned else 1]
    )
    assert (recipe.statistics_over, recipe.network.maps, recipe.network.clip_length) == (3, 6, 8)
    assert (recipe.network.columns, recipe.network.rows, recipe.network.blur) == (96, 64, 2)


def test_a_size_keeps_the_blur_s_share_of_the_width():
    assert with_settings(paper(), ["size=192x112"]).network.blur == pytest.approx(3.5)


ERRORS = {
    "steps": "--set steps: needed is key=value, such as steps=8",
    "stpes=8": "a recipe has no field 'stpes'; did you mean 'steps'?",
    "clip_length=16": "a recipe has no field 'clip_length'; did you mean 'network.clip_length'?",
    "network.clip_lenght=16": "no field 'network.clip_lenght'; did you mean 'network.clip_length'?",
    "network.steps=16": "a recipe has no field 'network.steps'; did you mean 'steps'?",
    "network.size=96x64": "a recipe has no field 'network.size'; did you mean 'size'?",
    "shade=blue": "a recipe has no field 'shade'; there are seed, steps, clips_per_step,",
    "steps=1e3": "steps is '1e3'; it must be a whole number",
    "steps=0": "recipe: steps is 0; it must be 1 or more",
    "seed=9223372036854775808": "recipe: seed is 9223372036854775808; it must be from 0 to below 2**63",
    "momentum=1": "recipe: momentum is 1.0; it must be from 0 to below 1",
    "encoder_rate=fast": "encoder_rate is 'fast'; it must be a number",
    "encoder_rate=nan": "recipe: encoder_rate is nan; it must be 0 or more",
    "drop=0": "recipe: drop is 0.0; it must be above 0, up to 1",
    "drops=950,750": "recipe: drops is (950, 750); it must be steps from 1 in rising order",
    "drops=0,7": "recipe: drops is (0, 7); it must be steps from 1 in rising order",
    "drops=a": "drops is 'a'; it must be whole numbers with commas between them",
    "flip=2": "recipe: flip is 2.0; it must be from 0 to 1",
    "crop=0.9": "recipe: crop is 0.9; it must be from 0 to 0.8",
    "kld=0": "recipe: kld is 0.0; it must be above 0, or cc, nss, features or taught is: a loss needs a term",
    "recompute=yes": "recompute is 'yes'; it must be true or false",
    "precision=half": "recipe: precision is half; it must be one of float32, bfloat16, float16",
    "statistics_over=3": "recipe: statistics_over is 3; it must be 0, or divide the 8 clips of a batch",
    "size=96": "size is '96'; it must be WIDTHxHEIGHT, such as 96x64",
    "network.decoder=segnet": "decoder is 'segnet'; it must be one of tased, fcn, unet, deeplab",
    "network.clip_length=5": "clip_length is 5; it must be one of 1, 4, 8, 16, 32, 48, 64",
}


@pytest.mark.parametrize("setting", ERRORS)
def test_errors_of_settings(setting):
    with pytest.raises(UsageError) as caught:
        with_settings(paper(), [setting])
    assert ERRORS[setting] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("setting", ["patience=5", "best_by=nss"])
def test_what_needs_validation(setting):
    with pytest.raises(UsageError, match=r"and validation_clips is 0: give some$"):
        with_settings(paper(), [setting, "validation_clips=0"])


def test_a_loss_of_a_teacher_alone_cannot_be_validated():
    alone = ["kld=0", "taught=1"]
    with pytest.raises(UsageError, match="best_by is 'loss', of which nothing is left"):
        with_settings(paper(), alone)
    for way in ("best_by=nss", "validation_clips=0", "cc=1"):
        assert with_settings(paper(), [*alone, way]).learns_maps


TOML_ERRORS = {
    "x y": "not TOML: ",
    "network = 3": "network is 3; it must be a table, [network]",
    "steps = 8.0": "steps is 8.0; it must be a whole number",
    "steps = true": "steps is True; it must be a whole number",
    "drops = 7": "drops is 7; it must be whole numbers with commas between them",
    "drops = [1.5]": "drops is [1.5]; it must be whole numbers with commas between them",
    "sampling = 3": "recipe: sampling is 3; it must be one of frames, videos",
    "[network]\nclip_length = true": "network.clip_length is True; it must be a whole number",
    "[network.x]": "a recipe has no field 'network.x'",
    "[weights]\nlr = 1": "a recipe has no field 'weights'",
}


@pytest.mark.parametrize("text", TOML_ERRORS)
def test_errors_of_files_name_the_file(text, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_recipe(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert TOML_ERRORS[text] in str(caught.value)


def test_names_that_are_none(tmp_path):
    with pytest.raises(UsageError, match=r"^papr: cannot be read as a recipe .*; did you mean 'paper'\?"):
        read_recipe("papr")
    with pytest.raises(
        UsageError,
        match=r"recipes by name are paper, published, small_gpu, finetune, lite, "
        r"encoder, stills, large, distil, gaze$",
    ):
        read_recipe(tmp_path)
    (tmp_path / "movie").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="it is no text"):
        read_recipe(tmp_path / "movie")


def test_nothing_is_not_a_number():
    for name in ("momentum", "drop", "flip", "crop", "kld", "weight_decay"):
        with pytest.raises(UsageError, match=f"{name} is nan"):
            Recipe(**{name: math.nan})
