"""Whether a network ranks the nodes of the shoot-branching simulator as it should.

Sensitivity by clamping (`interpret.sensitivity`) of a network that has seen no
metabolite, beside the share of the trait's variance that each node is involved in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from scipy.stats import rankdata, spearmanr

from benchmarks.accuracy.branching.shoot_branching import Cell, fit_predict
from benchmarks.accuracy.branching.sobol import intervention_effect, total_effects
from benchmarks.accuracy.cells import Progress, Row, open_table
from benchmarks.accuracy.figures import correlation, mean_interval, number
from meristem.errors import ConfigError
from meristem.interpret.importance.sensitivity import clamping_sensitivity
from meristem.models.protocol import FittedNetwork
from meristem.records import FloatArray
from meristem.simulate.bud_equations import CONSTANTS, NODES, bud_delay, node_values
from meristem.simulate.shoot_branching import (
    N_QTL,
    QTL_NODES,
    ShootBranching,
    plant_genotypes,
    simulate_shoot_branching,
)

INPUTS = ("A", "S", "QTL_CK", "QTL_SL")
"""Independent inputs: their total effects are Sobol's."""

HORMONES = ("A", "S", "CK", "SL")
"""Named nodes below the integrator: total effects of setting one of them anew."""

KEY = ("replicate", "n", "h2")
COLUMNS = (*KEY, "among", "node", "clamping", "clamping_rank", "sobol", "sobol_rank")

_DRAWS = 20_000
_LINES = 500


def run_node_order(
    n: int,
    h2: float,
    replicates: int,
    out: Path,
    seed: int = 1,
    *,
    progress: Progress | None = None,
) -> str:
    """Compare orders of importance; write `sensitivity.csv`.

    Parameters
    ----------
    n, h2
        Training plants and heritability.
    replicates
        Populations, numbered from 1: those of `run_shoot_branching`.

    Returns
    -------
    str
        Correlations and first nodes, as text.

    Raises
    ------
    ConfigError
        If the folder holds results of another seed.
    """
    if n < 20:
        raise ConfigError(f"n is {n}", remedy="give at least 20 plants")
    table = open_table(
        out, {"seed": seed, "draws": _DRAWS}, COLUMNS, KEY, "sensitivity.csv"
    )

    def work(replicate: int, n: int, h2: float) -> list[Row]:
        return order_rows(Cell(replicate, n, h2, 0.0, "binn"), seed)

    table.fill([(r, n, h2) for r in range(1, replicates + 1)], work, progress)
    return summary(table.rows)


def order_rows(cell: Cell, seed: int) -> list[Row]:
    """Fit one network; return both importances of every node."""
    population = simulate_shoot_branching(
        n_train=cell.n,
        n_test=_LINES,
        h2=cell.h2,
        rng=np.random.default_rng([seed, cell.replicate]),
    )
    fitted = cast(FittedNetwork, fit_predict(cell, population, seed)[1])
    true = true_effects(population, np.random.default_rng([seed, cell.replicate, 1]))
    genotypes = plant_genotypes(population, population.test)
    rows = []
    for among, nodes in (("inputs", INPUTS), ("hormones", HORMONES)):
        found = clamping_sensitivity(fitted, genotypes, nodes=nodes).mean()[:, 0]
        sobol = np.array([true[node] for node in nodes])
        ranks = rankdata(-found), rankdata(-sobol)
        rows += [
            {
                "among": among,
                "node": node,
                "clamping": number(found[j]),
                "clamping_rank": f"{ranks[0][j]:g}",
                "sobol": number(sobol[j]),
                "sobol_rank": f"{ranks[1][j]:g}",
            }
            for j, node in enumerate(nodes)
        ]
    return rows


def true_effects(
    population: ShootBranching, rng: np.random.Generator, n: int = _DRAWS
) -> dict[str, float]:
    """Return the total effect of every node on the clipped delay.

    Of the four inputs these are Sobol's total effects. CK and SL depend on A and S:
    theirs are what setting the node to a value of its own distribution changes, all
    other inputs as they are.
    """
    one, other = (_inputs(population, n, rng) for _ in range(2))
    effects = total_effects(lambda x: _delay(population, x), one, other)
    found = dict(zip(INPUTS, effects.tolist(), strict=True))
    value = _delay(population, one)
    variance = float(np.concatenate([value, _delay(population, other)]).var())
    for node in ("CK", "SL"):
        changed = _delay(population, _with_node(population, one, node, other))
        found[node] = intervention_effect(value, changed, variance)
    return found


def _inputs(
    population: ShootBranching, n: int, rng: np.random.Generator
) -> FloatArray:  # (n, 4) in the order of INPUTS
    dosage = rng.binomial(2, 0.5, size=(n, N_QTL))
    effect = np.zeros((N_QTL, len(QTL_NODES)))
    effect[np.arange(N_QTL), population.qtl_node] = population.qtl_effect
    return np.asarray(dosage @ effect)


def _delay(population: ShootBranching, inputs: FloatArray) -> FloatArray:
    constants = CONSTANTS[population.constants]
    A, S, c1, c2 = inputs.T
    integrator = node_values(A, S, c1, c2, constants)[:, NODES.index("I")]
    return np.minimum(bud_delay(integrator, constants), population.clip)


def _with_node(
    population: ShootBranching, inputs: FloatArray, node: str, source: FloatArray
) -> FloatArray:  # (n, 4)
    """Return inputs whose genetic part gives the node the value it has in `source`."""
    k = CONSTANTS[population.constants]
    A, S, c1, c2 = source.T
    wanted = node_values(A, S, c1, c2, k)[:, NODES.index(node)]
    A, S = inputs[:, 0], inputs[:, 1]
    changed = inputs.copy()
    if node == "CK":
        from_sugar = k.a1 * S**2 / (k.k1 + S**2)
        changed[:, 2] = (wanted * k.d1 - from_sugar) * (1 + k.b1 * A)
    else:
        changed[:, 3] = wanted * k.d2 - k.a2 * A**2 / (k.k2 + A**2)
    return changed


def replicate_agreement(rows: Sequence[Row]) -> dict[str, list[tuple[str, str, float]]]:
    """Return, per group of nodes, the first node by both and the rank correlation."""
    found: dict[str, list[tuple[str, str, float]]] = {}
    keys = dict.fromkeys((row["among"], *(row[name] for name in KEY)) for row in rows)
    for key in keys:
        own = [r for r in rows if (r["among"], *(r[name] for name in KEY)) == key]
        clamping = np.array([float(row["clamping"]) for row in own])
        sobol = np.array([float(row["sobol"]) for row in own])
        firsts = own[int(clamping.argmax())]["node"], own[int(sobol.argmax())]["node"]
        rank = float(spearmanr(clamping, sobol).statistic) if clamping.std() else 0.0
        found.setdefault(key[0], []).append((*firsts, rank))
    return found


def summary(rows: Sequence[Row]) -> str:
    """Return what the table says, group by group of nodes."""
    lines = []
    for among, found in replicate_agreement(rows).items():
        own = [row for row in rows if row["among"] == among]
        pairs = [(float(row["clamping"]), float(row["sobol"])) for row in own]
        pooled = correlation(*np.array(pairs).T)
        rank, low, high = mean_interval([item[2] for item in found])
        sucrose = sum(item[0] == "S" for item in found)
        truly = sum(item[1] == "S" for item in found)
        lines.append(
            f"{among}: sucrose first in {sucrose} of {len(found)} (in truth {truly}); "
            f"rank correlation {rank:.3f} ({low:.3f} to {high:.3f}); "
            f"Pearson over all {pooled:.3f}"
        )
    return "\n".join(lines)
