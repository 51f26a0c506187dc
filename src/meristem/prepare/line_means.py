"""Means of lines, adjusted for the effects of trials: one weighted two-way fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from meristem.records import FloatArray, IntArray

_LINES_AT_ONCE = 1024


@dataclass(frozen=True)
class TrialEffects:
    """What the lines of a fit say of its trials: replicates within environments."""

    environment: IntArray  # (n_cell,)
    replicate: IntArray  # (n_cell,)
    effect: FloatArray  # (n_cell,) from the average trial of the average environment
    level: float  # mean of the lines

    def positions(
        self, environment: IntArray, replicate: IntArray
    ) -> IntArray:  # (n_obs,) -1 where no line of the fit was
        """Return which cell each value is of."""
        cells = zip(self.environment.tolist(), self.replicate.tolist(), strict=True)
        place = {cell: position for position, cell in enumerate(cells)}
        asked = zip(environment.tolist(), replicate.tolist(), strict=True)
        return np.array([place.get(cell, -1) for cell in asked], dtype=np.int64)


@dataclass(frozen=True)
class LineMeans:
    """Adjusted mean and its precision for every line, and the effects taken off."""

    mean: FloatArray  # (n_line,) NaN if unseen
    weight: FloatArray  # (n_line,) 1 if unseen
    trials: TrialEffects
    n_set: int  # sets of trials that share no line: 1 where all are connected


def other_line_means(
    trials: TrialEffects | None,
    value: FloatArray,  # (n_obs,)
    weight: FloatArray,  # (n_obs,)
    line: IntArray,  # (n_obs,) 0 .. n_line - 1
    environment: IntArray,  # (n_obs,)
    replicate: IntArray,  # (n_obs,)
    *,
    n_line: int,
) -> FloatArray:  # (n_line,)
    """Return the means of lines that the effects of the trials were not learned from.

    The mean of a line is the weighted mean of its values less the effects of their
    trials: the least-squares mean with these effects fixed. Values of trials where no
    line of the fit was are left out. A line that has no others is compared with the
    other such lines: their means are adjusted by their own trials and brought to
    the level of the fit; they keep their level where there is no fit (`None`: a new
    environment).
    """
    mean = np.full(n_line, np.nan)
    known = np.full(line.size, -1)
    if trials is not None:
        known = trials.positions(environment, replicate)
        seen = known >= 0
        rest = value[seen] - trials.effect[known[seen]]
        total = np.bincount(line[seen], weight[seen], minlength=n_line)
        summed = np.bincount(line[seen], weight[seen] * rest, minlength=n_line)
        np.divide(summed, total, out=mean, where=total > 0)
    new = np.isnan(mean[line])
    if new.any():
        own = line_means(
            value[new],
            weight[new],
            line[new],
            environment[new],
            replicate[new],
            n_line=n_line,
        )
        shift = 0.0 if trials is None else trials.level - own.trials.level
        mean[line[new]] = own.mean[line[new]] + shift
    return mean


def line_means(
    value: FloatArray,  # (n_obs,)
    weight: FloatArray,  # (n_obs,)
    line: IntArray,  # (n_obs,) 0 .. n_line - 1
    environment: IntArray,  # (n_obs,)
    replicate: IntArray,  # (n_obs,)
    *,
    n_line: int,
) -> LineMeans:
    """Return adjusted mean and precision of each line, and the effects of the trials.

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
    reference = average @ effect  # (n_island,)
    if average.shape[0] > 1:
        shift = _island_shifts(mean, island_of_line[seen], seen)
        mean += shift[island_of_line]
        reference += shift
    trials = TrialEffects(
        cell_environment,
        replicate[cell[1]],
        effect - reference[island_of_cell],
        float(mean[seen].mean()),
    )
    mean = np.where(seen, mean, np.nan)
    weight = np.where(seen, 1.0 / variance, 1.0)
    return LineMeans(mean, weight, trials, average.shape[0])


def _islands(
    incidence: sparse.csr_matrix,  # (n_line, n_cell)
) -> tuple[IntArray, IntArray]:  # (n_cell,), (n_line,)
    """Return which connected set of replicates each cell and each line is in."""
    _, island_of_cell = sparse.csgraph.connected_components(
        incidence.T @ incidence, directed=False
    )
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


def _island_shifts(
    mean: FloatArray,  # (n_line,)
    island: IntArray,  # (n_seen,) of the lines seen
    seen: NDArray[np.bool_],  # (n_line,)
) -> FloatArray:  # (n_island,)
    """Return what brings unconnected sets of trials to the mean of all lines."""
    known = mean[seen]
    islands = np.unique(island)
    shift = np.zeros(islands.max() + 1)
    for number in islands:
        shift[number] = float(known.mean()) - known[island == number].mean()
    return shift
