import numpy as np
import pytest

from meristem.genetics.pedigree import make_pedigree, pedigree_relationship
from meristem.genetics.single_step import Relatives, SingleStep


def some_lines():
    rng = np.random.default_rng(5)
    rows = [(str(k), *map(str, rng.integers(0, k, 2))) for k in range(5, 30)]
    pedigree = make_pedigree(*np.array(rows).T)
    a = pedigree_relationship(pedigree)
    z = np.linalg.cholesky(a) @ rng.standard_normal((a.shape[0], 400))
    return pedigree.line, a, z @ z.T / 400


def dense(a, rows, g, blend=0.05):
    """H of Legarra et al. 2009 with the scale of Christensen et al. 2012."""
    block, off = np.ix_(rows, rows), ~np.eye(rows.size, dtype=bool)
    own, g = a[block], g[block]
    slope = (np.diag(own).mean() - own[off].mean()) / (
        np.diag(g).mean() - g[off].mean()
    )
    tuned = own[off].mean() + slope * (g - g[off].mean())
    weighted = (1 - blend) * tuned + blend * own
    inverse = np.linalg.inv(a)
    inverse[block] += np.linalg.inv(weighted) - np.linalg.inv(own)
    return np.linalg.inv(inverse)


def between(model, names, g, reference, typed, one, two):
    place = [np.flatnonzero(names == name)[0] for name in reference]
    sides = [Relatives(names[k], typed[k], g[np.ix_(k, place)]) for k in (one, two)]
    return model.between(*sides, g[np.ix_(one, two)])


def model_of(names, a, g, rows, blend=0.05):
    return SingleStep(names, a, names[rows], g[np.ix_(rows, rows)], blend)


def test_it_is_the_published_matrix_among_lines_that_are_there():
    names, a, g = some_lines()
    rows, one, two = np.arange(3, 22), np.arange(25), np.arange(1, 30)
    model = model_of(names, a, g, rows)
    typed = np.isin(np.arange(names.size), rows)
    found = between(model, names, g, names[rows], typed, one, two)
    expected = dense(a, rows, g)[np.ix_(one, two)]
    assert found == pytest.approx(expected, abs=1e-6)


def test_it_is_the_pedigree_or_the_markers_at_its_ends():
    names, a, g = some_lines()
    n = names.size
    every, none = np.arange(n), np.empty(0, dtype=np.int64)
    model = model_of(names, a, g, none)
    found = between(model, names, g, names[none], np.zeros(n, bool), every, every)
    assert np.array_equal(found, a)
    model = model_of(names, a, g, every, blend=0.0)
    found = between(model, names, g, names, np.ones(n, bool), every, every)
    off = ~np.eye(n, dtype=bool)
    assert np.diag(found).mean() == pytest.approx(np.diag(a).mean())
    assert found[off].mean() == pytest.approx(a[off].mean())
    assert np.corrcoef(found[off], g[off])[0, 1] == pytest.approx(1)


def test_markers_of_new_lines_count_in_the_pedigree_or_not():
    names, a, g = some_lines()
    rows, new = np.arange(3, 22), np.arange(22, 30)
    model = model_of(names, a, g, rows)
    typed = np.arange(names.size) >= 3
    found = between(model, names, g, names[rows], typed, new, rows)
    off = np.corrcoef(found.ravel(), g[np.ix_(new, rows)].ravel())[0, 1]
    assert off > 0.999
    # a line outside the pedigree has its markers alone
    strange = names.copy()
    strange[new] = [f"x{k}" for k in new]
    found = between(model, strange, g, names[rows], typed, new, rows)
    assert np.corrcoef(found.ravel(), g[np.ix_(new, rows)].ravel())[0, 1] == (
        pytest.approx(1)
    )
    # without genotypes it has nothing, and two of them differ
    found = between(model, strange, g, names[rows], np.arange(30) < 22, new, rows)
    assert np.array_equal(found, np.zeros_like(found))
