"""Genomic models of lines in environments: one covariance matrix among them."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from meristem.config.models import TrialOptions
from meristem.errors import DataError
from meristem.genetics.distance import gaussian, scaled_distance
from meristem.genetics.relationship import gram
from meristem.mixed.sets import unit_diagonal
from meristem.mixed.targets import Target, training_targets
from meristem.mixed.trials.covariance import (
    Covariance,
    FactorAnalytic,
    Unstructured,
    Weighted,
)
from meristem.mixed.trials.fit import TrialFit, fit_trials
from meristem.mixed.trials.likelihood import Records
from meristem.mixed.trials.sparse import fit_sparse
from meristem.models.marker_model import training_fields
from meristem.models.trials.fitted import FittedLines, TrialTarget
from meristem.models.trials.similarity import Similarity, similarity
from meristem.prepare.by_environment import ENVIRONMENT, LINE, is_stacked
from meristem.prepare.scale import fit_scale
from meristem.records import (
    Dataset,
    Environments,
    FloatArray,
    IntArray,
    Splits,
    StrArray,
)

logger = logging.getLogger(__name__)

MOST_DENSE = 4000
"""Records of an incomplete table whose covariance is formed; beyond, it is multiplied
with, and traces are estimated."""

MOST_CORRELATED = 6
"""Environments up to which residuals of a line are correlated by default."""


@dataclass(frozen=True)
class LinesByEnvironments:
    """REML over the kernel of lines times a covariance among environments.

    References
    ----------
    Burgueno et al. 2012, Crop Sci 52:707; Lopez-Cruz et al. 2015, G3 5:569 (main and
    interaction); Jarquin et al. 2014, TAG 127:595 (reaction norm); Cuevas et al. 2017,
    G3 7:41 (residual covariances among environments).
    """

    options: TrialOptions = TrialOptions()
    covariates: Environments | None = None

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedLines:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Rows that are no records count as those of one environment.

        Raises
        ------
        DataError
            If there are too many records for the structure asked, covariates are
            missing, or a target has hardly any value.
        """
        del inner  # REML chooses
        line, place = record_labels(dataset)
        names, first, code = np.unique(line, return_index=True, return_inverse=True)
        dosage = dataset.genotypes.call_dosage[first]
        scale = fit_scale(dosage)
        product = gram(dosage, scale.mean, scale.weight)
        size = 1.0
        if self.options.kernel == "gaussian":
            distance, size = scaled_distance(product)
            kernel = gaussian(distance, self.options.bandwidth)
        else:
            kernel, size = unit_diagonal(product)
        targets = [
            self._target(target, (code, place), kernel, rng)
            for target in training_targets(dataset.phenotypes)
        ]
        return FittedLines(
            *training_fields("gxe", dataset, scale),
            self.options,
            names,
            dosage,
            float(size),
            tuple(targets),
        )

    def _target(
        self,
        target: Target,
        labels: tuple[IntArray, StrArray],
        kernel: FloatArray,
        rng: np.random.Generator,
    ) -> TrialTarget:
        line = labels[0][target.rows]
        places, place = np.unique(labels[1][target.rows], return_inverse=True)
        order = np.lexsort((place, line))
        records = Records(
            line[order],
            place[order],
            target.y[order],
            target.weight[order],
            places.size,
        )
        alike = None
        if self.options.structure == "reaction_norm":
            alike = similarity(self.covariates, places)
        genetic, names = self._genetic(places, alike)
        residual = self._residual(places.size)
        if not records.complete and records.y.size > MOST_DENSE:
            return _large(
                records, kernel, (genetic, residual, names), rng, places, alike
            )
        fit = fit_trials(records, kernel, genetic, residual)
        loadings = None
        cut = len(genetic.bounds())
        if isinstance(genetic, FactorAnalytic):
            scale = np.sqrt(fit.genetic[0, 0] / genetic.matrix(fit.theta[:cut])[0, 0])
            loadings = scale * genetic.loadings(fit.theta[:cut])
        components = []
        if names:
            # parameters are logarithms of variances relative to that of the records
            size = fit.genetic[0, 0] / genetic.matrix(fit.theta[:cut])[0, 0]
            value = size * np.exp(fit.theta[:cut])
            components = list(zip(names, value, value * fit.se[:cut], strict=True))
        return TrialTarget(places, records, fit, alike, loadings, tuple(components))

    def _genetic(
        self, places: StrArray, alike: Similarity | None
    ) -> tuple[Covariance, tuple[str, ...]]:
        t, structure = places.size, self.options.structure
        whole, own = np.ones((t, t)), np.eye(t)
        if t == 1 or structure == "main":
            return Weighted((whole,)), ("main",)
        if structure == "main_gxe":
            return Weighted((whole, own)), ("main", "gxe")
        if alike is not None:
            between = alike.between(places, places)
            return Weighted((whole, between, own)), ("main", "covariates", "gxe")
        if structure == "fa" and self.options.factors < t - 1:
            return FactorAnalytic(t, self.options.factors), ()
        return Unstructured(t), ()

    def _residual(self, t: int) -> Covariance:
        kind = self.options.residual
        if kind == "auto":
            free = self.options.structure in ("unstructured", "fa")
            many = t > MOST_CORRELATED
            kind = ("diagonal" if many else "unstructured") if free else "common"
        if kind == "common" or t == 1:
            return Weighted((np.eye(t),))
        if kind == "diagonal":
            return Weighted(tuple(np.diag(row) for row in np.eye(t)))
        return Unstructured(t)


def _large(
    records: Records,
    kernel: FloatArray,
    structure: tuple[Covariance, Covariance, tuple[str, ...]],
    rng: np.random.Generator,
    places: StrArray,
    alike: Similarity | None,
) -> TrialTarget:
    """Return the fit of more records than one matrix can hold."""
    genetic, residual, names = structure
    one_noise = isinstance(residual, Weighted) and len(residual.parts) == 1
    if not isinstance(genetic, Weighted) or not one_noise:
        raise DataError(
            f"{records.y.size} records of a table that is not complete: beyond "
            f"{MOST_DENSE} covariances among environments are sums of known ones",
            remedy='use structure = "main_gxe", "main" or "reaction_norm" with '
            'residual = "common", or fewer environments',
        )
    found = fit_sparse(records, kernel, genetic.parts, rng)
    if not found.converged:
        logger.warning("components of %d records moved to the end", records.y.size)
    fit = TrialFit(
        np.tensordot(found.variance, np.stack(genetic.parts), 1),
        found.noise * np.eye(places.size),
        found.mean,
        found.dual,
        float("nan"),
        np.log(np.append(found.variance, found.noise)),
        found.se / np.append(found.variance, found.noise),
        found.rounds,
    )
    values = zip(names, found.variance, found.se[:-1], strict=True)
    components = tuple((n, float(v), float(e)) for n, v, e in values)
    return TrialTarget(places, records, fit, alike, None, components, sparse=True)


def record_labels(dataset: Dataset) -> tuple[StrArray, StrArray]:
    """Return line and environment of every row; one environment if they are lines."""
    if dataset.groups is None or not is_stacked(dataset):
        return dataset.sample_id, np.full(dataset.n_sample, "", dtype=np.str_)
    return dataset.groups.column(LINE), dataset.groups.column(ENVIRONMENT)
