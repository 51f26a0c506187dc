"""Expression of genes from genotypes: cis variants, and the genes that regulate them.

A gene's cis variants are fitted by ridge regression. What they leave unexplained is
regressed on the genotype-predicted expression of a few regulators, found because they
act on many genes: a spike-and-slab prior whose inclusion rate belongs to the
regulator and is learned over all its possible targets at once. Both steps are done
twice, the second time each without what the other explains. Where the reliability of
a measurement is known, its error is no variance that variants could explain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meristem.mixed.groups import Members, gather
from meristem.mixed.spike_slab import ColumnPrior, fit_columns
from meristem.models.omics.expression import (
    MIN_MEASURED,
    predict_cis,
)
from meristem.records import FloatArray, IntArray

SCREENED_TARGETS = 2000
"""Genes on which candidates are compared; more add cost and no information."""
_BLOCK = 1024
_FEWEST_GENES = 10
"""Genes needed to tell whether variants are those of their genes."""


@dataclass(frozen=True)
class GeneLatents:
    """Linear map from standardised variants to the expression of every gene."""

    genes: Members  # variants of every gene
    cis: FloatArray  # (n_member,) weight of every variant of every gene
    centre: FloatArray  # (n_gene,) mean of the cis values where it was learned
    regulator: IntArray  # (n_regulator,) genes, sorted
    trans: FloatArray  # (n_regulator, n_gene) effect of a regulator's cis value

    def own(
        self,
        markers: NDArray,  # (n_sample, n_variant) standardised
    ) -> FloatArray:  # (n_sample, n_gene)
        """Return what the variants of each gene say, centred."""
        return predict_cis(markers, self.genes, self.cis) - self.centre

    def join(
        self,
        own: FloatArray,  # (n_sample, n_gene)
    ) -> FloatArray:  # (n_sample, n_gene)
        """Return own values with the regulators' effects added."""
        return own + own[:, self.regulator] @ self.trans


def fit_gene_latents(
    markers: NDArray,  # (n_sample, n_variant) standardised
    genes: Members,
    expression: FloatArray,  # (n_sample, n_gene) standardised, NaN missing
    penalty: FloatArray,  # (n_gene,)
    *,
    reliability: FloatArray | None = None,  # (n_gene,) in (0, 1]
    max_regulators: int = 100,
    prior: ColumnPrior | None = None,
    known: FloatArray | None = None,  # (n_member,)
) -> GeneLatents:
    """Learn expression from genotype.

    Parameters
    ----------
    markers
        Of the rows to learn from.
    genes
        Variants of every gene.
    expression
        Measured on some of the rows.
    penalty
        Ridge penalty of every gene's cis variants.
    reliability
        Share of the variance of each gene's measurements that is no error, NaN where
        not known.
    max_regulators
        Candidate regulators; 0: cis variants alone.
    prior
        Of the regulators' effects.
    known
        Variance of every variant's effect over that of the mean of its gene, before
        expression is looked at; None: all are equal.

    References
    ----------
    Gamazon et al. 2015, Nature Genetics 47:1091 (expression from cis variants);
    George & Foster 2000, Biometrika 87:731 (empirical Bayes of inclusion rates);
    Liu, Li & Pritchard 2019, Cell 177:1022 (trans effects through regulators).

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.plan.gene_sets import gather
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 6))
    >>> cis = x @ np.kron(np.eye(3), np.ones((2, 1)))
    >>> cis[:, 1] += cis[:, 0]
    >>> two = [np.array([0, 1]), np.array([2, 3]), np.array([4, 5])]
    >>> fit = fit_gene_latents(x, gather(["a", "b", "c"], two), cis, np.ones(3))
    >>> bool(fit.trans[0, 1] > 0.9), bool(abs(fit.trans[0, 2]) < 0.1)
    (True, True)
    """
    columns = np.asfortranarray(markers)
    sure = np.full(genes.n_group, np.nan) if reliability is None else reliability
    noise = np.nan_to_num(1 - sure)

    def fit(response: FloatArray) -> GeneLatents:
        cis, left_out = cis_leave_one_out(columns, genes, response, penalty, known)
        found = regulator_effects(
            left_out, expression, max_regulators, least_noise=noise, prior=prior
        )
        centre = predict_cis(markers, genes, cis).mean(axis=0)
        return GeneLatents(genes, cis, centre, *found)

    first = fit(expression)
    if not first.trans.any():
        return first
    # without the regulators' part a gene's cis variants are seen more clearly
    return fit(expression - first.own(markers)[:, first.regulator] @ first.trans)


def cis_leave_one_out(
    markers: NDArray,  # (n_sample, n_variant)
    genes: Members,
    expression: FloatArray,  # (n_sample, n_gene) NaN missing
    penalty: FloatArray,  # (n_gene,)
    known: FloatArray | None = None,  # (n_member,) see `fit_gene_latents`
) -> tuple[FloatArray, FloatArray]:  # (n_member,), (n_sample, n_gene)
    """Return ridge weights, and each row's prediction without its own measurement.

    The left-out residual of a ridge regression is e_i / (1 - h_i). Columns are
    multiplied by the root of what is known, and so are the weights.
    """
    root = np.ones(genes.member.size) if known is None else np.sqrt(known)
    weight = np.zeros(genes.member.size)
    left_out = np.zeros(expression.shape)
    for gene in range(genes.n_group):
        rows = np.flatnonzero(~np.isnan(expression[:, gene]))
        if rows.size < MIN_MEASURED:
            continue
        own = slice(int(genes.start[gene]), int(genes.start[gene + 1]))
        x = markers[:, genes.of(gene)].astype(np.float64) * root[own]
        x -= x[rows].mean(axis=0)
        seen = x[rows]
        y = expression[rows, gene] - expression[rows, gene].mean()
        normal = seen.T @ seen
        normal[np.diag_indices_from(normal)] += penalty[gene]
        inverse = np.linalg.inv(normal)
        cis = inverse @ (seen.T @ y)
        weight[own] = cis * root[own]
        leverage = np.einsum("ij,ij->i", seen @ inverse, seen) + 1 / rows.size
        predicted = x @ cis
        predicted[rows] -= (y - predicted[rows]) * leverage / (1 - leverage)
        left_out[:, gene] = predicted
    return weight, left_out


def cis_gain(
    markers: NDArray,  # (n_sample, n_variant) standardised
    genes: Members,
    expression: FloatArray,  # (n_sample, n_gene) NaN missing
    penalty: float,
) -> tuple[float, float] | None:
    """Return by how much a gene's cis variants predict it better than another's.

    Mean over genes of the difference in r, each row predicted without its own
    measurement, and its standard error; the other gene is half of all genes away and
    shares no variant. None where there are fewer than ten such genes.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.plan.gene_sets import gather
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(80, 24))
    >>> y = x + rng.normal(size=x.shape)
    >>> right = gather([str(k) for k in range(24)], [np.array([k]) for k in range(24)])
    >>> gain, error = cis_gain(x, right, y, 1.0)
    >>> bool(gain > 10 * error)
    True
    """
    n_gene = genes.n_group
    far = [genes.of((gene + n_gene // 2) % n_gene) for gene in range(n_gene)]
    apart = [
        gene
        for gene in range(n_gene)
        if not np.isin(genes.of(gene), far[gene]).any()
        and (~np.isnan(expression[:, gene])).sum() >= MIN_MEASURED
    ]
    if len(apart) < _FEWEST_GENES:
        return None
    columns, measured = np.asfortranarray(markers), expression[:, apart]
    names = [str(genes.name[gene]) for gene in apart]
    right, wrong = (
        _leave_one_out_r(
            columns, gather(names, [groups[g] for g in apart]), measured, penalty
        )
        for groups in ([genes.of(gene) for gene in range(n_gene)], far)
    )
    gain = right - wrong
    return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(gain.size))


def _leave_one_out_r(
    columns: NDArray, genes: Members, expression: FloatArray, penalty: float
) -> FloatArray:  # (n_gene,)
    penalties = np.full(genes.n_group, penalty)
    left_out = cis_leave_one_out(columns, genes, expression, penalties)[1]
    found = np.zeros(genes.n_group)
    for gene in range(found.size):
        rows = ~np.isnan(expression[:, gene])
        x, y = left_out[rows, gene], expression[rows, gene]
        if x.std() > 0 and y.std() > 0:
            found[gene] = np.corrcoef(x, y)[0, 1]
    return found


def regulator_effects(
    cis: FloatArray,  # (n_sample, n_gene) each row predicted without its measurement
    expression: FloatArray,  # (n_sample, n_gene) NaN missing
    max_regulators: int,
    *,
    least_noise: FloatArray | float = 0.0,  # (n_gene,) variance of measurement error
    prior: ColumnPrior | None = None,
) -> tuple[IntArray, FloatArray]:  # (n_regulator,), (n_regulator, n_gene)
    """Return the regulators and what one unit of each adds to every other gene."""
    seen = ~np.isnan(expression)
    count = seen.sum(axis=0)
    rows = seen.any(axis=1)
    nothing = np.empty(0, dtype=np.int64), np.zeros((0, cis.shape[1]))
    if rows.sum() < MIN_MEASURED:
        return nothing
    cis, seen = cis[rows], seen[rows]
    x = cis - cis.mean(axis=0)
    sd = x.std(axis=0)
    x /= np.where(sd > 1e-6, sd, np.inf)
    rest = np.where(seen, expression[rows] - cis, 0.0)
    rest -= np.where(seen, rest.sum(axis=0) / np.maximum(count, 1), 0.0)
    power = np.sum(rest**2, axis=0)
    usable = (count >= MIN_MEASURED) & (power > 1e-9)
    score = _regulator_scores(x, rest, power, usable)
    kept = np.argsort(-score, kind="stable")[:max_regulators]
    kept = np.sort(kept[score[kept] > 0])
    if kept.size == 0 or not usable.any():
        return nothing
    targets = np.flatnonzero(usable)
    floor = np.broadcast_to(least_noise, count.shape)[targets]
    found = fit_columns(
        x[:, kept].T @ x[:, kept],
        x[:, kept].T @ rest[:, targets],
        power[targets],
        count[targets].astype(np.float64),
        x.shape[0],
        barred=kept[:, None] == targets,  # a gene does not regulate itself
        least_noise=floor,
        prior=prior,
    )
    effect = np.zeros((kept.size, cis.shape[1]))
    effect[:, targets] = found / sd[kept, None]
    return kept.astype(np.int64), effect


def _regulator_scores(
    x: FloatArray,  # (n_row, n_gene)
    rest: FloatArray,  # (n_row, n_gene)
    power: FloatArray,  # (n_gene,)
    usable: NDArray[np.bool_],  # (n_gene,)
) -> FloatArray:  # (n_gene,)
    """Return each gene's mean squared correlation with what other genes leave."""
    targets = np.flatnonzero(usable)
    step = -(-targets.size // SCREENED_TARGETS) or 1
    targets = targets[::step]
    scaled = rest[:, targets] / np.sqrt(power[targets])
    score = np.zeros(x.shape[1])
    for start in range(0, x.shape[1], _BLOCK):
        part = slice(start, start + _BLOCK)
        square = (x[:, part].T @ scaled) ** 2
        square[np.arange(x.shape[1])[part, None] == targets] = 0.0
        score[part] = square.sum(axis=1)
    return score
