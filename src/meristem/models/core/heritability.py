"""How much a gene's own variants may say: its heritability, learned over all genes.

A ridge penalty is the ratio of the residual variance to that of one variant's effect.
The marginal likelihood of every gene at several heritabilities, times a prior over
these that all genes share and that is learned from them, gives each gene its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.mixed.groups import Members
from meristem.models.omics.expression import MIN_MEASURED
from meristem.records import FloatArray

GRID = np.array([0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
"""Heritabilities by a gene's own variants."""
_ROUNDS = 20


def cis_heritability(
    markers: NDArray,  # (n_sample, n_variant) standardised
    genes: Members,
    expression: FloatArray,  # (n_sample, n_gene) standardised, NaN missing
    reliability: FloatArray | None = None,  # (n_gene,) in (0, 1], NaN not known
    known: FloatArray | None = None,  # (n_member,) see `genes.fit_gene_latents`
) -> tuple[FloatArray, FloatArray]:  # (n_gene,), (n_gene,)
    """Return every gene's heritability by its own variants, and its ridge penalty.

    A gene measured on fewer than five rows has what the others lead one to expect.

    Parameters
    ----------
    markers
        Of the rows to learn from.
    genes
        Variants of every gene.
    expression
        Measured on some of the rows.
    reliability
        Share of the variance of measurements that is no error: the heritability is
        no larger.
    known
        Variance of every variant's effect over that of the mean of its gene.

    References
    ----------
    Robbins 1956, Proc 3rd Berkeley Symp 1:157 (a prior learned from many like
    problems); de los Campos et al. 2013, Genetics 193:327 (penalty and variance).

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.mixed.groups import gather
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 12))
    >>> y = rng.normal(size=(200, 4))
    >>> y[:, :2] += x[:, :6].reshape(200, 2, 3).sum(axis=2)
    >>> own = [np.arange(3 * g, 3 * g + 3) for g in range(4)]
    >>> found, penalty = cis_heritability(x, gather(["a", "b", "c", "d"], own), y)
    >>> bool(found[:2].min() > 0.5), bool(found[2:].max() < 0.1)
    (True, True)
    """
    likelihood = np.zeros((genes.n_group, GRID.size))
    size = np.ones(genes.n_group)  # mean square of a row's variants
    for gene in range(genes.n_group):
        rows = np.flatnonzero(~np.isnan(expression[:, gene]))
        if rows.size < MIN_MEASURED:
            continue
        x = markers[np.ix_(rows, genes.of(gene))].astype(np.float64)
        if known is not None:
            x *= np.sqrt(known[genes.start[gene] : genes.start[gene + 1]])
        x -= x.mean(axis=0)
        y = expression[rows, gene] - expression[rows, gene].mean()
        size[gene] = max(np.sum(x**2) / rows.size, 1e-12)
        likelihood[gene] = _log_likelihood(x, y, _penalty(size[gene], GRID))
    if reliability is not None:
        most = np.nan_to_num(reliability, nan=1.0)[:, None]
        likelihood = np.where(GRID <= np.maximum(most, GRID[0]), likelihood, -np.inf)
    posterior = _shared(likelihood)
    logit = posterior @ np.log(GRID / (1 - GRID))
    found = 1 / (1 + np.exp(-logit))
    return found, _penalty(size, found)


def _penalty(size: FloatArray | float, heritability: FloatArray) -> FloatArray:
    return size * (1 - heritability) / heritability


def _log_likelihood(
    x: FloatArray,  # (n, n_variant) centred
    y: FloatArray,  # (n,) centred
    penalty: FloatArray,  # (n_grid,)
) -> FloatArray:  # (n_grid,) up to a constant
    """Return the log likelihood at every penalty, at its best total variance."""
    values, vectors = np.linalg.eigh(x.T @ x)
    values = np.maximum(values, 0)[:, None]
    along = (vectors.T @ (x.T @ y)) ** 2
    left = y @ y - np.sum(along[:, None] / (values + penalty), axis=0)
    left = np.maximum(left, 1e-12 * (y @ y) + 1e-300)
    n = y.size - 1
    return -0.5 * (n * np.log(left) + np.log1p(values / penalty).sum(axis=0))


def _shared(log_likelihood: FloatArray) -> FloatArray:  # (n_gene, n_grid)
    """Return the posterior of every gene under the prior that fits all of them."""
    relative = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    n_gene, n_grid = relative.shape
    prior = np.full(n_grid, 1 / n_grid)
    posterior = relative
    for _ in range(_ROUNDS):
        posterior = relative * prior
        posterior /= posterior.sum(axis=1, keepdims=True)
        prior = (posterior.sum(axis=0) + 1) / (n_gene + n_grid)
    return posterior
