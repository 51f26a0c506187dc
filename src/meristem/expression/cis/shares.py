"""Variance shares of many genes at once: own variants, polygenic rest, residual.

The model of one gene is y = 1 mu + F b + g + e with g ~ N(0, h K), e ~ N(0, (1 - h) I)
and the columns of F, of which several sets (own variants, sequence features, a
published score) may be mixed, of variance c / (1 - c). All genes share K and its
eigendecomposition; the columns of a gene are few. Shares are not chosen but averaged
by their posterior, with a prior over the grid that all genes teach (empirical Bayes).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from meristem.expression.cis.single_effect import (
    SingleEffect,
    mean_effect,
    single_effect,
)
from meristem.records import FloatArray, IntArray

POLYGENIC = (0.001, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9)
"""Shares h of what the columns leave that are polygenic."""
OWN = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85)
"""Shares c of the variance that columns explain."""
KEPT = 0.999
"""Share of the spread of a set of columns that is kept."""
PRIOR_ROUNDS = 200
BATCH = 4_000_000
"""Numbers in one array of a batch of genes."""


@dataclass(frozen=True)
class SharedKernel:
    """The polygenic kernel of the training lines, without their mean, decomposed.

    Examples
    --------
    >>> shared = share_kernel(np.diag([1.0, 2.0, 3.0, 2.0]))
    >>> shared.basis.shape, bool(abs(shared.basis.sum(axis=0)).max() < 1e-12)
    ((4, 3), True)
    """

    values: FloatArray  # (n - 1,) of the kernel between lines, mean taken out
    basis: FloatArray  # (n, n - 1) orthonormal, columns sum to 0


@dataclass(frozen=True)
class ShareGrid:
    """Candidate shares; `mixtures` say how sets of columns divide their share."""

    polygenic: FloatArray  # (n_h,)
    own: FloatArray  # (n_c,) the first one 0
    mixtures: FloatArray  # (n_mixture, n_set) rows sum to 1


@dataclass(frozen=True)
class GeneShares:
    """Posterior means of one gene and what predicts it."""

    dual: FloatArray  # (n,) K_new dual is the polygenic part of new lines
    weight: tuple[FloatArray, ...]  # per set (n_column,) on centred columns
    polygenic: float  # share of the variance
    own: FloatArray  # (n_set,) share of the variance


@dataclass(frozen=True)
class _Reduced:
    """Columns of one gene: few directions that carry their spread."""

    rotated: FloatArray  # (n - 1, k) in the basis of the kernel
    back: FloatArray  # (n_column, k) columns @ back = directions


def share_kernel(
    kernel: FloatArray | None,  # (n, n)
    n: int = 0,
) -> SharedKernel:
    """Decompose a kernel once for all genes; None: there is no polygenic part."""
    size = n if kernel is None else kernel.shape[0]
    centre = np.eye(size) - 1 / size
    contrasts = np.linalg.eigh(centre)[1][:, 1:]
    if kernel is None:
        return SharedKernel(np.zeros(size - 1), contrasts)
    values, vectors = np.linalg.eigh(contrasts.T @ kernel @ contrasts)
    return SharedKernel(np.maximum(values, 0), contrasts @ vectors)


def share_grid(n_set: int, *, polygenic: bool = True) -> ShareGrid:
    """Return the grid for a number of sets of columns: each alone, pairs, all."""
    h = np.array(POLYGENIC if polygenic else (0.0,))
    if n_set == 0:
        return ShareGrid(h, np.zeros(1), np.zeros((1, 0)))
    rows = []
    for size in range(1, n_set + 1):
        for chosen in itertools.combinations(range(n_set), size):
            row = np.zeros(n_set)
            row[list(chosen)] = 1 / size
            rows.append(row)
    return ShareGrid(h, np.array(OWN), np.array(rows))


def fit_shares(
    shared: SharedKernel,
    expression: FloatArray,  # (n, n_gene) without missing values
    columns: Sequence[Sequence[FloatArray]],  # per gene, per set (n, n_column)
    grid: ShareGrid,
    *,
    single: bool = False,
) -> list[GeneShares]:
    """Average the model of every gene over the grid of shares.

    Parameters
    ----------
    shared
        Kernel of the training lines, of mean diagonal 1.
    expression
        Of the training lines.
    columns
        Sets of columns of every gene; a set may be empty. Their scale within a set
        counts, that of the set does not.
    grid
        Shares to average over.
    single
        Also average in a model in which one column of the first set acts alone.

    Returns
    -------
    list of GeneShares
        In the order of the genes.

    References
    ----------
    Lippert et al. 2011, Nature Methods 8:833 (one decomposition, many traits);
    Henderson 1975, Biometrics 31:423 (BLUP); Efron & Morris 1973, J Am Stat Assoc
    68:117 (a prior learned from many problems alike).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> own = rng.integers(0, 2, (60, 3)) * 2.0
    >>> y = 1.5 * own[:, [0]] + rng.standard_normal((60, 1))
    >>> fit = fit_shares(share_kernel(np.eye(60)), y, [[own]], share_grid(1))[0]
    >>> (abs(fit.weight[0]) > 0.5).tolist()
    [True, False, False]
    """
    rotated = (shared.basis.T @ expression).T  # (n_gene, n - 1)
    reduced = [[_reduce(shared, c) for c in sets] for sets in columns]
    batches = list(_batches(reduced, shared.values.size))
    n_mixture = len(grid.mixtures)
    shape = (n_mixture + single, grid.polygenic.size, grid.own.size)
    likelihood = np.empty((len(reduced), *shape))
    for genes, stacked in batches:
        likelihood[genes, :n_mixture] = _likelihood(
            shared, rotated[genes], stacked, grid
        )
    if single:
        for g, sets in enumerate(columns):
            found = _one_column(shared, rotated[g], sets[0], grid)
            likelihood[g, -1] = found.log_likelihood
    posterior = learn_prior(likelihood.reshape(len(reduced), -1))
    posterior = posterior.reshape(likelihood.shape)
    fits: dict[int, GeneShares] = {}
    for genes, stacked in batches:
        own = posterior[genes, :n_mixture]
        parts = _summary(shared, rotated[genes], stacked, grid, own)
        back = [[one.back for one in reduced[g]] for g in genes]
        named = _named(shared, parts, back)
        fits |= dict(zip(genes.tolist(), named, strict=True))
    if single:
        for g, sets in enumerate(columns):
            fits[g] = _with_single(
                fits[g], shared, rotated[g], sets[0], grid, posterior[g, -1]
            )
    return [fits[g] for g in range(len(reduced))]


def _unit_columns(
    shared: SharedKernel, columns: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return columns of unit variance in the basis of the kernel, and 1 / sd."""
    sd = columns.std(axis=0)
    factor = np.where(sd > 1e-6, 1 / np.maximum(sd, 1e-6), 0.0)
    return shared.basis.T @ (columns * factor), factor


def _one_column(
    shared: SharedKernel, y: FloatArray, columns: FloatArray, grid: ShareGrid
) -> SingleEffect:
    x, _ = _unit_columns(shared, columns)
    if x.shape[1] == 0:
        x = np.zeros((y.size, 1))
    ratio = grid.own / (1 - grid.own)
    return single_effect(_inverse(shared, grid), y, x, ratio)


def _with_single(
    fit: GeneShares,
    shared: SharedKernel,
    y: FloatArray,  # (n - 1,)
    columns: FloatArray,  # (n, n_column)
    grid: ShareGrid,
    posterior: FloatArray,  # (n_h, n_c) of the model of one column
) -> GeneShares:
    """Add what the model of one column says, by its posterior."""
    x, factor = _unit_columns(shared, columns)
    found = _one_column(shared, y, columns, grid)
    effect = mean_effect(found, posterior)[:, : columns.shape[1]]  # (n_h, n_column)
    left = posterior.sum(axis=1)[:, None] * y - effect @ x.T
    dual = grid.polygenic @ (found.inverse * left)
    own = fit.own.copy()
    if factor.any():
        own[0] += float(posterior.sum(axis=0) @ grid.own)
    rest = float(grid.polygenic @ posterior @ (1 - grid.own))
    return GeneShares(
        fit.dual + shared.basis @ dual,
        (fit.weight[0] + effect.sum(axis=0) * factor, *fit.weight[1:]),
        fit.polygenic + rest,
        own,
    )


def learn_prior(
    log_likelihood: FloatArray,  # (n_gene, n_point)
) -> FloatArray:  # (n_gene, n_point) rows sum to 1
    """Return every gene's posterior under the prior that all genes teach together.

    Expectation-maximisation on the weights of the points; one gene alone keeps the
    even prior. Each point begins with one gene's worth of prior in all.

    Examples
    --------
    >>> told = np.log([[0.9, 0.1]] * 9 + [[0.5, 0.5]])
    >>> learn_prior(told)[-1].round(1).tolist()  # the silent gene follows the others
    [0.9, 0.1]
    """
    n_gene, n_point = log_likelihood.shape
    like = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    prior = np.full(n_point, 1 / n_point)
    if n_gene > 1:
        for _ in range(PRIOR_ROUNDS):
            expected = (like * prior / (like @ prior)[:, None]).sum(axis=0)
            prior = (expected + 1 / n_point) / (n_gene + 1)
    return np.asarray(like * prior / (like @ prior)[:, None])


def _reduce(shared: SharedKernel, columns: FloatArray) -> _Reduced:
    """Turn columns, scaled to a mean diagonal of 1, to the directions that matter."""
    centred = columns - columns.mean(axis=0)
    n, p = centred.shape
    size = float((centred**2).sum())
    if size <= 1e-12 * n:
        return _Reduced(np.zeros((n - 1, 0)), np.zeros((p, 0)))
    scale = np.sqrt(n / size)
    small = centred.T @ centred if p <= n else centred @ centred.T
    values, vectors = np.linalg.eigh(small)
    values, vectors = values[::-1], vectors[:, ::-1]
    n_kept = int(np.searchsorted(np.cumsum(values), KEPT * values.sum())) + 1
    kept = vectors[:, :n_kept]
    if p > n:
        kept = centred.T @ (kept / np.sqrt(values[:n_kept]))
    back = scale * kept
    return _Reduced(shared.basis.T @ (centred @ back), back)


def _inverse(shared: SharedKernel, grid: ShareGrid) -> FloatArray:  # (n_h, p)
    h = grid.polygenic[:, None]
    return np.asarray(1 / (h * shared.values + 1 - h))


def _batches(
    reduced: Sequence[Sequence[_Reduced]], n_row: int
) -> Iterator[tuple[IntArray, list[FloatArray]]]:
    """Yield genes whose sets have equal sizes, and per set their stacked directions."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for gene, sets in enumerate(reduced):
        by_size.setdefault(tuple(s.rotated.shape[1] for s in sets), []).append(gene)
    for size, genes in by_size.items():
        step = max(1, BATCH // (len(POLYGENIC) * n_row * (sum(size) + 1)))
        for start in range(0, len(genes), step):
            own = genes[start : start + step]
            yield (
                np.array(own),
                [
                    np.stack([reduced[g][number].rotated for g in own])
                    for number in range(len(size))
                ],
            )


@dataclass(frozen=True)
class _Solved:
    """One mixture of the sets of a batch of genes, at every polygenic share."""

    inverse: FloatArray  # (n_h, p) of the polygenic and residual variance
    f: FloatArray  # (n_gene, p, k)
    value: FloatArray  # (n_gene, n_h, k) eigenvalues m of F' D^-1 F
    vector: FloatArray  # (n_gene, n_h, k, k)
    b: FloatArray  # (n_gene, n_h, k) F' D^-1 y in the eigenvectors


def _solve(
    shared: SharedKernel,
    y: FloatArray,  # (n_gene, p)
    stacked: Sequence[FloatArray],  # per set (n_gene, p, k)
    mixture: FloatArray,  # (n_set,)
    grid: ShareGrid,
) -> _Solved:
    parts = [np.sqrt(s) * f for s, f in zip(mixture, stacked, strict=True) if s > 0]
    f = np.concatenate(parts, axis=2) if parts else np.zeros((*y.shape, 0))
    inverse = _inverse(shared, grid)
    weighted = inverse[None, :, :, None] * f[:, None]  # (n_gene, n_h, p, k)
    normal = np.swapaxes(weighted, 2, 3) @ f[:, None]
    if f.shape[2] == 1:
        value, vector = normal[..., 0], np.ones_like(normal)
    else:
        value, vector = np.linalg.eigh(normal)
    b = np.swapaxes(weighted, 2, 3) @ y[:, None, :, None]  # (n_gene, n_h, k, 1)
    b = (np.swapaxes(vector, 2, 3) @ b)[..., 0]
    return _Solved(inverse, f, np.maximum(value, 0), vector, b)


def _likelihood(
    shared: SharedKernel,
    y: FloatArray,  # (n_gene, p)
    stacked: Sequence[FloatArray],  # per set (n_gene, p, k)
    grid: ShareGrid,
) -> FloatArray:  # (n_gene, n_mixture, n_h, n_c) restricted, profiled over the scale
    n_gene, p = y.shape
    shape = (n_gene, len(grid.mixtures), grid.polygenic.size, grid.own.size)
    found = np.empty(shape)
    ratio = (grid.own / (1 - grid.own))[:, None]
    for number, mixture in enumerate(grid.mixtures):
        s = _solve(shared, y, stacked, mixture, grid)
        base = y**2 @ s.inverse.T  # (n_gene, n_h)
        shrunk = 1 + ratio * s.value[:, :, None, :]  # (n_gene, n_h, n_c, k)
        lost = (ratio * s.b[:, :, None, :] ** 2 / shrunk).sum(axis=-1)
        quadratic = np.maximum(base[:, :, None] - lost, 1e-300)
        log_det = np.log(shrunk).sum(axis=-1) - np.log(s.inverse).sum(axis=1)[:, None]
        found[:, number] = -0.5 * (p * np.log(quadratic / p) + log_det)
    return found


@dataclass(frozen=True)
class _Parts:
    """Posterior means of a batch of genes, in the directions of their columns."""

    dual: FloatArray  # (n_gene, p)
    direction: list[FloatArray]  # per set (n_gene, k)
    polygenic: FloatArray  # (n_gene,)
    own: FloatArray  # (n_gene, n_set)


def _summary(
    shared: SharedKernel,
    y: FloatArray,  # (n_gene, p)
    stacked: Sequence[FloatArray],  # per set (n_gene, p, k)
    grid: ShareGrid,
    posterior: FloatArray,  # (n_gene, n_mixture, n_h, n_c)
) -> _Parts:
    ratio = grid.own / (1 - grid.own)
    dual = np.zeros(y.shape)
    direction = [np.zeros((f.shape[0], f.shape[2])) for f in stacked]
    for number, mixture in enumerate(grid.mixtures):
        w = posterior[:, number]  # (n_gene, n_h, n_c)
        s = _solve(shared, y, stacked, mixture, grid)
        shrunk = 1 + ratio[:, None] * s.value[:, :, None, :]
        own = s.b * ((w * ratio)[..., None] / shrunk).sum(axis=2)  # (n_gene, n_h, k)
        # c / (1 - c) F' V^-1 y
        whole = (s.vector @ own[..., None])[..., 0]  # (n_gene, n_h, k)
        # V^-1 y = D^-1 (y - F c / (1 - c) F' V^-1 y), averaged over c within each h
        left = w.sum(axis=2)[:, :, None] * y[:, None]  # (n_gene, n_h, p)
        left -= whole @ np.swapaxes(s.f, 1, 2)
        dual += np.einsum("h,hp,ghp->gp", grid.polygenic, s.inverse, left)
        total = whole.sum(axis=1)  # (n_gene, k)
        start = 0
        for place, share in enumerate(mixture):
            if share > 0:
                k = direction[place].shape[1]
                direction[place] += np.sqrt(share) * total[:, start : start + k]
                start += k
    by_c = posterior.sum(axis=2)  # (n_gene, n_mixture, n_c)
    spread = np.array([f.shape[2] > 0 for f in stacked], dtype=float)
    own_share = (by_c @ grid.own) @ grid.mixtures * spread
    rest = np.einsum("gmhc,h,c->g", posterior, grid.polygenic, 1 - grid.own)
    return _Parts(dual, direction, rest, own_share)


def _named(
    shared: SharedKernel, parts: _Parts, back: list[list[FloatArray]]
) -> Iterator[GeneShares]:
    """Yield every gene of a batch, in terms of lines and columns."""
    dual = parts.dual @ shared.basis.T
    for gene, maps in enumerate(back):
        yield GeneShares(
            dual[gene],
            tuple(m @ d[gene] for m, d in zip(maps, parts.direction, strict=True)),
            float(parts.polygenic[gene]),
            parts.own[gene],
        )
