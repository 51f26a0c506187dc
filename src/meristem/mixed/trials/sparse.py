"""REML of tens of thousands of records: conjugate gradients, stochastic traces.

The average-information step needs P y, P q for each component, and traces tr(P V_k)
that random signs estimate; they are the same in every round, so that rounds converge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meristem.mixed.trials.crossed import Crossed, low_rank, solve_projected
from meristem.mixed.trials.likelihood import Records
from meristem.records import FloatArray

PROBES = 12
TOLERANCE = 0.003
"""Change of every component, as a share of the total, at which to stop."""
FLOOR = 1e-4
MOST_ROUNDS = 15


@dataclass(frozen=True)
class SparseFit:
    """Components and dual weights of records."""

    variance: FloatArray  # (n_part,)
    noise: float
    se: FloatArray  # (n_part + 1,) the last one of the noise
    mean: FloatArray  # (t,) of the environments
    dual: FloatArray  # (n_record,) P y
    rounds: int
    converged: bool


def fit_sparse(
    records: Records,
    kernel: FloatArray,  # (n_line, n_line)
    parts: Sequence[FloatArray],  # each (t, t)
    rng: np.random.Generator,
    *,
    probes: int = PROBES,
) -> SparseFit:
    """Return REML components of terms E_k (x) K and of the noise.

    Parameters
    ----------
    records
        Any cells of the table.
    kernel
        Of all lines, mean diagonal about 1; used in float32.
    parts
        Covariances among environments that are known but for a factor.
    rng
        Signs of the probes.
    probes
        Their number: the error of a trace falls with its root.

    References
    ----------
    Gilmour, Thompson & Cullis 1995, Biometrics 51:1440 (average information);
    Matilainen et al. 2013, PLoS ONE 8:e80821 (Monte Carlo traces).
    """
    crossed = Crossed(records, kernel.astype(np.float32))
    scale = float(np.var(crossed.centre(records.y[:, None])))
    y = records.y / np.sqrt(scale)
    n, t, q = y.size, records.n_place, len(parts)
    sign = rng.choice([-1.0, 1.0], (n, probes))
    sign_product = crossed.product(crossed.centre(sign))
    images = [crossed.centre(crossed.gather(sign_product, part)) for part in parts]
    size = np.array([np.diag(part).mean() for part in parts])
    variance = np.append(0.5 / q / size, 0.5)
    converged, rounds = False, 0
    information = np.eye(q + 1)
    while rounds < MOST_ROUNDS and not converged:
        rounds += 1
        genetic = np.tensordot(variance[:-1], np.stack(parts), 1)
        helper = low_rank(crossed, genetic, variance[-1])
        work = (genetic, float(variance[-1]), helper)
        solved = solve_projected(crossed, np.column_stack([y, sign]), *work)
        dual, other = solved[:, 0], solved[:, 1:]
        trace = np.array([float((other * image).sum()) / probes for image in images])
        # P V = I on the contrasts, so that the last trace follows from the others
        left = (n - t - variance[:-1] @ trace) / variance[-1]
        trace = np.append(trace, left)
        product = crossed.product(dual[:, None])
        along = [crossed.gather(product, part)[:, 0] for part in parts]
        q_columns = np.column_stack([*along, dual / records.weight])
        quadratic = q_columns.T @ dual
        second = solve_projected(crossed, q_columns, *work)
        information = 0.5 * q_columns.T @ second
        step = np.linalg.solve(information, 0.5 * (quadratic - trace))
        new = _inside(variance, step, quadratic / trace)
        change = np.abs(new - variance) * np.append(size, 1.0)
        converged = bool((change < TOLERANCE * (new @ np.append(size, 1.0))).all())
        variance = new
    se = np.sqrt(np.maximum(np.diag(np.linalg.pinv(information)), 0))
    dual, mean = _solution(crossed, y, variance, parts)
    root = np.sqrt(scale)
    return SparseFit(
        variance[:-1] * scale,
        float(variance[-1] * scale),
        se * scale,
        mean * root,
        dual / root,
        rounds,
        converged,
    )


def _solution(
    crossed: Crossed,
    y: FloatArray,  # (n_record,)
    variance: FloatArray,  # (n_part + 1,)
    parts: Sequence[FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Return P y and the environments' means."""
    genetic = np.tensordot(variance[:-1], np.stack(parts), 1)
    helper = low_rank(crossed, genetic, variance[-1])
    work = (genetic, float(variance[-1]), helper)
    dual = solve_projected(crossed, y[:, None], *work, tolerance=1e-5)[:, 0]
    rest = y - crossed.apply(dual[:, None], genetic, float(variance[-1]))[:, 0]
    place, t = crossed.records.place, crossed.records.n_place
    mean = np.bincount(place, rest, minlength=t) / np.bincount(place, minlength=t)
    return dual, mean


def _inside(variance: FloatArray, step: FloatArray, ratio: FloatArray) -> FloatArray:
    """Return the next components: halved steps, the multiplicative one at a bound."""
    for length in (1.0, 0.5, 0.25):
        new = variance + length * step
        if (new > 0.2 * variance).all():
            return new
    return np.maximum(variance * np.sqrt(np.maximum(ratio, 0.0)), FLOOR)
