"""A network of line factors times environment factors, beside a reaction norm."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.config.models import ReactionOptions, TrialOptions
from meristem.mixed.targets import random_inner, training_targets
from meristem.models.catalog import build
from meristem.models.protocol import Fitted
from meristem.models.trials.factors import (
    EnvironmentFactors,
    environment_factors,
    line_slopes,
)
from meristem.models.trials.fitted import FittedLines
from meristem.models.trials.reacting import FittedReactions
from meristem.models.trials.spec import LinesByEnvironments, record_labels
from meristem.prepare.by_environment import is_stacked
from meristem.records import (
    Dataset,
    Environments,
    FloatArray,
    NetworkPlan,
    Phenotypes,
    Splits,
)
from meristem.stats.folds import nested


@dataclass(frozen=True)
class ReactionNetwork:
    """Specification; see `config.models.ReactionOptions`.

    The value of line i in environment j is sum_k f_k(markers of i) w_k(covariates of
    j): w are principal components of the covariates, f the outputs of one network,
    taught by the mean and slopes of every training line.

    References
    ----------
    Jarquin et al. 2014, TAG 127:595 (the reaction norm beside it); Finlay & Wilkinson
    1963, Aust J Agric Res 14:742 (lines as mean and slope).
    """

    options: ReactionOptions
    plan: NetworkPlan | None = None
    covariates: Environments | None = None

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedReactions:
        """Learn both paths on all rows, and the share of the network on inner splits.

        Rows that are no records are those of one average environment.
        """
        splits = inner or random_inner(dataset.n_sample, rng)
        lines, networks, factors = self._paths(dataset, splits, rng)
        share = self._share(dataset, splits, rng)
        return FittedReactions(lines, networks, factors, share)

    def _paths(
        self, dataset: Dataset, inner: Splits, rng: np.random.Generator
    ) -> tuple[FittedLines, tuple[Fitted, ...], EnvironmentFactors]:
        several = dataset.groups is not None and is_stacked(dataset)
        known = several and self.covariates is not None
        structure = TrialOptions(structure="reaction_norm" if known else "main")
        lines = LinesByEnvironments(structure, self.covariates).fit(
            dataset, rng=rng, inner=inner
        )
        factors = environment_factors(
            self.covariates if several else None,
            lines.environments,
            self.options.factors,
        )
        specification = build(self.options.network, self.plan)
        networks = tuple(
            specification.fit(self._taught(dataset, lines, factors, t), rng=rng)
            for t in range(dataset.phenotypes.n_target)
        )
        return lines, networks, factors

    def _taught(
        self, dataset: Dataset, lines: FittedLines, factors: EnvironmentFactors, t: int
    ) -> Dataset:
        """Return lines with their mean and slopes of one trait as the targets."""
        target = training_targets(dataset.phenotypes)[t]
        name, place = record_labels(dataset)
        _, first, code = np.unique(name, return_index=True, return_inverse=True)
        factor = factors.of(place[target.rows])
        variances = {part: value for part, value, _ in lines.targets[t].components}
        noise = float(np.diag(lines.targets[t].fit.residual).mean())
        noise += variances.get("gxe", 0.0)
        slope = variances.get("covariates", 0.0) / max(factor.shape[1] - 1, 1)
        variance = np.full(factor.shape[1], slope)
        variance[0] = variances.get("main", noise)
        level = lines.targets[t].side(place[target.rows])[2]
        value, weight = line_slopes(
            target.y - level, target.weight, code[target.rows], factor, variance, noise
        )
        short = first.size - value.shape[0]  # lines that have other traits alone
        value = np.pad(value, ((0, short), (0, 0)))
        weight = np.pad(weight, (0, short))
        value[weight == 0] = np.nan
        trait = dataset.phenotypes.trait_name[t]
        names = [
            f"{trait} mean",
            *(f"{trait} slope {k}" for k in range(1, factor.shape[1])),
        ]
        rows = dataset.take(first)
        taught = Phenotypes(
            rows.sample_id,
            np.array(names),
            np.full(len(names), "", dtype=np.str_),
            value,
            np.tile(np.maximum(weight, 1e-9)[:, None], (1, len(names))),
        )
        return replace(rows, phenotypes=taught, groups=None)

    def _share(
        self, dataset: Dataset, inner: Splits, rng: np.random.Generator
    ) -> FloatArray:  # (n_target,)
        """Return the share of the network by records that neither path has seen."""
        value = dataset.phenotypes.value
        name, place = record_labels(dataset)
        code = np.unique(name, return_inverse=True)[1]
        moved, missed = np.full((2, *value.shape), np.nan)
        for split in inner:
            if (~np.isnan(value[split.train])).sum(axis=0).min() < 2 * len(inner):
                continue
            train = dataset.take(split.train)
            paths = self._paths(train, nested(inner, split), rng)
            fitted = FittedReactions(*paths, np.zeros(value.shape[1]))
            test = dataset.take(split.test)
            labels = name[split.test], place[split.test]
            base = fitted.posterior_at(test.genotypes, *labels).mean
            moved[split.test] = fitted.beside(test.genotypes, labels[1], base)
            missed[split.test] = value[split.test] - base
        return np.array(
            [supported(moved[:, t], missed[:, t], code) for t in range(value.shape[1])]
        )


def supported(
    moved: FloatArray,  # (n,) network minus reaction norm; NaN unknown
    missed: FloatArray,  # (n,) observed minus reaction norm
    line: np.ndarray,  # (n,) whose records err together
) -> float:
    """Return the slope of what is missed on what the network would move, in [0, 1].

    It is drawn towards 0, where the reaction norm alone predicts, by what lines leave
    open: 1 - var / slope^2.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> moved = rng.standard_normal(500)
    >>> close = supported(moved, 0.5 * moved + 0.1 * moved**2, np.arange(500))
    >>> round(close, 1), supported(moved, rng.standard_normal(500), np.arange(500))
    (0.5, 0.0)
    """
    known = ~np.isnan(moved + missed)
    moved, missed, line = moved[known], missed[known], line[known]
    size = float(moved @ moved)
    if size <= 0:
        return 0.0
    slope = float(moved @ missed) / size
    if slope <= 0:
        return 0.0
    apart = np.bincount(line, moved * (missed - slope * moved))
    variance = float(apart @ apart) / size**2
    return float(np.clip(slope * max(0.0, 1 - variance / slope**2), 0, 1))
