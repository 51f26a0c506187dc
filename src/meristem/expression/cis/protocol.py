"""What models of expression learn from, what they keep, and how they predict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from meristem.expression.cis.markers import MarkerKernel
from meristem.mixed.groups import Members
from meristem.records import FloatArray, Splits


@dataclass(frozen=True)
class TrainingLines:
    """Training lines as models see them: scaled, adjusted, without gaps."""

    markers: FloatArray  # (n, n_variant) standardised on these lines
    expression: FloatArray  # (n, n_gene)
    cis: Members
    features: tuple[FloatArray, ...]  # per gene (n, k); empty: none
    published: FloatArray | None  # (n, n_gene) 0 where nothing is said
    inner: Splits


@dataclass(frozen=True)
class NewLines:
    """Lines to predict, scaled as the training lines."""

    markers: FloatArray  # (n_new, n_variant)
    features: tuple[FloatArray, ...]  # per gene (n_new, k)
    published: FloatArray | None  # (n_new, n_gene)


@dataclass(frozen=True)
class FittedGenes:
    """A model of every gene, linear in markers, features and published scores.

    Features count from their mean among the training lines; a row of them that is not
    known (NaN) counts as the mean.
    """

    kind: str
    intercept: FloatArray  # (n_gene,)
    cis: Members
    cis_weight: FloatArray  # (n_member,) per sd of the marker
    kernel: MarkerKernel | None = None
    dual: FloatArray | None = None  # (n_train, n_gene)
    train_markers: FloatArray | None = None  # (n_train, n_variant)
    feature_mean: tuple[FloatArray, ...] = ()  # per gene (k,)
    feature_weight: tuple[FloatArray, ...] = ()  # per gene (k,)
    published_mean: FloatArray | None = None  # (n_gene,)
    published_weight: FloatArray | None = None  # (n_gene,)
    cis_share: FloatArray | None = None  # (n_gene,) of variance, own variants and
    # features; None: the model does not estimate it
    polygenic_share: FloatArray | None = None  # (n_gene,)
    notes: tuple[tuple[str, float], ...] = ()  # what was chosen, for the report

    def predict(self, lines: NewLines) -> FloatArray:  # (n_new, n_gene)
        """Return the expression of new lines."""
        found = np.tile(self.intercept, (lines.markers.shape[0], 1))
        if self.cis_weight.any():
            matrix = self.cis.matrix(self.cis_weight, lines.markers.shape[1])
            found += np.asarray((matrix.T @ lines.markers.T).T)
        if self.kernel is not None and self.dual is not None:
            assert self.train_markers is not None
            found += self.kernel.gram(lines.markers, self.train_markers) @ self.dual
        for gene, weight in enumerate(self.feature_weight):
            own = lines.features[gene] - self.feature_mean[gene]
            found[:, gene] += np.nan_to_num(own) @ weight
        if self.published_weight is not None and lines.published is not None:
            assert self.published_mean is not None
            found += (lines.published - self.published_mean) * self.published_weight
        return found


class GeneModel(Protocol):
    """A specification that can be fitted."""

    def fit(self, lines: TrainingLines) -> FittedGenes:
        """Learn every gene from the training lines."""
        ...
