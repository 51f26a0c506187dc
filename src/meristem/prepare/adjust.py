"""Adjusted means: one value per line (and environment) from single observations."""

from __future__ import annotations

import logging
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from meristem.errors import DataError
from meristem.records import FloatArray, IntArray, Observations, Phenotypes, StrArray

log = logging.getLogger(__name__)

_LINES_AT_ONCE = 1024

SMALLEST_TRIAL = 3
"""A trial of fewer values is not called constant."""


def adjusted_means(
    observations: Observations,
    by: Literal["line", "line_environment"] = "line",
) -> Phenotypes:
    """Return least-squares means per line, adjusted for environment and replicate.

    The model of each trait is value = line + environment + replicate within
    environment + error, all fixed, weighted by the observations' weights. The mean
    of a line is its value in an average environment and replicate, each environment
    counting alike: a best linear unbiased estimate under independent errors.
    Where environments share no line, directly or through others, their difference
    cannot be told from that of their lines; such sets are brought to the same mean.
    With `line_environment` each environment is adjusted for its replicates alone.

    The weight of a mean is its precision in units of one observation of weight 1,
    so a single observation passes through unchanged. Trials (a trait in an
    environment) in which three or more values are all equal are dropped.

    Parameters
    ----------
    observations
        Single measurements.
    by
        One value per line, or one per line and environment.

    Returns
    -------
    Phenotypes
        Samples in the order in which they appear; NaN where a line has no value.

    Raises
    ------
    DataError
        If a trait has no value left.

    References
    ----------
    Searle (1987), Linear Models for Unbalanced Data, chapter 4 (absorption);
    Moehring and Piepho (2009), Crop Science 49:1977 (weights in two-stage analysis).

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.records import Observations
    >>> table = Observations(
    ...     sample_id=np.array(["a", "b", "a"]),
    ...     environment=np.array(["dry", "dry", "wet"]),
    ...     replicate=np.array(["", "", ""]),
    ...     trait=np.array(["yield"] * 3),
    ...     value=np.array([4.0, 5.0, 8.0]),
    ...     weight=np.ones(3),
    ... )
    >>> adjusted_means(table).value.ravel().tolist()
    [6.0, 7.0]
    """
    _, first, sample = np.unique(
        observations.sample_id, return_index=True, return_inverse=True
    )
    order = np.argsort(first)  # ids in order of appearance
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    line = rank[sample]
    targets, values, weights = [], [], []
    usable = ~np.isnan(observations.value) & ~_in_constant_trial(observations)
    for trait, environment, rows in _targets(observations, usable, by):
        value, weight = line_means(
            observations.value[rows],
            observations.weight[rows],
            line[rows],
            _codes(observations.environment[rows]),
            _codes(observations.replicate[rows]),
            n_line=order.size,
        )
        targets.append((trait, environment))
        values.append(value)
        weights.append(weight)
    names = np.array(targets, dtype=np.str_).reshape(-1, 2)
    return Phenotypes(
        sample_id=observations.sample_id[first[order]],
        trait_name=names[:, 0],
        environment_name=names[:, 1],
        value=np.column_stack(values),
        weight=np.column_stack(weights),
    )


def _codes(labels: StrArray) -> IntArray:
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _in_constant_trial(observations: Observations) -> NDArray[np.bool_]:  # (n_obs,)
    pair = np.char.add(np.char.add(observations.trait, "\n"), observations.environment)
    trial = _codes(pair)
    known = ~np.isnan(observations.value)
    low = np.full(trial.max(initial=0) + 1, np.inf)
    high = np.full(low.size, -np.inf)
    np.minimum.at(low, trial[known], observations.value[known])
    np.maximum.at(high, trial[known], observations.value[known])
    count = np.bincount(trial[known], minlength=low.size)
    constant = (low == high) & (count >= SMALLEST_TRIAL)
    for number in np.flatnonzero(constant):
        name = pair[np.flatnonzero(trial == number)[0]].replace("\n", " in ")
        log.warning("dropped %s: all %d values are equal", name, count[number])
    return constant[trial]


def _targets(
    observations: Observations, usable: NDArray[np.bool_], by: str
) -> list[tuple[str, str, IntArray]]:
    """Return trait, environment ("" for all) and rows of every target, as listed."""
    traits = list(dict.fromkeys(observations.trait.tolist()))
    environments = list(dict.fromkeys(observations.environment.tolist()))
    found: list[tuple[str, str, IntArray]] = []
    for trait in traits:
        of_trait = usable & (observations.trait == trait)
        if not of_trait.any():
            raise DataError(
                f"trait {trait!r} has no value, or the same in every trial",
                where=observations.source,
                remedy="leave it out of `phenotypes.traits`",
            )
        if by == "line":
            found.append((trait, "", np.flatnonzero(of_trait)))
            continue
        for environment in environments:
            rows = np.flatnonzero(of_trait & (observations.environment == environment))
            if rows.size:
                found.append((trait, environment, rows))
    return found


def line_means(
    value: FloatArray,  # (n_obs,)
    weight: FloatArray,  # (n_obs,)
    line: IntArray,  # (n_obs,) 0 .. n_line - 1
    environment: IntArray,  # (n_obs,)
    replicate: IntArray,  # (n_obs,)
    *,
    n_line: int,
) -> tuple[FloatArray, FloatArray]:  # mean and weight; each (n_line,)
    """Return adjusted mean (NaN if unseen) and precision (1 if unseen) of each line.

    Lines are absorbed, so that the dense system has one row per replicate within
    environment, however many lines there are.
    """
    cell = np.unique(
        environment * (replicate.max() + 1) + replicate,
        return_index=True,
        return_inverse=True,
    )
    cell_environment = environment[cell[1]]  # (n_cell,)
    incidence = sparse.csr_matrix(
        (weight, (line, cell[2])), shape=(n_line, cell_environment.size)
    )
    total = np.asarray(incidence.sum(axis=1)).ravel()  # (n_line,)
    seen = total > 0
    scale = np.where(seen, total, 1.0)
    raw = np.bincount(line, weight * value, minlength=n_line) / scale
    share = (sparse.diags(1.0 / scale) @ incidence).tocsr()  # (n_line, n_cell)

    system = -(incidence.T @ share).toarray()
    system[np.diag_indices_from(system)] += np.asarray(incidence.sum(axis=0)).ravel()
    right = np.bincount(cell[2], weight * value) - incidence.T @ raw
    island_of_cell, island_of_line = _islands(incidence)
    inverse = _pseudo_inverse(system, island_of_cell)
    effect = inverse @ right  # (n_cell,)

    average = _average_cells(cell_environment, island_of_cell)  # (n_island, n_cell)
    mean, variance = raw.copy(), 1.0 / scale
    for start in range(0, n_line, _LINES_AT_ONCE):
        some = slice(start, start + _LINES_AT_ONCE)
        lean = share[some].toarray() - average[island_of_line[some]]  # (n, n_cell)
        mean[some] -= lean @ effect
        variance[some] += np.einsum("ij,ij->i", lean @ inverse, lean)
    if average.shape[0] > 1:
        mean = _level_islands(mean, island_of_line, seen)
    return np.where(seen, mean, np.nan), np.where(seen, 1.0 / variance, 1.0)


def _islands(
    incidence: sparse.csr_matrix,  # (n_line, n_cell)
) -> tuple[IntArray, IntArray]:  # (n_cell,), (n_line,)
    """Return which connected set of replicates each cell and each line is in."""
    _, island_of_cell = connected_components(incidence.T @ incidence, directed=False)
    some_cell = np.zeros(incidence.shape[0], dtype=np.int64)
    rows, columns = incidence.nonzero()
    some_cell[rows] = columns
    return island_of_cell, island_of_cell[some_cell]


def _pseudo_inverse(
    system: FloatArray,  # (n_cell, n_cell)
    island_of_cell: IntArray,  # (n_cell,)
) -> FloatArray:  # (n_cell, n_cell)
    """Return the Moore-Penrose inverse of the absorbed system.

    Within an island the system is the Laplacian of a connected graph: its null
    space is the constant vector, so that S+ = (S + c J/n)^-1 - J/(c n), which costs
    a tenth of an eigendecomposition.
    """
    inverse = np.zeros(system.shape)
    for island in range(island_of_cell.max() + 1):
        cells = np.flatnonzero(island_of_cell == island)
        if cells.size == 1:
            continue
        block = system[np.ix_(cells, cells)]
        c = float(np.diag(block).mean())
        lifted = np.linalg.inv(block + c / cells.size) - 1.0 / (c * cells.size)
        inverse[np.ix_(cells, cells)] = (lifted + lifted.T) / 2
    return inverse


def _average_cells(
    cell_environment: IntArray,  # (n_cell,)
    island_of_cell: IntArray,  # (n_cell,)
) -> FloatArray:  # (n_island, n_cell)
    """Return the weights of an average replicate of an average environment."""
    average = np.zeros((island_of_cell.max() + 1, cell_environment.size))
    for island in range(average.shape[0]):
        within = island_of_cell == island
        environments = np.unique(cell_environment[within])
        for environment in environments:
            cells = within & (cell_environment == environment)
            average[island, cells] = 1.0 / (environments.size * cells.sum())
    return average


def _level_islands(
    mean: FloatArray,  # (n_line,)
    island_of_line: IntArray,  # (n_line,)
    seen: NDArray[np.bool_],  # (n_line,)
) -> FloatArray:
    """Bring unconnected sets of environments to the overall mean of the lines."""
    overall = float(mean[seen].mean())
    level = mean.copy()
    islands = np.unique(island_of_line[seen])
    for island in islands:
        lines = seen & (island_of_line == island)
        level[lines] += overall - mean[lines].mean()
    log.warning("%d sets of trials share no line: set to one mean", islands.size)
    return level
