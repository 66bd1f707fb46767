"""The rate and the best validation, against the paper's words."""

import math
from dataclasses import replace

import pytest

from tased.train.recipes import paper
from tased.train.schedule import Validation, best, drop_factor, rate_factors


def course(*losses):
    return [Validation(50 * n, {"loss": loss}) for n, loss in enumerate(losses, 1)]


@pytest.mark.parametrize(
    ("step", "factor"), [(1, 1), (750, 1), (751, 0.1), (950, 0.1), (951, 0.01), (1000, 0.01)]
)
def test_the_paper_drops_after_steps_750_and_950(step, factor):
    assert drop_factor(paper(), step, course(3, 2, 1)) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("losses", "drops"),
    [
        ((), 0),
        ((3, 2, 1), 0),
        ((3, 3), 0),  # one that is no smaller
        ((3, 3, 3), 1),  # two
        ((3, 4, 2, 2.5, 2.1), 1),  # a smaller one in between begins anew
        ((3, 3, 3, 3, 3), 2),
        ((1, 2, 2, 2, 2, 2, 2, 2, 2), 2),  # and never more than two
        ((1, math.nan, math.nan), 1),
    ],
)
def test_with_patience_it_drops_where_the_loss_does_not_decrease(losses, drops):
    recipe = replace(paper(), patience=2)
    assert drop_factor(recipe, 999, course(*losses)) == pytest.approx(0.1**drops)


def test_the_best_is_the_first_of_the_best():
    found = [
        Validation(1, {"loss": 2.0, "nss": 1.0, "kld": 2.0}),
        Validation(2, {"loss": 1.0, "nss": math.nan, "kld": 1.0}),
        Validation(3, {"loss": 1.0, "nss": 3.0, "kld": 3.0}),
    ]
    assert best(found, "loss").step == 2
    assert best(found, "kld").step == 2
    assert best(found, "nss").step == 3
    assert best(found[1:2], "nss") is None
    assert best([], "loss") is None


def test_cosine_and_warmup():
    recipe = replace(paper(), schedule="cosine", steps=100, warmup=3)
    factors = [rate_factors(recipe, step, ())[0] for step in range(1, 101)]
    assert factors[:4] == pytest.approx([0.25, 0.5, 0.75, 1], rel=0.01)
    assert factors[50] == pytest.approx(0.5)
    assert factors[-1] == 0.01
    assert rate_factors(replace(paper(), warmup=9), 1, ()) == (0.1, 0.1)
    assert rate_factors(paper(), 800, ()) == (1, pytest.approx(0.1))
