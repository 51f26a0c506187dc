"""Genomic-feature BLUP: one variance component for all variants, one per gene set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.models import FeatureBLUPOptions
from meristem.errors import ConfigError
from meristem.mixed.groups import Members
from meristem.mixed.sets import (
    best_sets,
    count_predictions,
    feature_weights,
    fit_stack,
    make_stack,
    score_sets,
)
from meristem.mixed.targets import random_inner, target_splits, training_targets
from meristem.models.effects import FittedLinear
from meristem.models.genomic_error import borrowed_error
from meristem.models.marker_model import training_fields
from meristem.models.panel import make_panel
from meristem.plan.gene_sets import gene_variants, set_variants
from meristem.plan.learned.of_options import model_plan
from meristem.records import Dataset, NetworkPlan, Splits
from meristem.stats.choices import best_choice


@dataclass(frozen=True)
class FeatureBLUP:
    """GBLUP with a kernel of the variants of each of the best gene sets.

    Sets are screened by score test; their number is chosen on the inner splits
    among 0, half and all of `max_sets`. Sets are those of the knowledge, or of a
    graph learned from the training rows.

    References
    ----------
    Edwards et al. 2016, Genetics 203:1871 (genomic feature BLUP).
    """

    options: FeatureBLUPOptions
    plan: NetworkPlan | None = None

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedLinear:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        ConfigError
            If there is no knowledge.
        """
        targets = training_targets(dataset.phenotypes)
        inner = inner or random_inner(dataset.n_sample, rng)
        panel = make_panel(dataset.genotypes)
        plan = model_plan(dataset, self.options, self.plan, inner, rng)
        sets = _variant_sets(plan)
        markers = panel.scale.standardise(panel.dosage, np.float64)
        stack = make_stack([panel.kernel], markers, sets)
        counts = sorted({0, self.options.max_sets // 2, self.options.max_sets})
        dual = np.zeros((markers.shape[0], len(targets)))
        through = np.zeros((markers.shape[1], len(targets)))
        intercept = np.zeros(len(targets))
        unseen = np.full(dataset.phenotypes.value.shape, np.nan)
        tuning: dict[str, list] = {"kept": [], "variance": [], "residual": []}
        for target in targets:
            tried = [
                (test, count_predictions(stack, target, train, test, counts))
                for train, test in target_splits(inner, target.rows)
            ]
            best, rows = best_choice(tried, target.y, target.weight)
            kept = best_sets(score_sets(stack, target), counts[best])
            fit = fit_stack(stack, target, kept)
            column = target.column
            unseen[target.rows, column] = rows
            dual[target.rows, column] = fit.genetic[0] * fit.dual
            through[:, column] = feature_weights(markers, stack, sets, fit, target)
            intercept[column] = fit.intercept
            tuning["kept"].append(sets.name[kept].tolist())
            tuning["variance"].append(fit.genetic.tolist())
            tuning["residual"].append(fit.residual)
        through *= (panel.scale.weight / panel.scale.sd)[:, None]
        return FittedLinear(
            *training_fields("gfblup", dataset, panel.scale),
            panel.effects(dual) + through,
            intercept,
            tuning,
            borrowed_error(panel, targets, inner, unseen),
        )


def _variant_sets(plan: NetworkPlan | None) -> Members:
    """Return the variants of every gene set; without sets, of every gene."""
    if plan is None:
        raise ConfigError(
            "gfblup needs gene sets and there is no knowledge",
            remedy='add a [knowledge] section, set graph = "learned", or leave the '
            "model out",
        )
    sets = set_variants(plan)
    return gene_variants(plan) if sets.n_group == 0 else sets
