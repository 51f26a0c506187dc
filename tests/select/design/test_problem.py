"""Design problems: conditioning on what is phenotyped already, and cells."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.select.design.choose import criterion_of
from meristem.select.design.problem import cell_problem, line_problem


def kernel(n: int, seed: int = 1) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(n, 30))
    k = x @ x.T
    return k * n / np.trace(k)


@pytest.mark.parametrize("criterion", ["cd", "pev"])
def test_lines_phenotyped_already_count_as_if_chosen(criterion: str) -> None:
    k, old, new = kernel(11), np.array([0, 4, 7]), np.array([1, 2, 3, 5, 6, 8, 9, 10])
    rest = line_problem(k, 0.8, candidates=new, targets=new, observed=old)
    every = np.arange(11)
    whole = line_problem(k, 0.8, candidates=every, targets=new)
    added = np.array([1, 5, 6])
    assert criterion_of(rest, added, criterion) == pytest.approx(
        criterion_of(whole, np.concatenate([old, new[added]]), criterion), abs=1e-10
    )
    none = np.array([], dtype=int)
    assert criterion_of(rest, none, criterion) == pytest.approx(
        criterion_of(whole, old, criterion), abs=1e-10
    )


def test_cells_spread_lines_over_environments() -> None:
    """The main effect of a line is known better from two environments than from one."""
    problem = cell_problem(kernel(6), 3, main=1.0, interaction=1.0, noise=0.5)
    every_line = np.arange(6) * 3
    spread = np.concatenate([every_line, every_line[:3] + 1, every_line[3:] + 2])
    one_place = np.concatenate([every_line, every_line[:3] + 1, every_line[3:] + 1])
    assert criterion_of(problem, spread) > 0
    twice = np.concatenate([every_line, every_line + 1])
    once = every_line
    assert criterion_of(problem, twice) > criterion_of(problem, once)
    assert criterion_of(problem, one_place) > criterion_of(problem, once)


def test_cells_equal_a_model_with_a_mean_per_environment() -> None:
    k = kernel(5)
    problem = cell_problem(
        k, 2, main=1.0, interaction=0.4, noise=0.7, environment_sd=1e3
    )
    cells = np.array([0, 1, 2, 5, 6, 9])
    line, place = np.divmod(cells, 2)
    v = k[np.ix_(line, line)] * (1.0 + 0.4 * (place[:, None] == place))
    v += 0.7 * np.eye(6)
    x = (place[:, None] == np.arange(2)).astype(float)
    inverse = np.linalg.inv(v)
    p = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    centred = k - k.mean(axis=0)
    d = centred[:, line]
    prior = np.diagonal(centred - centred.mean(axis=1)[:, None])
    expected = np.mean(np.einsum("ij,jk,ik->i", d, p, d) / prior)
    assert criterion_of(problem, cells) == pytest.approx(expected, rel=1e-4)


def test_cells_know_the_lines_phenotyped_elsewhere() -> None:
    """As if chosen: the same model with one more environment, whose plots are given."""
    k, old, new = kernel(9), np.array([1, 4, 6, 8]), np.array([0, 2, 3, 5, 7])
    problem = cell_problem(
        k,
        2,
        main=0.6,
        interaction=0.4,
        noise=0.7,
        environment_sd=1e3,
        candidates=new,
        observed=old,
    )
    cells = np.array([0, 3, 5, 8])
    line = np.concatenate([new[cells // 2], old])
    place = np.concatenate([cells % 2, np.full(old.size, 2)])
    v = k[np.ix_(line, line)] * (0.6 + 0.4 * (place[:, None] == place))
    v += 0.7 * np.eye(line.size)
    x = (place[:, None] == np.arange(3)).astype(float)
    inverse = np.linalg.inv(v)
    p = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    centred = k[new] - k[new].mean(axis=0)
    d = 0.6 * centred[:, line]
    prior = 0.6 * np.diagonal(centred[:, new] - centred[:, new].mean(axis=1)[:, None])
    expected = np.mean(np.einsum("ij,jk,ik->i", d, p, d) / prior)
    assert criterion_of(problem, cells) == pytest.approx(expected, rel=1e-4)
    assert criterion_of(problem, cells) > problem.start("cd") > 0


def test_a_single_line_is_no_design() -> None:
    with pytest.raises(ConfigError, match="no design"):
        line_problem(np.eye(3), 1.0, candidates=np.array([0]), targets=np.array([0]))
