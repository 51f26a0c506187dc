"""The average of listed models, weighted by their predictions of rows left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np

from meristem.config.models import StackOptions
from meristem.errors import ConfigError
from meristem.mixed.targets import MIN_ROWS
from meristem.models.catalog import build, cost
from meristem.models.genomic_error import borrowed_error
from meristem.models.mixture.fit import mix_parts
from meristem.models.mixture.fitted import FittedMixture
from meristem.models.mixture.parts import Part
from meristem.models.mixture.problem import make_problem
from meristem.models.protocol import Cost, Predictor, predict_measured
from meristem.records import (
    Dataset,
    Environments,
    FloatArray,
    NetworkPlan,
    Splits,
)
from meristem.stats.folds import nested


@dataclass(frozen=True)
class Stack:
    """Specification of an average of models.

    Parameters
    ----------
    options
        With the options of every model in place of its label.
    plan
        The compiled knowledge graph, for the models that use it.
    environments
        Covariates of the environments, for the models that use them.

    References
    ----------
    Breiman 1996, Machine Learning 24:49 (stacked regressions).
    """

    options: StackOptions
    plan: NetworkPlan | None = None
    environments: Environments | None = None

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedMixture:
        """Fit every model on all rows, and on inner splits for its weight.

        Raises
        ------
        ConfigError
            If a model is listed by a label that nothing was told of.
        """
        options = self.options
        if len(options.members) < len(options.models):
            raise ConfigError(
                "a model to average is listed by its label alone",
                where=options.label,
                remedy="list its options, or read them from a configuration",
            )
        problem = make_problem(dataset, inner, options.inner_folds, rng)
        predictors = [
            build(member, self.plan, self.environments) for member in options.members
        ]
        parts = [
            Part(
                member.label,
                one.fit(dataset, rng=rng, inner=problem.inner),
                _held_out(one, dataset, problem.inner, rng),
            )
            for member, one in zip(options.members, predictors, strict=True)
        ]
        equal = np.full(len(parts), 1 / len(parts))
        mixture, held = mix_parts(problem, parts, "stack", rng, equal, options.sd)
        error = borrowed_error(problem.panel, problem.targets, problem.inner, held)
        return replace(mixture, error=error)


def stack_cost(
    options: StackOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of all models, on all rows and on the inner splits."""
    once = reduce(add, (cost(member, dataset, plan) for member in options.members))
    return Cost((1 + options.inner_folds) * once.seconds, once.memory)


def _held_out(
    predictor: Predictor, dataset: Dataset, inner: Splits, rng: np.random.Generator
) -> FloatArray:  # (n_sample, n_target) NaN where a row was never held out
    """Return the mean prediction of every row by fits on inner training rows."""
    observed = ~np.isnan(dataset.phenotypes.value)
    total, count = np.zeros(observed.shape), np.zeros((dataset.n_sample, 1))
    for split in inner:
        if observed[split.train].sum(axis=0).min() < MIN_ROWS:
            continue
        test = dataset.take(split.test)
        fitted = predictor.fit(
            dataset.take(split.train), rng=rng, inner=nested(inner, split)
        )
        total[split.test] += predict_measured(fitted, test.genotypes, test.omics).value
        count[split.test] += 1
    return total / np.where(count > 0, count, np.nan)
