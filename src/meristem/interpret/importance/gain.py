"""Does a node know more of the trait than the nodes it reads? (RLIPP)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.plan.assemble import node_edges
from meristem.records import FloatArray, IntArray, NetworkPlan
from meristem.stats.correlation import columnwise_r

COLUMNS = ("node", "n_sources", "r_node", "r_sources", "gain", "n_rows")


def parent_gain(
    plan: NetworkPlan,
    latent: FloatArray,  # (n_sample, n_node)
    y: FloatArray,  # (n_sample,) NaN missing
    rng: np.random.Generator,
    *,
    nodes: IntArray | None = None,
    n_fold: int = 5,
    penalty: float = 1.0,
) -> pd.DataFrame:
    """Compare each node with a ridge regression on the nodes it reads.

    A node that only adds its sources up gains nothing; one that bends or combines
    them usefully predicts the trait better than any linear function of them.

    Parameters
    ----------
    plan
        Of the network.
    latent
        Of samples the network was not trained on.
    y
        Phenotype of the same samples.
    rng
        Source of the folds in which both regressions are fitted.
    nodes
        Numbers of the nodes compared; default: all that read nodes.
    n_fold
        Folds.
    penalty
        Of both ridge regressions, on standardised latents.

    Returns
    -------
    DataFrame
        One row per node that reads nodes: n_sources, r_node, r_sources
        (cross-validated Pearson r with y) and gain = r_node - r_sources; largest
        first; n_rows says how much of it can be chance. The original RLIPP is the
        ratio of the two correlations; the difference stays finite where the sources
        know nothing.

    References
    ----------
    Ma et al. 2018, Nat Methods 15:290 (relative local improvement in predictive power).
    """
    known = ~np.isnan(y)
    z, y = _standardise(latent[known]), y[known]
    fold = np.empty(y.size, dtype=np.int64)
    fold[rng.permutation(y.size)] = np.arange(y.size) % n_fold
    source, reader = node_edges(plan)
    records = []
    compared = np.unique(reader)
    if nodes is not None:
        compared = np.intersect1d(compared, nodes)
    for node in compared:
        sources = source[reader == node]
        one = _cross_validated_r(z[:, [node]], y, fold, penalty)
        other = _cross_validated_r(z[:, sources], y, fold, penalty)
        name = str(plan.node_name[node])
        records.append((name, sources.size, one, other, one - other, y.size))
    table = pd.DataFrame.from_records(records, columns=list(COLUMNS))
    return table.sort_values("gain", ascending=False, ignore_index=True)


def _cross_validated_r(
    z: FloatArray,  # (n, n_column)
    y: FloatArray,  # (n,)
    fold: np.ndarray,  # (n,)
    penalty: float,
) -> float:
    y_hat = np.zeros(y.size)
    for held in np.unique(fold):
        train, test = fold != held, fold == held
        mean_z, mean_y = z[train].mean(axis=0), y[train].mean()
        centred = z[train] - mean_z
        gram = centred.T @ centred + penalty * np.eye(z.shape[1])
        weight = np.linalg.solve(gram, centred.T @ (y[train] - mean_y))
        y_hat[test] = mean_y + (z[test] - mean_z) @ weight
    return float(columnwise_r(y_hat[:, None], y[:, None])[0])


def _standardise(latent: FloatArray) -> FloatArray:
    sd = latent.std(axis=0)
    return (latent - latent.mean(axis=0)) / np.where(sd > 1e-12, sd, 1.0)
