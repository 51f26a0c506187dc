import numpy as np
import pytest

from meristem.errors import DataError
from meristem.genetics.pedigree import (
    make_pedigree,
    named_block,
    pedigree_relationship,
)


def lines_of(found, relationship, name):
    return named_block(found.line, relationship, name, name)


def pedigree(rows, selfing=None):
    line, one, two = np.array(rows).T
    return make_pedigree(line, one, two, selfing)


def test_relationships_are_those_of_the_golden_pedigree():
    found = pedigree([("5", "3", "4"), ("4", "1", "3"), ("3", "1", "2")])
    a = lines_of(found, pedigree_relationship(found), np.array(list("12345")))
    assert (a[3, 3], a[2, 3], a[4, 4]) == (1.25, 0.75, 1.375)
    assert a[0, 1] == 0
    assert np.array_equal(a, a.T)


def henderson_inverse(found, a):
    """A^-1 by Henderson's rules, of a pedigree without selfing."""
    n = found.line.size
    t, d = np.eye(n), np.empty(n)
    for k, parents in enumerate(found.parent.tolist()):
        known = [p for p in parents if p >= 0]
        for p in known:
            t[k, p] -= 0.5
        inbreeding = sum(a[p, p] - 1 for p in known)
        d[k] = {0: 1.0, 1: 0.75, 2: 0.5}[len(known)] - inbreeding / 4
    return t.T @ np.diag(1 / d) @ t


def test_inverse_is_that_of_hendersons_rules():
    rng = np.random.default_rng(3)
    rows = []
    for k in range(4, 40):
        one, two = (str(p) for p in rng.integers(0, k, 2))
        rows.append((str(k), one, "" if k % 7 == 0 else two))
    found = pedigree(rows)
    a = pedigree_relationship(found)
    assert a @ henderson_inverse(found, a) == pytest.approx(np.eye(40), abs=1e-9)


def test_selfing_halves_what_is_heterozygous():
    found = pedigree(
        [("f", "a", "b"), ("f2", "a", "b"), ("s", "f", "f")], np.array([0, 1, 0])
    )
    a = lines_of(found, pedigree_relationship(found), np.array(["f2", "s", "f", "a"]))
    assert a[0, 0] == 1.5  # F of an F2 is one half
    assert a[1, 1] == a[0, 0]  # as is that of the F1 crossed with itself
    assert a[0, 3] == a[2, 3] == 0.5


def test_loops_and_repeats_are_refused():
    with pytest.raises(DataError, match="is its own ancestor"):
        pedigree([("a", "b", ""), ("b", "c", ""), ("c", "a", "")])
    with pytest.raises(DataError, match="more than once: a"):
        pedigree([("a", "b", ""), ("a", "c", "")])


def test_lines_outside_the_pedigree_are_like_themselves_alone():
    found = pedigree([("c", "a", "b")])
    a = lines_of(found, pedigree_relationship(found), np.array(["x", "c", "a"]))
    assert a.tolist() == [[1, 0, 0], [0, 1, 0.5], [0, 0.5, 1]]
