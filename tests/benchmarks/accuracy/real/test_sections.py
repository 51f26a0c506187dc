"""`benchmarks.accuracy.real.sections`."""

from __future__ import annotations

from benchmarks.accuracy.real.sections import covariate_table, sparse_table


def test_rows_of_the_sparse_table_are_training_sets() -> None:
    row = {"panel": "p", "test": "within", "n": "50", "n_train": "50"}
    row |= {"spearman": "0.2", "model": "auto"}
    gain = {"spearman_minus": "0.05", "spearman_minus_low": "-0.01"}
    gain |= {"spearman_minus_high": "0.11", "model": "ridge", "spearman": "0.15"}
    head, body = sparse_table([row, row | gain, row | {"n": "all", "n_train": "80"}])
    assert head == ["panel", "subpopulations", "n", "auto", "ridge", "auto minus ridge"]
    assert body[0] == ["p", "within", "50", "0.200", "0.150", "+0.050 [-0.010, +0.110]"]
    assert body[1] == ["p", "within", "all (80)", "0.200", "", ""]


def test_rows_without_adjustment_have_no_gain() -> None:
    row = {"test": "across", "trait": "BMI", "model": "gblup", "arm": "none"}
    row |= {"own": "0.1", "adjusted": "0.2"}
    other = {"arm": "sex", "gain": "0.1", "gain_low": "0", "gain_high": "0.2"}
    _, body = covariate_table([row, row | other])
    assert body[0][-1] == ""
    assert body[1][0] == "cages left out"
    assert body[1][-1] == "+0.100 [+0.000, +0.200]"
