import numpy as np
import pytest

from meristem.errors import DataError
from meristem.expression.questions.holdouts import (
    family_holdouts,
    gene_holdouts,
    line_holdouts,
    permuted_gene_holdouts,
    permuted_holdouts,
)


def test_lines_are_held_out_once_a_repeat_and_repeats_differ() -> None:
    found = line_holdouts(23, 4, folds=5, repeats=2, seed=1)
    for repeat in range(2):
        own = [h.test_lines for h in found if h.repeat == repeat]
        assert sorted(np.concatenate(own)) == list(range(23))
    assert not np.array_equal(found[0].test_lines, found[5].test_lines)
    again = line_holdouts(23, 4, folds=5, repeats=2, seed=1)
    assert np.array_equal(found[7].test_lines, again[7].test_lines)


def test_families_are_never_parted_and_unknown_lines_train() -> None:
    family = np.array(["a", "b", "a", "c", "", "b"])
    for held in family_holdouts(family, 3, folds=5, seed=1):
        inside = set(family[held.test_lines])
        assert not inside & set(family[held.train_lines])
        assert 4 in held.train_lines
    with pytest.raises(DataError, match="1 known families"):
        family_holdouts(np.array(["a", "a"]), 3, folds=2, seed=1)


def test_groups_of_genes_are_held_out_with_old_and_with_new_lines() -> None:
    group = np.array(["1", "1", "2", "3", "3", "3"])
    found = gene_holdouts(group, 9, folds=5, seed=2)
    assert len(found) == 6
    for held in found:
        assert not set(group[held.test_genes]) & set(group[held.train_genes])
        both = set(held.train_lines) & set(held.test_lines)
        assert bool(both) == (held.question == "new_genes")
    with pytest.raises(DataError, match="one family or chromosome"):
        gene_holdouts(np.array(["1", "1"]), 9, folds=2, seed=1)


def test_permuted_lines_get_the_expression_of_others() -> None:
    found = permuted_holdouts(20, 2, folds=4, runs=2, seed=1)
    assert sorted(found[0].order) == list(range(20))
    assert not np.array_equal(found[0].order, np.arange(20))
    assert not np.array_equal(found[0].order, found[4].order)


def test_chance_of_new_genes_asks_the_same_of_expression_dealt_to_others() -> None:
    group = np.array(["1", "1", "2", "3"])
    plain = gene_holdouts(group, 20, folds=3, seed=1)
    found = permuted_gene_holdouts(group, 20, folds=3, runs=2, seed=1)
    assert len(found) == 2 * len(plain)
    assert {h.question for h in found} == {"permuted_new_genes", "permuted_both_new"}
    for held, own in zip(found, [*plain, *plain], strict=True):
        assert np.array_equal(held.test_lines, own.test_lines)
        assert np.array_equal(held.train_genes, own.train_genes)
        assert sorted(held.order) == list(range(20))
    assert not np.array_equal(found[0].order, found[-1].order)
