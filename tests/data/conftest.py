"""Small data sets in every layout, made once; a test that breaks one breaks a copy."""

import shutil

import pytest

from tased.data.synthesize import synthesize

SIZE = {"videos": 2, "frames": 12, "width": 64, "height": 48, "observers": 5, "seed": 3}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A function from a layout to a data set on disk, not to be changed."""
    root = tmp_path_factory.mktemp("made")

    def make(layout):
        if not (root / layout).exists():
            synthesize(root / layout, layout=layout, **SIZE)
        return root / layout

    return make


@pytest.fixture
def copied(made, tmp_path):
    """The same, of a copy of one's own."""

    def copy(layout):
        shutil.copytree(made(layout), tmp_path / layout)
        return tmp_path / layout

    return copy
