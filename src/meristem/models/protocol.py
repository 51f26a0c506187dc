"""What every model offers; no torch here, so that evaluation needs none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    Latents,
    NetworkPlan,
    Posterior,
    Predictions,
    Split,
    StrArray,
)


@runtime_checkable
class Fitted(Protocol):
    """Weights and everything else learned on the training rows; never changes."""

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target from genotypes alone.

        Variants are matched by name to those of the training data
        (`prepare.match.match_variants`), missing ones are imputed with training
        statistics.
        """
        ...

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the lines' genetic values, its mean `predict`.

        Its width is that of the prediction error: from the mixed-model equations for
        kernel models, scaled to the error of held-out rows for the others.
        """
        ...

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        ...


class Predictor(Protocol):
    """A model specification: frozen, cheap to make, holds nothing learned."""

    def fit(
        self,
        dataset: Dataset,
        *,
        rng: np.random.Generator,
        inner: tuple[Split, ...] = (),
    ) -> Fitted:
        """Learn from the training rows.

        Parameters
        ----------
        dataset
            The training rows and nothing else. Rows without any phenotype may be
            present (lines with omics alone).
        rng
            The only source of randomness.
        inner
            Splits of these rows that mimic the outer question (positions within
            `dataset`). Every choice made inside training uses them; empty means
            random 5-fold.
        """
        ...


@runtime_checkable
class FittedNetwork(Fitted, Protocol):
    """A fitted network whose named nodes can be read and clamped.

    Members are the networks of the ensemble (seeds x inner folds).
    """

    plan: NetworkPlan

    def member_predictions(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_target)
        """Return the prediction of every member."""
        ...

    def member_latents(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_sample, n_node)
        """Return every latent of every member, in the members' own sign and scale."""
        ...

    def latents(self, genotypes: Genotypes) -> Latents:
        """Return the latents averaged over members, sign-aligned between members."""
        ...

    def clamp(
        self,
        genotypes: Genotypes,
        nodes: tuple[str, ...],
        values: FloatArray,  # (n_member, n_clamped)
    ) -> FloatArray:  # (n_member, n_sample, n_target)
        """Predict with the latents of `nodes` held at `values` for all samples."""
        ...

    def dosage_gradient(
        self,
        genotypes: Genotypes,
    ) -> tuple[FloatArray, FloatArray]:  # each (n_variant, n_target)
        """Return mean d prediction / d dosage: through the network, and polygenic."""
        ...

    def node_gradient(
        self,
        genotypes: Genotypes,
    ) -> FloatArray:  # (n_member, n_node, n_target)
        """Return mean d prediction / d latent, one member each."""
        ...


@dataclass(frozen=True)
class IntegratedGradients:
    """Shares of the predictions of a set of samples, averaged over members.

    `variant` and `node` are each a complete account of the network's part where the
    nodes are a cut through the graph (all nodes of one level, say); shares of nodes
    on one path overlap.
    """

    variant_id: StrArray  # (n_variant,)
    node_name: StrArray  # (n_node,)
    variant: FloatArray  # (n_sample, n_variant, n_target) units of the trait
    node: FloatArray  # (n_sample, n_node, n_target) units of the trait
    difference: FloatArray  # (n_sample, n_target) network's part minus the baseline's
    gap: FloatArray  # (n_sample, n_target) sum of the variants' shares - difference

    def variant_importance(self) -> FloatArray:  # (n_variant, n_target)
        """Return the mean over samples of the absolute share of every variant."""
        return np.abs(self.variant).mean(axis=0)

    def node_importance(self) -> FloatArray:  # (n_node, n_target)
        """Return the mean over samples of the absolute share of every node."""
        return np.abs(self.node).mean(axis=0)
