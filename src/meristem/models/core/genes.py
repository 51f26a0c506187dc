"""Expression of genes from genotypes: own variants, and the genes that regulate them.

A gene's own variants are fitted by ridge regression. What they leave unexplained is
regressed on the genotype-predicted expression of a few regulators, found because they
act on many genes: a spike-and-slab prior whose inclusion rate belongs to the
regulator and is learned over all its possible targets at once. Both steps are done
twice, the second time each without what the other explains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from meristem.mixed.groups import Members, gather
from meristem.models.omics.expression import MIN_MEASURED, predict_cis
from meristem.records import FloatArray, IntArray

MAX_REGULATORS = 100
"""Candidate regulators, the best by their effect on all genes."""
SCREENED_TARGETS = 2000
"""Genes on which candidates are compared; more add cost and no information."""
SWEEPS = 20
_FIRST_RATE = 0.05
_RATE_PRIOR = (0.1, 10.0)
"""Pseudo-counts of a regulator's targets, and of genes asked."""
_LARGEST_RATE = 0.5
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
    penalty: float,
    *,
    max_regulators: int = MAX_REGULATORS,
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
        Ridge penalty of a gene's own variants.
    max_regulators
        Candidate regulators; 0: own variants alone.

    References
    ----------
    Gamazon et al. 2015, Nature Genetics 47:1091 (expression from cis variants);
    Carbonetto & Stephens 2012, Bayesian Analysis 7:73 (variational spike and slab);
    Liu, Li & Pritchard 2019, Cell 177:1022 (trans effects through regulators).

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.plan.gene_sets import gather
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 6))
    >>> own = x @ np.kron(np.eye(3), np.ones((2, 1)))
    >>> own[:, 1] += own[:, 0]
    >>> two = [np.array([0, 1]), np.array([2, 3]), np.array([4, 5])]
    >>> fit = fit_gene_latents(x, gather(["a", "b", "c"], two), own, 1.0)
    >>> bool(fit.trans[0, 1] > 0.9), bool(abs(fit.trans[0, 2]) < 0.1)
    (True, True)
    """
    columns = np.asfortranarray(markers)
    none = np.empty(0, dtype=np.int64), np.zeros((0, genes.n_group))
    cis, honest = cis_held_out(columns, genes, expression, penalty)
    alone = _latents(markers, genes, cis, *none)
    if max_regulators == 0:
        return alone
    regulator, trans = regulator_effects(honest, expression, max_regulators)
    if not trans.any():
        return alone
    # without the regulators' share a gene's own variants are seen more clearly
    own = alone.own(markers)
    left = expression - own[:, regulator] @ trans
    cis, honest = cis_held_out(columns, genes, left, penalty)
    found = regulator_effects(honest, expression, max_regulators)
    return _latents(markers, genes, cis, *found)


def _latents(
    markers: NDArray,  # (n_sample, n_variant)
    genes: Members,
    cis: FloatArray,  # (n_member,)
    regulator: IntArray,  # (n_regulator,)
    trans: FloatArray,  # (n_regulator, n_gene)
) -> GeneLatents:
    centre = predict_cis(markers, genes, cis).mean(axis=0)
    return GeneLatents(genes, cis, centre, regulator, trans)


def cis_held_out(
    markers: NDArray,  # (n_sample, n_variant)
    genes: Members,
    expression: FloatArray,  # (n_sample, n_gene) NaN missing
    penalty: float,
) -> tuple[FloatArray, FloatArray]:  # (n_member,), (n_sample, n_gene)
    """Return ridge weights, and each row's prediction without its own measurement.

    The left-out residual of a ridge regression is e_i / (1 - h_i).
    """
    weight = np.zeros(genes.member.size)
    honest = np.zeros(expression.shape)
    for gene in range(genes.n_group):
        rows = np.flatnonzero(~np.isnan(expression[:, gene]))
        if rows.size < MIN_MEASURED:
            continue
        x = markers[:, genes.of(gene)].astype(np.float64)
        x -= x[rows].mean(axis=0)
        seen = x[rows]
        y = expression[rows, gene] - expression[rows, gene].mean()
        normal = seen.T @ seen
        normal[np.diag_indices_from(normal)] += penalty
        inverse = np.linalg.inv(normal)
        own = inverse @ (seen.T @ y)
        weight[genes.start[gene] : genes.start[gene + 1]] = own
        leverage = np.einsum("ij,ij->i", seen @ inverse, seen) + 1 / rows.size
        predicted = x @ own
        predicted[rows] -= (y - predicted[rows]) * leverage / (1 - leverage)
        honest[:, gene] = predicted
    return weight, honest


def own_variants_tell(
    markers: NDArray,  # (n_sample, n_variant) standardised
    genes: Members,
    expression: FloatArray,  # (n_sample, n_gene) NaN missing
    penalty: float,
) -> tuple[float, float] | None:
    """Return by how much a gene's own variants predict it better than another's.

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
    >>> gain, error = own_variants_tell(x, right, y, 1.0)
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
    own, other = (
        _held_out_r(
            columns, gather(names, [groups[g] for g in apart]), measured, penalty
        )
        for groups in ([genes.of(gene) for gene in range(n_gene)], far)
    )
    gain = own - other
    return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(gain.size))


def _held_out_r(
    columns: NDArray, genes: Members, expression: FloatArray, penalty: float
) -> FloatArray:  # (n_gene,)
    honest = cis_held_out(columns, genes, expression, penalty)[1]
    found = np.zeros(genes.n_group)
    for gene in range(found.size):
        rows = ~np.isnan(expression[:, gene])
        x, y = honest[rows, gene], expression[rows, gene]
        if x.std() > 0 and y.std() > 0:
            found[gene] = np.corrcoef(x, y)[0, 1]
    return found


def regulator_effects(
    own: FloatArray,  # (n_sample, n_gene) each row predicted without its measurement
    expression: FloatArray,  # (n_sample, n_gene) NaN missing
    max_regulators: int,
) -> tuple[IntArray, FloatArray]:  # (n_regulator,), (n_regulator, n_gene)
    """Return the regulators and what one unit of each adds to every other gene."""
    seen = ~np.isnan(expression)
    count = seen.sum(axis=0)
    rows = seen.any(axis=1)
    nothing = np.empty(0, dtype=np.int64), np.zeros((0, own.shape[1]))
    if rows.sum() < MIN_MEASURED:
        return nothing
    own, seen = own[rows], seen[rows]
    x = own - own.mean(axis=0)
    sd = x.std(axis=0)
    x /= np.where(sd > 1e-6, sd, np.inf)
    rest = np.where(seen, expression[rows] - own, 0.0)
    rest -= np.where(seen, rest.sum(axis=0) / np.maximum(count, 1), 0.0)
    power = np.sum(rest**2, axis=0)
    usable = (count >= MIN_MEASURED) & (power > 1e-9)
    score = _regulator_scores(x, rest, power, usable)
    kept = np.argsort(-score, kind="stable")[:max_regulators]
    kept = np.sort(kept[score[kept] > 0])
    if kept.size == 0 or not usable.any():
        return nothing
    targets = np.flatnonzero(usable)
    problem = _Regression(
        gram=x[:, kept].T @ x[:, kept],
        inner=x[:, kept].T @ rest[:, targets],
        power=power[targets],
        count=count[targets].astype(np.float64),
        n_row=x.shape[0],
        barred=kept[:, None] == targets,
    )
    effect = np.zeros((kept.size, own.shape[1]))
    effect[:, targets] = _spike_and_slab(problem) / sd[kept, None]
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


@dataclass(frozen=True)
class _Regression:
    """Many responses on the same columns, as inner products.

    A response measured on a part of the rows sees that part of the columns' Gram
    matrix: rows are missing at random.
    """

    gram: FloatArray  # (k, k)
    inner: FloatArray  # (k, n_target)
    power: FloatArray  # (n_target,) sum of squares
    count: FloatArray  # (n_target,) rows measured
    n_row: int
    barred: NDArray[np.bool_]  # (k, n_target) a gene does not regulate itself


def _spike_and_slab(problem: _Regression) -> FloatArray:  # (k, n_target)
    """Return posterior mean effects by mean-field coordinate ascent."""
    k, n_target = problem.inner.shape
    share = problem.count / problem.n_row
    rate, slab = np.full(k, _FIRST_RATE), 0.1
    noise = problem.power / problem.count
    included = np.zeros((k, n_target))
    mean = np.zeros((k, n_target))
    effect = np.zeros((k, n_target))
    for _ in range(SWEEPS):
        variance = 1 / (problem.count / noise + 1 / slab)
        for j in range(k):
            others = problem.gram[j] @ effect - problem.gram[j, j] * effect[j]
            mean[j] = variance * (problem.inner[j] - share * others) / noise
            log_odds = logit(rate[j]) + 0.5 * np.log(variance / slab)
            log_odds += 0.5 * mean[j] ** 2 / variance
            included[j] = np.where(problem.barred[j], 0.0, expit(log_odds))
            effect[j] = included[j] * mean[j]
        found = included.sum(axis=1) + _RATE_PRIOR[0]
        rate = np.clip(found / (n_target + _RATE_PRIOR[1]), 1e-4, _LARGEST_RATE)
        second = included * (mean**2 + variance)
        slab = max(float(second.sum()) / max(float(included.sum()), 1e-9), 1e-3)
        fitted = np.einsum("kt,kt->t", effect, problem.gram @ effect) * share
        spread = problem.count * np.sum(second - effect**2, axis=0)
        left = problem.power - 2 * np.sum(effect * problem.inner, axis=0)
        left += fitted + spread
        noise = np.maximum(left, 1e-3 * problem.power) / problem.count
    return effect
