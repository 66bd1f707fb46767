"""The paper's numbers, against a transcription of its tables as they are printed."""

import pytest

from tased.evaluate.reference import COLUMNS, PAPER, PAPER_TABLES, UPDATED
from tased.metrics import METRICS

# Typed line by line from the paper, in its layout: name, then NSS, CC, SIM, AUC-J, s-AUC.
PRINTED = {
    (1, "DHF1K", "validation"): """
        Late-aggregation (16)    2.555  0.460  0.340  0.892  0.712
        Late-aggregation (32)    2.618  0.467  0.343  0.897  0.713
        Early two-step (16)      2.591  0.464  0.343  0.894  0.708
        Early two-step (32)      2.673  0.475  0.361  0.891  0.706
        Late two-step (16)       2.622  0.469  0.349  0.892  0.713
        Late two-step (32)       2.706  0.481  0.362  0.894  0.718
    """,
    (2, "DHF1K", "test"): """
        GBVS                     1.474  0.283  0.186  0.828  0.554
        STSCovNet                1.632  0.325  0.197  0.834  0.581
        Deep Net                 1.775  0.331  0.201  0.855  0.592
        SALICON                  1.901  0.327  0.232  0.857  0.590
        OM-CNN                   1.911  0.344  0.256  0.856  0.583
        DVA                      2.013  0.358  0.262  0.860  0.595
        SalGAN                   2.043  0.370  0.262  0.866  0.709
        ACLNet                   2.354  0.434  0.315  0.890  0.601
        TASED-Net                2.667  0.470  0.361  0.895  0.712
    """,
    (3, "Hollywood2", "test"): """
        STSCovNet                1.748  0.382  0.276  0.863  0.710
        SALICON                  2.013  0.425  0.321  0.856  0.711
        Deep Net                 2.066  0.451  0.300  0.884  0.736
        OM-CNN                   2.313  0.446  0.356  0.887  0.693
        DVA                      2.459  0.482  0.372  0.886  0.727
        ACLNet                   3.086  0.623  0.542  0.913  0.757
        TASED-Net                3.302  0.646  0.507  0.918  0.768
    """,
    (3, "UCFSports", "test"): """
        GBVS                     1.818  0.396  0.274  0.859  0.697
        Deep Net                 1.903  0.414  0.282  0.861  0.719
        OM-CNN                   2.089  0.405  0.321  0.870  0.691
        DVA                      2.311  0.439  0.339  0.872  0.725
        ACLNet                   2.567  0.510  0.406  0.897  0.744
        TASED-Net                2.920  0.582  0.469  0.899  0.752
    """,
    (4, "DHF1K", "validation"): """
        TASED-Net-tri            2.452  0.448  0.337  0.891  0.702
        TASED-Net-trp            2.598  0.470  0.353  0.894  0.707
        TASED-Net                2.706  0.481  0.362  0.894  0.718
    """,
    (5, "DHF1K", "validation"): """
        TASED-Net (4)            2.434  0.441  0.327  0.887  0.689
        TASED-Net (8)            2.585  0.460  0.348  0.889  0.696
        TASED-Net (16)           2.622  0.469  0.349  0.892  0.713
        TASED-Net (32)           2.706  0.481  0.362  0.894  0.718
        TASED-Net (48)           2.636  0.472  0.348  0.894  0.708
        TASED-Net (64)           2.554  0.459  0.336  0.893  0.702
    """,
}


def printed(text):
    """Rows of (name, five strings)."""
    lines = [line.split("  ") for line in text.strip().splitlines()]
    return [(parts[0], *parts[1:]) for parts in ([p.strip() for p in line if p.strip()] for line in lines)]


def ours(number, data):
    [block] = [b for b in PAPER_TABLES[number].blocks if b.data == data]
    return block


@pytest.mark.parametrize(("number", "data", "split"), PRINTED)
def test_every_number_is_the_papers(number, data, split):
    block = ours(number, data)
    assert block.split == split
    rows = [(row.method, *(f"{score:.3f}" for score in row.scores)) for row in block.rows]
    expected = [
        ({"STSCovNet": "STSConvNet"}.get(name, name), *scores)
        for name, *scores in printed(PRINTED[number, data, split])
    ]
    assert rows == expected
    assert all(len(row) == 1 + len(COLUMNS) for row in rows)
    assert all(round(score, 3) == score for row in block.rows for score in row.scores)


def test_nothing_is_left_out_and_nothing_added():
    found = {(n, b.data, b.split) for n, table in PAPER_TABLES.items() for b in table.blocks}
    assert found == set(PRINTED)
    assert [len(printed(text)) for text in PRINTED.values()] == [6, 9, 7, 6, 3, 6]


def test_columns_are_the_papers_and_metrics_of_ours():
    assert tuple(COLUMNS.values()) == ("NSS", "CC", "SIM", "AUC-J", "s-AUC")
    assert set(COLUMNS) <= set(METRICS)


@pytest.mark.parametrize("number", PAPER_TABLES)
def test_a_table_says_where_it_is_printed(number):
    table = PAPER_TABLES[number]
    assert table.number == number
    assert table.caption
    assert table.origin == f"{PAPER}, Table {number}"
    assert all(row.origin == PAPER for block in table.blocks for row in block.rows)


def test_systems_of_others_name_their_authors():
    for number in (2, 3):
        rows = [row for block in PAPER_TABLES[number].blocks for row in block.rows]
        assert all(bool(row.source) == (row.method != "TASED-Net") for row in rows)


def test_the_variants_agree_across_tables():
    """The paper's own network stands in three tables, with the same scores."""
    best = {
        (1, "Late two-step (32)"), (4, "TASED-Net"), (5, "TASED-Net (32)"),
    }  # fmt: skip
    scores = {
        row.scores
        for number in (1, 4, 5)
        for row in PAPER_TABLES[number].blocks[0].rows
        if (number, row.method) in best
    }
    assert len(scores) == 1


def test_the_updated_network_is_the_authors_and_not_the_papers():
    assert UPDATED.scores == (2.797, 0.489, 0.393, 0.897, 0.712)
    assert "github.com/MichiganCOG/TASED-Net" in UPDATED.origin
    assert UPDATED.origin != PAPER
