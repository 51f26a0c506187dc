"""Classes of variants by what is known of them, and which of them act more often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import AnnotatedOptions
from meristem.errors import ConfigError, DataError
from meristem.genetics.frequency import frequency_permutation
from meristem.mixed.gibbs.chains import Chains
from meristem.mixed.gibbs.markers import CLASS_RATE
from meristem.mixed.groups import Members
from meristem.plan.gene_sets import gene_variants, set_variants
from meristem.plan.known_scores import cached_scores, score_sizes
from meristem.records import FloatArray, Genotypes, IntArray, NetworkPlan, StrArray
from meristem.stats.convergence import ess_bulk, rhat

TOLD = (
    *("rate", "rate_low", "rate_high"),
    *("enrichment", "enrichment_low", "enrichment_high"),
    *("share", "share_low", "share_high", "rhat", "ess_bulk"),
)
"""What is told of a class beside its name and size; limits are those of 95 %.

Share of its variants with an effect (rate), that over the rate of all variants
(enrichment), and its part of the variance of the predictor: the covariance of its
values with those of all variants over their variance, which add up to 1.
"""


@dataclass(frozen=True)
class VariantClasses:
    """The class of every variant, none empty."""

    name: StrArray  # (n_class,)
    label: IntArray  # (n_variant,) from 0

    @property
    def count(self) -> IntArray:  # (n_class,)
        """Variants of every class."""
        return np.bincount(self.label, minlength=self.name.size)

    def permuted(self, mean: FloatArray, rng: np.random.Generator) -> VariantClasses:
        """Return classes permuted among variants of like frequency; mean dosages."""
        return replace(self, label=self.label[frequency_permutation(mean, rng)])


def variant_classes(
    options: AnnotatedOptions,
    genotypes: Genotypes,
    plan: NetworkPlan | None,
    where: str = "",
) -> VariantClasses | None:
    """Return the classes that options ask for; None if they ask for none.

    Nothing is learned from lines: variants have their classes by name.

    Parameters
    ----------
    options
        Where classes come from.
    genotypes
        The variants.
    plan
        Compiled knowledge, which names genes and sets.
    where
        The model, for messages.

    Raises
    ------
    ConfigError
        If genes, sets or scores are asked for and there are none.
    DataError
        If all variants are of one class.

    Examples
    --------
    >>> from meristem.records import PlanLevel, VariantTable
    >>> blank, none = np.array(["", "", ""]), np.empty(0, int)
    >>> table = VariantTable(np.array(["a", "b", "c"]), blank, np.zeros(3, int),
    ...     blank, blank)
    >>> level = PlanLevel(0, 1, np.array([0, 0]), np.array([0, 2]), none, none)
    >>> plan = NetworkPlan(table, np.array(["g"]), np.array(["gene"]), np.zeros(1, int),
    ...     (level,), np.zeros(1, int))
    >>> lines = Genotypes(np.array(["l"]), table, np.zeros((1, 3), np.int8), 2)
    >>> found = variant_classes(AnnotatedOptions(annotation="genes"), lines, plan)
    >>> found.name.tolist(), found.label.tolist()
    (['in no gene', 'in a gene'], [1, 0, 1])
    """
    if options.annotation == "none":
        return None
    if options.annotation == "scores":
        found = _of_scores(options, genotypes, where)
    elif plan is None:
        raise ConfigError(
            f'annotation = "{options.annotation}" needs genes of [knowledge], and none '
            "are compiled",
            where=where,
            remedy="add a [knowledge] section with genes and their positions or "
            'variants, or use annotation = "scores"',
        )
    else:
        found = _of_plan(options, genotypes, plan, where)
    if found.name.size < 2:
        raise DataError(
            f'annotation = "{options.annotation}": all {found.label.size} variants are '
            f"of one class ({found.name[0]})",
            where=where,
            remedy="give classes that tell variants apart (other genes or scores, a "
            "smaller flank in knowledge.assign), or leave the annotation out",
        )
    return found


def _of_plan(
    options: AnnotatedOptions, genotypes: Genotypes, plan: NetworkPlan, where: str
) -> VariantClasses:
    names = genotypes.variants.variant_id
    genes = np.isin(names, _named(plan, gene_variants(plan)))
    if options.annotation == "genes":
        return _kept(["in no gene", "in a gene"], genes.astype(np.int64))
    sets = set_variants(plan)
    members = {
        name: np.isin(names, plan.variants.variant_id[sets.of(number)])
        for number, name in enumerate(sets.name.tolist())
    }
    classes, label = ["in no gene", "in a gene of no class"], genes.astype(np.int64)
    for name, inside in sorted(members.items(), key=lambda item: int(item[1].sum())):
        own = inside & (label == 1)  # not of a smaller set
        if own.sum() >= options.set_variants:
            label[own] = len(classes)
            classes.append(name)
    if len(classes) == 2:
        largest = max((int(inside.sum()) for inside in members.values()), default=0)
        raise DataError(
            f'annotation = "sets": none of {len(members)} gene sets has '
            f"{options.set_variants} variants (the largest: {largest})",
            where=where,
            remedy="lower set_variants, add gene_sets to [knowledge], or use "
            'annotation = "genes"',
        )
    return _kept(classes, label)


def _named(plan: NetworkPlan, groups: Members) -> StrArray:
    """Return the ids of all variants of some groups."""
    parts = [groups.of(number) for number in range(groups.n_group)]
    at = np.concatenate([np.empty(0, dtype=np.int64), *parts])
    return plan.variants.variant_id[np.unique(at)]


def _of_scores(
    options: AnnotatedOptions, genotypes: Genotypes, where: str
) -> VariantClasses:
    path = options.scores
    if path is None:
        raise ConfigError(
            'annotation = "scores" needs scores of variants, and no table is named',
            where=where,
            remedy="add a [priors] section, or name a table: scores in the model",
        )
    scores = cached_scores(path, options.column, options.score_kind)
    size = score_sizes(scores, genotypes, path)
    limit = np.unique(np.quantile(size[size > 0], sorted(options.quantiles)))
    told = [f"{value:.3g}" for value in limit]
    names = ["no score", f"score to {told[0]}"]
    names += [f"score {a} to {b}" for a, b in zip(told, told[1:], strict=False)]
    label = np.where(size > 0, 1 + np.searchsorted(limit, size), 0)
    return _kept([*names, f"score above {told[-1]}"], label)


def _kept(names: list[str], label: IntArray) -> VariantClasses:
    """Return the classes that have a variant."""
    used, label = np.unique(label, return_inverse=True)
    return VariantClasses(np.array(names)[used], label.astype(np.int64))


def class_effects(
    classes: VariantClasses,
    chains: Chains,
    z: NDArray[np.floating[Any]],  # (n_row, n_variant) of the rows learned from
) -> FloatArray:  # (n_class, len(TOLD))
    """Return what the chains say of every class, see `TOLD`."""
    overall = chains.trace["inclusion_rate"]
    draws = chains.coefficient_draw  # single precision, as z is: no copy of either
    total = (z @ draws.T).astype(np.float64)
    total -= total.mean(axis=0)
    power = (total**2).sum(axis=0)
    acting = power > 0

    def row(number: int) -> Iterator[float]:
        rate = chains.trace[f"{CLASS_RATE}{number + 1}"]
        own = classes.label == number
        along = ((z[:, own] @ draws[:, own].T) * total).sum(axis=0)[acting]
        for draw in (rate, rate / overall, along / power[acting]):
            yield float(draw.mean()) if draw.size else np.nan
            for level in (0.025, 0.975):
                yield float(np.quantile(draw, level)) if draw.size else np.nan
        yield from (float(rhat(rate)), float(ess_bulk(rate)))

    return np.array([list(row(number)) for number in range(classes.name.size)])
