"""A fitted model of the Bayesian alphabet: posterior means and joint draws."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.config.models import BayesOptions
from meristem.genetics.distance import gaussian
from meristem.genetics.relationship import cross_gram, diagonal_gram
from meristem.mixed.gibbs.chains import Watched
from meristem.mixed.gibbs.counts import expected_count
from meristem.mixed.gibbs.liability import expected_class
from meristem.models.bayes.classes import TOLD, VariantClasses
from meristem.models.marker_model import MarkerModel, restored_fields
from meristem.models.packing import prefixed, with_prefix
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Posterior,
    Predictions,
)
from meristem.stats.normal import normal_density


@dataclass(frozen=True)
class Conditional:
    """What training rows leave open of new lines under a kernel of variance 1."""

    rows: IntArray  # (n,) training rows of the target
    root: FloatArray  # (n, n_kept) R with R R' the inverse of their kernel


@dataclass(frozen=True)
class TargetDraws:
    """Posterior of one target."""

    level: float  # mean of mu
    coefficient: FloatArray  # (n_coefficient,) posterior mean
    draw: NDArray[np.float32]  # (n_draw, n_coefficient)
    level_draw: FloatArray  # (n_draw,)
    cut_draw: FloatArray  # (n_draw, n_class - 1) thresholds; (n_draw, 0): values
    classes: FloatArray  # (n_class,) values of the classes; (0,): values
    unit_variance: float  # of the predictor, per unit of its features' squares
    noise: float  # residual variance of a value of weight 1; NaN: a liability
    watched: tuple[Watched, ...]
    inclusion: FloatArray | None  # (n_variant + n_window,)
    converged: bool
    conditional: Conditional | None = None  # of a kernel
    count_noise: FloatArray = field(default_factory=lambda: np.empty(0))
    # (n_draw,) variance of log counts beyond Poisson; (0,): no counts
    variance: tuple[tuple[str, float, float], ...] = ()  # name, posterior mean, sd
    class_effect: FloatArray | None = None  # (n_class, len(TOLD)) of variants


@dataclass(frozen=True)
class FittedBayes(MarkerModel):
    """A fitted model of the Bayesian alphabet."""

    options: BayesOptions
    targets: tuple[TargetDraws, ...]
    window: IntArray  # (n_window,) first variant of every window
    train_dosage: NDArray[np.int8] | None = None  # (n_train, n_variant) of a kernel
    median: float = 1.0  # of squared distances between training rows
    classes: VariantClasses | None = None  # of an annotated model

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict every target; the spread is that of `posterior`."""
        return self.posterior(genotypes).predictions()

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of lines, with the covariance of the draws.

        Of an ordinal trait it is that of the expected class: of 0/1 a probability; of
        counts that of the expected count.
        """
        dosage = self.dosage(genotypes)
        features, size = self._features(dosage)
        n, n_target = dosage.shape[0], len(self.targets)
        n_draw = max(one.draw.shape[0] for one in self.targets)
        mean, prior, independent = np.zeros((3, n, n_target))
        factor = np.zeros((n_target, n, n_draw))
        for t, one in enumerate(self.targets):
            own = features
            if one.conditional is not None:
                own = features[:, one.conditional.rows]
                seen = ((own @ one.conditional.root) ** 2).sum(axis=1)
                rest = np.maximum(size - seen, 0) * one.unit_variance
                independent[:, t] = np.sqrt(rest)
            value = own @ one.draw.T + one.level_draw  # (n, n_draw)
            mean[:, t] = one.level + own @ one.coefficient
            prior[:, t] = one.unit_variance * size
            if one.classes.size:
                slope = _slope(mean[:, t], one)
                prior[:, t] *= slope**2
                independent[:, t] *= slope
                value = expected_class(value, one.cut_draw[None], one.classes)
                mean[:, t] = value.mean(axis=1)
            if one.count_noise.size:
                value = expected_count(value, one.count_noise)
                mean[:, t] = value.mean(axis=1)
                prior[:, t] *= mean[:, t] ** 2  # by the slope of the exponential
                independent[:, t] *= mean[:, t]
            centred = value - value.mean(axis=1, keepdims=True)
            factor[t, :, : value.shape[1]] = centred / np.sqrt(value.shape[1] - 1)
        return Posterior(
            genotypes.sample_id,
            self.trait_name,
            self.environment_name,
            mean,
            factor,
            independent,
            prior,
            np.array([one.noise for one in self.targets]),
        )

    def _features(
        self, dosage: NDArray[np.int8]
    ) -> tuple[FloatArray, FloatArray]:  # (n, n_coefficient), (n,) squares
        if self.train_dosage is not None:
            mean, weight = self.scale.mean, self.scale.weight
            cross = cross_gram(dosage, self.train_dosage, mean, weight)
            row = diagonal_gram(dosage, mean, weight)
            column = diagonal_gram(self.train_dosage, mean, weight)
            distance = np.maximum(row[:, None] + column - 2 * cross, 0) / self.median
            return gaussian(distance, self.options.bandwidth), np.ones(row.size)
        scaled = self.scale.standardise if self.options.standardise else None
        z = (scaled or self.scale.centre)(dosage)
        return z, np.einsum("ij,ij->i", z, z, dtype=np.float64)

    def components(self) -> pd.DataFrame:
        """Return variances: target, component, value (posterior mean), se (its sd)."""
        rows = [(t, *row) for t, one in enumerate(self.targets) for row in one.variance]
        return pd.DataFrame(rows, columns=["target", "component", "value", "se"])

    def convergence(self) -> pd.DataFrame:
        """Return how well the chains know every watched quantity.

        Columns target, quantity, mean, sd, rhat, ess_bulk, ess_tail, converged.
        """
        rows = [
            {
                "target": t,
                "quantity": w.name,
                **{k: v for k, v in asdict(w).items() if k != "name"},
                "converged": bool(w.rhat < 1.01 and w.ess_bulk >= 400),
            }
            for t, one in enumerate(self.targets)
            for w in one.watched
        ]
        return pd.DataFrame(rows)

    def variant_inclusion(self) -> pd.DataFrame | None:
        """Return posterior chances that variants and windows act; None if all do.

        Columns target, variant_id, contig, position, effect (per allele copy),
        inclusion, window (its number), window_inclusion, and class of an annotated
        model.
        """
        if any(one.inclusion is None for one in self.targets):
            return None
        n_variant = self.variants.n_variant
        window = np.searchsorted(self.window, np.arange(n_variant), side="right") - 1
        unit = self.scale.weight / (self.scale.sd if self.options.standardise else 1.0)
        frames = []
        for t, one in enumerate(self.targets):
            chance = cast(FloatArray, one.inclusion)
            frames.append(
                pd.DataFrame(
                    {
                        "target": t,
                        "variant_id": self.variants.variant_id,
                        "contig": self.variants.variant_contig,
                        "position": self.variants.variant_position,
                        "effect": one.coefficient * unit,
                        "inclusion": chance[:n_variant],
                        "window": window,
                        "window_inclusion": chance[n_variant:][window],
                    }
                )
            )
        table = pd.concat(frames, ignore_index=True)
        if self.classes is not None:
            table["class"] = np.tile(
                self.classes.name[self.classes.label], len(self.targets)
            )
        return table

    def variant_classes(self) -> pd.DataFrame | None:
        """Return what is learned of classes of variants; None without an annotation.

        Columns target, class, variants (their number), and `classes.TOLD`.
        """
        if self.classes is None:
            return None
        frames = []
        for t, one in enumerate(self.targets):
            frame = pd.DataFrame(one.class_effect, columns=list(TOLD))
            frame.insert(0, "target", t)
            frame.insert(1, "class", self.classes.name)
            frame.insert(2, "variants", self.classes.count)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {**self.marker_arrays(), "window": self.window}
        if self.train_dosage is not None:
            arrays["train_dosage"] = self.train_dosage
        if self.classes is not None:
            arrays["class_label"] = self.classes.label.astype(np.int32)
        plain = []
        for t, one in enumerate(self.targets):
            known: dict[str, NDArray] = {
                "coefficient": one.coefficient,
                "draw": one.draw,
                "level_draw": one.level_draw,
                "cut_draw": one.cut_draw,
                "classes": one.classes,
                "count_noise": one.count_noise,
            }
            if one.inclusion is not None:
                known["inclusion"] = one.inclusion
            if one.class_effect is not None:
                known["class_effect"] = one.class_effect
            if one.conditional is not None:
                known["rows"] = one.conditional.rows
                known["root"] = one.conditional.root
            arrays |= with_prefix(known, f"target{t}_")
            plain.append(
                {
                    "level": one.level,
                    "unit_variance": one.unit_variance,
                    "noise": None if np.isnan(one.noise) else one.noise,
                    "converged": one.converged,
                    "variance": [list(row) for row in one.variance],
                    "watched": [asdict(w) for w in one.watched],
                }
            )
        meta: dict[str, object] = {
            "targets": plain,
            "median": self.median,
            "options": self.options.model_dump(mode="json"),
        }
        if self.classes is not None:
            meta["classes"] = self.classes.name.tolist()
        return FittedState("bayes", arrays, meta)


def _slope(liability: FloatArray, one: TargetDraws) -> FloatArray:
    """Return the change of the expected class with the liability."""
    density = normal_density(liability[:, None] - one.cut_draw.mean(axis=0))
    return density @ np.diff(one.classes)


def restore_bayes(state: FittedState) -> FittedBayes:
    """Return the fitted model of a state."""
    meta = cast(dict[str, Any], state.meta)
    targets = []
    for t, plain in enumerate(meta["targets"]):
        own = prefixed(state.arrays, f"target{t}_")
        conditional = Conditional(own["rows"], own["root"]) if "root" in own else None
        targets.append(
            TargetDraws(
                plain["level"],
                own["coefficient"],
                own["draw"],
                own["level_draw"],
                own["cut_draw"],
                own["classes"],
                plain["unit_variance"],
                np.nan if plain["noise"] is None else plain["noise"],
                tuple(Watched(**w) for w in plain["watched"]),
                own.get("inclusion"),
                plain["converged"],
                conditional,
                own.get("count_noise", np.empty(0)),
                tuple((n, v, e) for n, v, e in plain["variance"]),
                own.get("class_effect"),
            )
        )
    classes = None
    if "classes" in meta:
        classes = VariantClasses(
            np.array(meta["classes"]), state.arrays["class_label"].astype(np.int64)
        )
    return FittedBayes(
        *restored_fields(state),
        BayesOptions.model_validate(meta["options"]),
        tuple(targets),
        state.arrays["window"],
        state.arrays.get("train_dosage"),
        float(meta["median"]),
        classes,
    )
