"""GBLUP with variants weighted by scores that do not come from the trait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import PriorOptions
from meristem.genetics.frequency import frequency_permutation
from meristem.genetics.relationship import gram
from meristem.mixed.blup import KernelBLUP, fit_kernel_blup
from meristem.mixed.targets import Target, random_inner, target_splits, training_targets
from meristem.models.effects import FittedLinear
from meristem.models.genomic_error import borrowed_error, weighted_error
from meristem.models.marker_model import training_fields
from meristem.models.panel import (
    MarkerPanel,
    kernel_factor,
    make_panel,
    marker_effects,
)
from meristem.plan.known_scores import cached_scores, score_sizes
from meristem.records import Dataset, FloatArray, IntArray, Splits


@dataclass(frozen=True)
class Scored:
    """The scores of the variants of a data set."""

    size: FloatArray  # (n_variant,) largest absolute score, 0 without one
    variant: IntArray  # (n_entry,) places of variants with a score for a gene
    gene: IntArray  # (n_entry,) from 0
    score: FloatArray  # (n_entry,)

    @property
    def n_gene(self) -> int:
        """Number of genes with a score."""
        return int(self.gene.max(initial=-1)) + 1

    def permuted(self, order: IntArray) -> Scored:
        """Return the scores with those of `order[i]` given to variant i."""
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        return Scored(self.size[order], place[self.variant], self.gene, self.score)


@dataclass(frozen=True)
class PriorKernel:
    """A kernel of scored variants, of mean diagonal 1 over the training rows."""

    form: Literal["none", "variant", "gene"]
    power: float
    kernel: FloatArray  # (n_train, n_train)
    factor: float
    weight: FloatArray  # (n_variant,) of the variants; form `variant`
    scored: Scored

    def effects(
        self,
        panel: MarkerPanel,
        alone: FloatArray,  # (n_variant, 1) Z' dual
    ) -> FloatArray:  # (n_variant, 1)
        """Return the effect per allele copy of dual weights on this kernel."""
        if self.form == "variant":
            weight = panel.scale.weight**2 * self.weight
            return self.factor * weight[:, None] * alone
        found = self.scored
        load = np.zeros(found.n_gene)
        np.add.at(load, found.gene, found.score * alone[found.variant, 0])
        effect = np.zeros_like(alone)
        np.add.at(effect[:, 0], found.variant, found.score * load[found.gene])
        return self.factor * effect


@dataclass(frozen=True)
class _Choice:
    """A share of the genetic variance that follows a kernel of scores."""

    share: float
    prior: PriorKernel | None


@dataclass(frozen=True)
class PriorGBLUP:
    """GBLUP on (1 - a) K + a K_s, K_s of variants with scores.

    K_s weighs variants by |score|^b, or is the product of loads, sums of score times
    dosage over the variants of each gene. Share a, power b and form are chosen on the
    inner splits. Where no candidate predicts their test rows better than GBLUP by
    `caution` standard errors, a is 0.

    References
    ----------
    Zhang Z et al. (2014) PLoS ONE 9:e93017 (BLUP|GA: a kernel of known variants beside
    the genomic one, their shares chosen by validation).
    """

    options: PriorOptions

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedLinear:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        DataError
            If no variant of the data has a score other than zero.
        """
        options = self.options
        targets = training_targets(dataset.phenotypes)
        inner = inner or random_inner(dataset.n_sample, rng)
        panel = make_panel(dataset.genotypes)
        scored = match_scores(options, dataset)
        if options.permuted:
            order = frequency_permutation(panel.scale.mean, rng)
            scored = scored.permuted(order)
        priors = prior_kernels(options, panel, scored)
        choices = [_choose(panel, priors, target, inner, options) for target in targets]
        fits = [
            fit_kernel_blup(_mix(panel, choice), [target])
            for choice, target in zip(choices, targets, strict=True)
        ]
        effects = [
            _effects(panel, choice, solved)
            for choice, solved in zip(choices, fits, strict=True)
        ]
        if all(c.prior is None or c.prior.form == "variant" for c in choices):
            roots = [_root(panel, choice) for choice in choices]
            pairs = list(zip(roots, fits, strict=True))
            error = weighted_error(panel.dosage, panel.scale.mean, pairs)
        else:  # loads are no independent effects of variants
            error = borrowed_error(panel, targets, inner)
        return FittedLinear(
            *training_fields("prior_gblup", dataset, panel.scale),
            np.hstack(effects),
            np.array([solved.intercept[0] for solved in fits]),
            {
                "share": [choice.share for choice in choices],
                "power": [c.prior.power if c.prior else 0.0 for c in choices],
                "form": [c.prior.form if c.prior else "none" for c in choices],
                "scored": [int((scored.size > 0).sum())],
            },
            error,
        )


def match_scores(options: PriorOptions, dataset: Dataset) -> Scored:
    """Return the scores of the variants of a data set, by name.

    Raises
    ------
    DataError
        If no variant of the data has a score other than zero.
    """
    path = options.scores
    scores = cached_scores(path, options.column, options.score_kind)
    size = score_sizes(scores, dataset.genotypes, path)
    names = dataset.genotypes.variants.variant_id
    place = {name: index for index, name in enumerate(names.tolist())}
    at = np.array([place.get(name, -1) for name in scores.variant_id.tolist()])
    used = np.flatnonzero((at >= 0) & (scores.gene_id != ""))
    gene = np.unique(scores.gene_id[used], return_inverse=True)[1]
    return Scored(size, at[used], gene.astype(np.int64), scores.score[used])


def prior_kernels(
    options: PriorOptions, panel: MarkerPanel, scored: Scored
) -> list[PriorKernel]:
    """Return the kernels of scores that vary among the training rows."""
    found = []
    if "variant" in options.forms:
        for power in options.powers:
            weight = scored.size**power
            kernel = gram(panel.dosage, panel.scale.mean, np.sqrt(weight))
            if np.trace(kernel) > 0:
                factor = kernel_factor(kernel)
                found.append(
                    PriorKernel(
                        "variant", power, kernel * factor, factor, weight, scored
                    )
                )
    if "gene" in options.forms and scored.variant.size:
        load = gene_loads(panel, scored)
        kernel = load @ load.T
        if np.trace(kernel) > 0:
            factor = kernel_factor(kernel)
            none = np.zeros(0)
            found.append(
                PriorKernel("gene", 1.0, kernel * factor, factor, none, scored)
            )
    return found


def gene_loads(panel: MarkerPanel, scored: Scored) -> FloatArray:  # (n_train, n_gene)
    """Return the sum of score times centred dosage over the variants of each gene."""
    load = np.zeros((panel.dosage.shape[0], scored.n_gene))
    distinct, which = np.unique(scored.variant, return_inverse=True)
    scale = panel.scale.take(distinct)
    centred = scale.centre(panel.dosage[:, distinct], np.float64)
    for entry, column in enumerate(which.reshape(-1)):
        load[:, scored.gene[entry]] += scored.score[entry] * centred[:, column]
    return load


def _mix(
    panel: MarkerPanel, choice: _Choice
) -> FloatArray:  # (n_train, n_train) of mean diagonal 1
    if choice.prior is None:
        return panel.kernel
    return (1 - choice.share) * panel.kernel + choice.share * choice.prior.kernel


def _root(panel: MarkerPanel, choice: _Choice) -> FloatArray:  # (n_variant,)
    """Return the root of every variant's variance in the mixed kernel."""
    variance = np.full(panel.dosage.shape[1], (1 - choice.share) * panel.factor)
    if choice.prior is not None:
        variance += choice.share * choice.prior.factor * choice.prior.weight
    return panel.scale.weight * np.sqrt(variance)


def _effects(
    panel: MarkerPanel, choice: _Choice, solved: KernelBLUP
) -> FloatArray:  # (n_variant, 1) per allele copy
    alone = marker_effects(panel.dosage, panel.scale, solved.dual)
    plain = panel.factor * panel.scale.weight[:, None] ** 2 * alone
    if choice.prior is None:
        return plain
    prior = choice.prior.effects(panel, alone)
    return (1 - choice.share) * plain + choice.share * prior


def _choose(
    panel: MarkerPanel,
    priors: Sequence[PriorKernel],
    target: Target,
    inner: Splits,
    options: PriorOptions,
) -> _Choice:
    """Return the candidate that predicts inner test rows best, or none of them.

    Shares are tried from the smallest up, for each kernel until they predict worse.
    """
    splits = target_splits(inner, target.rows)
    plain = _losses(panel.kernel, target, splits)
    best, gain = _Choice(0.0, None), 0.0
    shares = sorted(share for share in options.shares if share > 0)
    for prior in priors:
        before = 0.0
        for share in shares:
            candidate = _Choice(share, prior)
            loss = _losses(_mix(panel, candidate), target, splits)
            difference = plain - loss
            mean = float(difference.mean())
            error = float(difference.std(ddof=1) / np.sqrt(difference.size))
            if mean > gain and mean > options.caution * error:
                best, gain = candidate, mean
            if mean < before:
                break
            before = mean
    return best


def _losses(
    kernel: FloatArray,
    target: Target,
    splits: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> FloatArray:  # (n_test_row,) weighted squared errors of all splits
    losses = []
    for train, test in splits:
        solved = fit_kernel_blup(kernel, [target.take(train)])
        value = solved.predict(kernel[target.rows[test]])[:, 0]
        losses.append((value - target.y[test]) ** 2 * target.weight[test])
    return np.concatenate(losses)
