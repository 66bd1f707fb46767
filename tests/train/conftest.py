"""A small data set and a small recipe."""

import pytest

from tased.data.layouts import open_data_set
from tased.data.synthesize import synthesize
from tased.train.recipe import with_settings
from tased.train.recipes import paper
from tased.train.sources import Named, divide

SMALL = (
    "size=48x32",
    "network.clip_length=4",
    "steps=4",
    "clips_per_step=4",
    "clips_per_batch=2",
    "validate_every=2",
    "validation_clips=5",
    "save_every=1",
    "drops=3",
    "colour=0.3",
)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """A folder in layout `table`: three videos of 9 frames."""
    folder = tmp_path_factory.mktemp("train") / "recordings"
    synthesize(folder, layout="table", videos=3, frames=9, width=64, height=48, observers=6)
    return folder


@pytest.fixture(scope="session")
def data(recordings):
    return open_data_set("table", recordings)


@pytest.fixture(scope="session")
def divided(recordings):
    """Sources to learn from, and to validate on."""
    return divide([Named("table", recordings)], hold_out=0.3)


@pytest.fixture
def recipe():
    return with_settings(paper(), SMALL)
