"""The average of listed models, weighted by their predictions of rows left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add, or_
from typing import Any

import numpy as np

from meristem.config.models import StackOptions
from meristem.errors import ConfigError
from meristem.mixed.stacking import stack
from meristem.mixed.targets import MIN_ROWS, random_inner, training_targets
from meristem.models.catalog import build, cost, restore
from meristem.models.genomic_error import (
    GenomicError,
    borrowed_error,
    error_arrays,
    posterior_of,
    restore_error,
)
from meristem.models.packing import pack_variants, unpack_variants
from meristem.models.panel import make_panel
from meristem.models.protocol import (
    Cost,
    Fitted,
    FittedWithNeeds,
    Needs,
    Predictor,
    predict_measured,
)
from meristem.prepare.match import align_variants
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    NetworkPlan,
    OmicsTable,
    Posterior,
    Predictions,
    Split,
    VariantTable,
)

WEIGHT_SD = 0.5
"""How far held-out rows may move the weight of a model from that beforehand."""


@dataclass(frozen=True)
class Stack:
    """Specification of an average of models.

    Parameters
    ----------
    options
        With the options of every model in place of its label.
    plan
        The compiled knowledge graph, for the models that use it.

    References
    ----------
    Breiman 1996, Machine Learning 24:49 (stacked regressions).
    """

    options: StackOptions
    plan: NetworkPlan | None = None

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> FittedStack:
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
        inner = inner or random_inner(dataset.n_sample, rng, options.inner_folds)
        predictors = [build(member, self.plan) for member in options.members]
        held = np.stack([_held_out(one, dataset, inner, rng) for one in predictors])
        phenotypes, genotypes = dataset.phenotypes, dataset.genotypes
        weight = stack_weights(phenotypes.value, phenotypes.weight, held)
        mean = np.where(weight[:, None] > 0, weight[:, None] * held, 0.0).sum(axis=0)
        return FittedStack(
            tuple(one.fit(dataset, rng=rng, inner=inner) for one in predictors),
            weight,
            genotypes.variants,
            borrowed_error(
                make_panel(genotypes), training_targets(phenotypes), inner, mean
            ),
        )


@dataclass(frozen=True)
class FittedStack:
    """Fitted models and the weight of each for every target."""

    models: tuple[Fitted, ...]
    weight: FloatArray  # (n_model, n_target) adding up to 1 for every target
    variants: VariantTable
    error: GenomicError | None = None

    @property
    def needs(self) -> Needs:
        """What the models need together."""
        known = [m.needs for m in self.models if isinstance(m, FittedWithNeeds)]
        return reduce(or_, known, Needs())

    def predict(
        self, genotypes: Genotypes, omics: tuple[OmicsTable, ...] = ()
    ) -> Predictions:
        """Predict every target; spread is the sd of the mixture of the models."""
        found = [predict_measured(model, genotypes, omics) for model in self.models]
        value = np.stack([one.value for one in found])
        spread = np.stack([one.spread for one in found])
        weight = self.weight[:, None]  # (n_model, 1, n_target)
        mean = (weight * value).sum(axis=0)
        second = np.where(weight > 0, spread**2 + (value - mean) ** 2, 0.0)
        return Predictions(
            genotypes.sample_id,
            found[0].trait_name,
            found[0].environment_name,
            mean,
            np.sqrt((weight * second).sum(axis=0)),
        )

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the genetic values of lines."""
        dosage = align_variants(genotypes, self.variants).call_dosage
        return posterior_of(self.error, self.predict(genotypes), dosage)

    def state(self) -> FittedState:
        """Return the fitted models and their weights."""
        states = [model.state() for model in self.models]
        arrays = {
            f"{number}.{name}": array
            for number, state in enumerate(states)
            for name, array in state.arrays.items()
        }
        models = [{"kind": state.kind, "meta": state.meta} for state in states]
        arrays |= {"weight": self.weight, **pack_variants(self.variants)}
        return FittedState(
            "stack", arrays | error_arrays(self.error), {"models": models}
        )


def restore_stack(state: FittedState) -> FittedStack:
    """Return the fitted model that `FittedStack.state` described."""
    models: Any = state.meta["models"]
    fitted = []
    for number, model in enumerate(models):
        start = f"{number}."
        arrays = {
            name.removeprefix(start): array
            for name, array in state.arrays.items()
            if name.startswith(start)
        }
        fitted.append(restore(FittedState(model["kind"], arrays, model["meta"])))
    return FittedStack(
        tuple(fitted),
        state.arrays["weight"],
        unpack_variants(state.arrays),
        restore_error(state.arrays),
    )


def stack_cost(
    options: StackOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of all models, on all rows and on the inner splits."""
    once = reduce(add, (cost(member, dataset, plan) for member in options.members))
    return Cost((1 + options.inner_folds) * once.seconds, once.memory)


def stack_weights(
    observed: FloatArray,  # (n_sample, n_target) NaN missing
    weight: FloatArray,  # (n_sample, n_target)
    held: FloatArray,  # (n_model, n_sample, n_target) out of fold, NaN where none
) -> FloatArray:  # (n_model, n_target)
    """Return non-negative weights that add up to 1 for every target.

    They are the mode of `mixed.stacking.stack` about the first model alone: where
    nothing was held out, it has all.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y, ones = rng.normal(size=(200, 1)), np.ones((200, 1))
    >>> bad, good = rng.normal(size=(200, 1)), y + 0.1 * rng.normal(size=(200, 1))
    >>> stack_weights(y, ones, np.stack([bad, good, bad]))[:, 0].round(1)
    array([0., 1., 0.])
    """
    first = np.eye(held.shape[0])[0]
    return stack(observed, weight, held, first, sd=WEIGHT_SD)


def _held_out(
    predictor: Predictor,
    dataset: Dataset,
    inner: tuple[Split, ...],
    rng: np.random.Generator,
) -> FloatArray:  # (n_sample, n_target) NaN where a row was never held out
    """Return the mean prediction of every row by fits on inner training rows."""
    observed = ~np.isnan(dataset.phenotypes.value)
    total, count = np.zeros(observed.shape), np.zeros((dataset.n_sample, 1))
    for split in inner:
        if observed[split.train].sum(axis=0).min() < MIN_ROWS:
            continue
        test = dataset.take(split.test)
        fitted = predictor.fit(dataset.take(split.train), rng=rng)
        total[split.test] += predict_measured(fitted, test.genotypes, test.omics).value
        count[split.test] += 1
    return total / np.where(count > 0, count, np.nan)
