"""Omics-mediated linear models: omics from genotype, trait from those.

Everything is linear in the markers, so that a fitted model is one effect per variant
and target and predicts from genotypes alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.config.models import MediatedOptions
from meristem.errors import ConfigError
from meristem.mixed.blup import fit_kernel_blup
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import (
    MIN_ROWS,
    Target,
    random_inner,
    training_targets,
)
from meristem.models.effects import FittedLinear
from meristem.models.genomic_error import borrowed_error
from meristem.models.marker_model import training_fields
from meristem.models.omics.cis_pathways import (
    CisProblem,
    average_cis_target,
    choose_counts,
    fit_cis_target,
    predict_features,
    variant_effects,
)
from meristem.models.omics.expression import (
    error_penalty,
    feature_duals,
    feature_share,
    joined_features,
    node_reliability,
    standardised,
)
from meristem.models.panel import MarkerPanel, make_panel
from meristem.plan.gene_sets import gene_variants, node_sets
from meristem.plan.learned.of_options import model_plan
from meristem.records import Dataset, FloatArray, NetworkPlan, Splits

_Solution = tuple[FloatArray, FloatArray, dict[str, list]]


@dataclass(frozen=True)
class Mediated:
    """Specification of an omics-mediated linear model.

    The methods of the options are

    - `goblup`: the trait on measured omics and a residual polygenic term, then the
      omics' part of the trait on the genotypes: two systems.
    - `one_kernel`: one kernel of omics predicted from all variants.
    - `predicted_expression`: polygenic kernel and one kernel of each gene's
      expression predicted from its own variants, every gene of equal variance.
    - `pathway_reml`: polygenic kernel, one kernel of predicted expression, and one
      kernel per pathway; pathways screened by score test, their number chosen on
      inner splits, zero among the candidates.
    - `pathway_average`: the mean of pathway models of several sizes and of one in
      which each pathway counts by its probability to act, shrunk towards none by
      the probability that any acts; the strongest on the recovery panel.

    A feature counts by its reliability where it is known: its predicted values vary
    that much less, and its own variants are shrunk that much more.

    Genes and pathways are those of the knowledge, or of a graph learned from the
    training rows, the same that a BINN with equal `learn` options has.

    References
    ----------
    Christensen, Boerner, Varona & Legarra 2021, Genetics 219:iyab130 (GOBLUP);
    Gamazon et al. 2015, Nature Genetics 47:1091 (predicted expression).
    """

    options: MediatedOptions
    plan: NetworkPlan | None = None

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedLinear:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        DataError
            If there are no omics.
        ConfigError
            If the method needs knowledge and there is none.
        """
        targets = training_targets(dataset.phenotypes)
        inner = inner or random_inner(dataset.n_sample, rng)
        panel = make_panel(dataset.genotypes)
        method = self.options.method
        if method == "goblup":
            effect, intercept, tuning = _goblup(panel, dataset, targets)
        elif method == "one_kernel":
            effect, intercept, tuning = _one_kernel(panel, dataset, targets)
        else:
            plan = model_plan(dataset, self.options, self.plan, inner, rng)
            problem = self._cis_problem(panel, dataset, plan)
            effect, intercept, tuning = self._cis(problem, targets, inner)
        return FittedLinear(
            *training_fields("mediated", dataset, panel.scale),
            effect,
            intercept,
            tuning,
            borrowed_error(panel, targets, inner),
        )

    def _cis_problem(
        self, panel: MarkerPanel, dataset: Dataset, plan: NetworkPlan | None
    ) -> CisProblem:
        if plan is None:
            raise ConfigError(
                f"mediated with method {self.options.method!r} needs knowledge",
                remedy='add a [knowledge] section, set graph = "learned", or use '
                "goblup or one_kernel",
            )
        genes = gene_variants(plan)
        known = node_reliability(dataset.omics, genes.name)
        return CisProblem(
            panel=panel,
            markers=panel.scale.standardise(panel.dosage),
            genes=genes,
            sets=node_sets(plan),
            expression=joined_features(dataset.omics, genes.name),
            penalty=error_penalty(self.options.penalty, known),
            share=np.sqrt(np.nan_to_num(known, nan=1.0)),
            equal_variance=self.options.method == "predicted_expression",
        )

    def _cis(
        self, problem: CisProblem, targets: tuple[Target, ...], inner: Splits
    ) -> _Solution:
        counts = self.options.set_counts
        features = predict_features(problem, np.arange(problem.markers.shape[0]))
        if self.options.method == "pathway_average":
            fits = [
                average_cis_target(problem, features, target, counts)
                for target in targets
            ]
        else:
            candidates = counts if self.options.method == "pathway_reml" else (0,)
            chosen = choose_counts(problem, targets, inner, candidates)
            fits = [
                fit_cis_target(problem, features, target, count)
                for target, count in zip(targets, chosen, strict=True)
            ]
        tuning: dict[str, list] = {
            "kept": [fit.set_name for fit in fits],
            "variance": [fit.variance for fit in fits],
        }
        intercept = np.array([fit.intercept for fit in fits])
        return variant_effects(problem, features, fits), intercept, tuning


def _goblup(
    panel: MarkerPanel, dataset: Dataset, targets: tuple[Target, ...]
) -> _Solution:
    features = joined_features(dataset.omics, derived=True)
    once = np.where(np.isnan(joined_features(dataset.omics)), np.nan, features)
    genomic = panel.kernel @ feature_duals(panel.kernel, once)
    # lines without a measurement enter with their genomic expectation
    complete = np.where(np.isnan(features), genomic, features)
    complete = complete * feature_share(dataset.omics)
    omics_kernel, _ = unit_diagonal(complete @ complete.T)
    model = KernelREML((omics_kernel, panel.kernel))
    everyone = np.arange(panel.kernel.shape[0])
    dual = np.zeros((everyone.size, len(targets)))
    intercept = np.zeros(len(targets))
    tuning: dict[str, list] = {"variance": [], "residual": [], "omics_h2": []}
    for target in targets:
        first = model.fit(target)
        column = target.column
        mediated = first.genetic[0] * (omics_kernel[:, target.rows] @ first.dual)
        dual[target.rows, column] += first.genetic[1] * first.dual
        second = Target(0, everyone, mediated, np.ones(mediated.size))
        carried = fit_kernel_blup(panel.kernel, [second])
        dual[:, column] += carried.dual[:, 0]
        intercept[column] = first.intercept + carried.intercept[0]
        tuning["variance"].append(first.genetic.tolist())
        tuning["residual"].append(first.residual)
        tuning["omics_h2"].append(float(carried.h2[0]))
    return panel.effects(dual), intercept, tuning


def fit_one_kernel(
    panel: MarkerPanel, dataset: Dataset, targets: tuple[Target, ...], inner: Splits
) -> tuple[FittedLinear, FloatArray]:
    """Fit the kernel of omics that genotypes predict, on all rows and on inner splits.

    Returns
    -------
    tuple
        The model of method `one_kernel`, and (n_sample, n_target) predictions of
        held-out rows, whose omics taught nothing either; NaN where a row is in no
        test set.
    """
    effect, intercept, tuning = _one_kernel(panel, dataset, targets)
    raw = np.concatenate([table.direct().value for table in dataset.omics], axis=1)
    share = feature_share(dataset.omics)
    held = np.zeros((dataset.n_sample, len(targets)))
    count = np.zeros(held.shape)
    for split in inner:
        among = panel.kernel[np.ix_(split.train, split.train)]
        duals = feature_duals(among, standardised(raw[split.train]))
        omics = panel.kernel[:, split.train] @ (duals * share)
        size = float(np.mean(np.sum(omics[split.train] ** 2, axis=1)))
        if size <= 0:
            continue
        kernel = omics @ omics.T / size
        for number, target in enumerate(targets):
            own = np.flatnonzero(np.isin(target.rows, split.train))
            if own.size < MIN_ROWS:
                continue
            solved = fit_kernel_blup(kernel, [target.take(own)])
            held[split.test, number] += solved.predict(kernel[split.test])[:, 0]
            count[split.test, number] += 1
    fitted = FittedLinear(
        *training_fields("mediated", dataset, panel.scale), effect, intercept, tuning
    )
    return fitted, held / np.where(count > 0, count, np.nan)


def _one_kernel(
    panel: MarkerPanel, dataset: Dataset, targets: tuple[Target, ...]
) -> _Solution:
    feature_dual = feature_duals(panel.kernel, joined_features(dataset.omics))
    feature_dual *= feature_share(dataset.omics)
    predicted = panel.kernel @ feature_dual
    kernel, factor = unit_diagonal(predicted @ predicted.T)
    solved = fit_kernel_blup(kernel, targets)
    weight = factor * (predicted.T @ solved.dual)  # (n_feature, n_target)
    tuning: dict[str, list] = {"h2": solved.h2.tolist()}
    return panel.effects(feature_dual @ weight), solved.intercept, tuning
