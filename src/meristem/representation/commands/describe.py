"""What each factor is: sets, traits, confounders; how firm it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import scipy.stats

from meristem.interpret.biology.enrichment import over_representation
from meristem.records import FloatArray, OmicsTable
from meristem.representation.confound.confounders import Confounder, fit_design
from meristem.representation.confound.linear import fit_regression
from meristem.representation.represented import Represented, fit_representation
from meristem.stats.correlation import columnwise_r
from meristem.stats.discoveries import benjamini_hochberg

TOP_SHARE = 0.05
"""Features of a factor that count as its own: the largest loadings."""
HALVES = 5


def own_values(
    found: Represented, table: OmicsTable, confounders: Sequence[Confounder]
) -> FloatArray:  # (n_measured, n_feature) NaN missing
    """Return the standardised values of measured rows, less what confounders tell.

    Their linear effects are taken off, however they were removed from the factors: the
    variance that is left is the same for every kind and every way of removal.
    """
    rows = np.flatnonzero(~np.isnan(table.value).all(axis=1))
    x = found.scale.apply(table.value[rows])
    own = [one.take(rows) for one in confounders]
    return fit_regression(x, own).clean(x, own) if own else x


def explained(
    y: FloatArray,  # (n_sample, n_feature) of `own_values`
    z: FloatArray,  # (n_sample, n_factor) factors of the same rows
) -> FloatArray:  # (n_factor,)
    """Return the share of the variance of a table that each factor alone explains."""
    unit = (z - z.mean(axis=0)) / np.maximum(z.std(axis=0), 1e-9)
    slope = np.nan_to_num(y).T @ unit / len(z)
    return np.asarray((slope**2).sum(axis=0) / (np.nansum(y**2) / len(z)))


def explained_together(
    y: FloatArray,  # (n_sample, n_feature) of `own_values`
    said: FloatArray,  # of the same shape: the values that factors stand for
) -> float:
    """Return the share of the variance of a table that all factors tell.

    With u s v' the singular vectors of what factors say, it is that of
    sum_i c_i u_i v_i' with the best c_i >= 0: what a code shrinks towards 0 counts in
    full, and principal components explain what they are known to.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(9, 4))
    >>> left, size, right = np.linalg.svd(x, full_matrices=False)
    >>> shrunk = 0.3 * np.outer(left[:, 0], right[0])
    >>> bool(np.isclose(explained_together(x, shrunk), size[0]**2 / (size**2).sum()))
    True
    """
    known = ~np.isnan(y)
    y, said = np.where(known, y, 0.0), np.where(known, said, 0.0)
    if y.shape[0] > y.shape[1]:
        y, said = y.T, said.T
    size, left = np.linalg.eigh(said @ said.T)
    left = left[:, size > 1e-9 * size[-1]]
    right = left.T @ said
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    told = np.maximum(((left.T @ y) * right).sum(axis=1), 0.0)
    return float((told**2).sum() / (y**2).sum())


def factor_sets(
    found: Represented,
    table: OmicsTable,
    sets: Mapping[str, frozenset[str]],
    label: Mapping[str, str],
) -> pd.DataFrame:
    """Test which sets hold more of the largest loadings than chance, either sign.

    q is over all sets and factors.
    """
    nodes = table.node_name
    background = frozenset(nodes[nodes != ""].tolist())
    frames = []
    for factor in range(found.n_factor):
        size = np.abs(found.loading[:, factor])
        cut = np.quantile(size, 1 - TOP_SHARE)
        top = frozenset(nodes[(size >= cut) & (nodes != "")].tolist())
        tests = over_representation(top, sets, background)
        tests.insert(0, "factor", found.factor_name[factor])
        frames.append(tests)
    whole = pd.concat(frames, ignore_index=True)
    whole["q"] = benjamini_hochberg(whole["p"].to_numpy(float))
    whole.insert(2, "label", [label.get(name, name) for name in whole["set"]])
    ordered = whole.sort_values(["factor", "p"], kind="stable")
    return ordered.groupby("factor", sort=False).head(50).reset_index(drop=True)


def factor_traits(
    name: Sequence[str],  # factors
    z: FloatArray,  # (n_sample, n_factor) NaN missing
    trait_name: Sequence[str],
    trait: FloatArray,  # (n_sample, n_trait) NaN missing
) -> pd.DataFrame:
    """Correlate every factor with every trait: factor,trait,n,r,p,q."""
    rows = []
    for t, trait_label in enumerate(trait_name):
        seen = ~np.isnan(trait[:, t]) & ~np.isnan(z).any(axis=1)
        n = int(seen.sum())
        y = np.repeat(trait[seen, t][:, None], z.shape[1], axis=1)
        r = columnwise_r(z[seen], y)
        with np.errstate(divide="ignore"):
            size = r * np.sqrt(max(n - 2, 1) / np.maximum(1 - r**2, 1e-12))
        p = 2 * scipy.stats.t.sf(np.abs(size), max(n - 2, 1))
        rows += [
            {"factor": factor, "trait": trait_label, "n": n, "r": r[i], "p": p[i]}
            for i, factor in enumerate(name)
        ]
    table = pd.DataFrame(rows, columns=["factor", "trait", "n", "r", "p"])
    return table.assign(q=benjamini_hochberg(table["p"].to_numpy(float)))


def factor_confounders(
    name: Sequence[str],
    z: FloatArray,  # (n_sample, n_factor) NaN missing
    confounders: Sequence[Confounder],
) -> pd.DataFrame:
    """Regress every factor on every confounder: factor,confounder,n,r2,p,q."""
    rows = []
    seen = ~np.isnan(z).any(axis=1)
    for one in confounders:
        known = seen & (one.label != "")
        columns = fit_design([one.take(known)]).columns([one.take(known)])
        design = np.column_stack([np.ones(columns.shape[0]), columns])
        rank = int(np.linalg.matrix_rank(design)) - 1
        free = max(design.shape[0] - rank - 1, 1)
        left = z[known] - design @ np.linalg.lstsq(design, z[known], rcond=None)[0]
        total = ((z[known] - z[known].mean(axis=0)) ** 2).sum(axis=0)
        rest = (left**2).sum(axis=0)
        r2 = 1 - rest / np.maximum(total, 1e-12)
        f = r2 / max(rank, 1) / np.maximum((1 - r2) / free, 1e-12)
        p = scipy.stats.f.sf(f, max(rank, 1), free)
        rows += [
            {
                "factor": factor,
                "confounder": one.name,
                "n": int(known.sum()),
                "r2": r2[i],
                "p": p[i],
            }
            for i, factor in enumerate(name)
        ]
    table = pd.DataFrame(rows, columns=["factor", "confounder", "n", "r2", "p"])
    return table.assign(q=benjamini_hochberg(table["p"].to_numpy(float)))


def factor_stability(
    found: Represented,
    table: OmicsTable,
    confounders: Sequence[Confounder],
    rng: np.random.Generator,
) -> FloatArray:  # (n_factor,) in [0, 1]
    """Return how well each factor is found again: mean |r| with its nearest match.

    Of networks with several seeds the factors of the other seeds, over all rows; else
    the factors of random halves of the rows.
    """
    x = found.cleaned_values(table, confounders)
    x = x[~np.isnan(x).all(axis=1)]
    own = found.scores(x)
    codes = found.code.encode(x)
    if codes.shape[0] > 1:
        others = [codes[m] for m in range(codes.shape[0]) if m != found.code.best]
        return np.mean([_best_match(own, other) for other in others], axis=0)
    if found.options.represent == "sets":
        return np.full(found.n_factor, np.nan)
    rows = np.flatnonzero(~np.isnan(table.value).all(axis=1))
    matches = []
    for _ in range(HALVES):
        half = np.sort(rng.permutation(rows)[: rows.size // 2])
        if half.size < 10:
            return np.full(found.n_factor, np.nan)
        again = fit_representation(
            table.take_samples(half),
            found.options,
            rng=rng,
            k=found.n_factor,
            confounders=[one.take(half) for one in confounders],
        )
        matches.append(_best_match(own, again.scores(x)))
    return np.mean(matches, axis=0)


def _best_match(own: FloatArray, other: FloatArray) -> FloatArray:
    n = own.shape[1]
    r = np.corrcoef(own.T, other.T)[:n, n:]
    return np.asarray(np.nan_to_num(np.abs(r)).max(axis=1))
