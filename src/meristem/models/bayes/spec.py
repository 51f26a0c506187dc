"""The Bayesian alphabet as a model: chains per target, their draws as the fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from meristem.config.models import BayesOptions
from meristem.errors import DataError
from meristem.genetics.distance import gaussian, scaled_distance
from meristem.mixed.gibbs.chains import Chains, Sampler, Schedule, run_chains
from meristem.mixed.gibbs.counts import CountSampler
from meristem.mixed.gibbs.defaults import (
    Expected,
    MarkerPrior,
    column_variance,
    marker_prior,
)
from meristem.mixed.gibbs.liability import LiabilitySampler, liability_rows
from meristem.mixed.gibbs.markers import (
    CLASS_RATE,
    ChainRows,
    MarkerSampler,
    chain_rows,
)
from meristem.mixed.gibbs.rotated import KernelSampler
from meristem.mixed.reml import decompose
from meristem.mixed.targets import Target, training_targets
from meristem.models.bayes.classes import (
    VariantClasses,
    class_effects,
    variant_classes,
)
from meristem.models.bayes.fitted import Conditional, FittedBayes, TargetDraws
from meristem.models.marker_model import training_fields
from meristem.prepare.scale import fit_scale
from meristem.records import Dataset, FloatArray, IntArray, NetworkPlan, Splits
from meristem.stats.classes import liability_h2

MOST_CLASSES = 20
"""Of an ordinal trait."""

MOST_KEPT = 20_000_000
"""Coefficients kept for joint draws of a target."""


@dataclass(frozen=True)
class Bayes:
    """Effects of markers, or values of lines, with one of the published priors.

    References
    ----------
    Perez & de los Campos 2014, Genetics 198:483 (priors and their defaults); Gianola
    2013, Genetics 194:573 (what the priors do); MacLeod et al. 2016, BMC Genomics
    17:144 (classes of variants).
    """

    options: BayesOptions = BayesOptions()
    plan: NetworkPlan | None = None  # of an annotation by genes or sets

    def __post_init__(self) -> None:
        """Forget a plan that is not read: a fit does not depend on it."""
        if self.options.annotation not in ("genes", "sets"):
            object.__setattr__(self, "plan", None)

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedBayes:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        DataError
            If a target has hardly any value, no variant varies, an ordinal trait
            has one class or very many, a count is none, or variants have one class.
        ConfigError
            If classes of variants are asked for and nothing tells them.
        """
        del inner  # the priors are averaged over: nothing is chosen
        targets = training_targets(dataset.phenotypes)
        dosage = dataset.genotypes.call_dosage
        scale = fit_scale(dosage)
        classes = variant_classes(self.options, dataset.genotypes, self.plan)
        if classes is not None and self.options.permuted:
            classes = classes.permuted(scale.mean, rng)
        basis = _Basis(
            self.options, scale.standardise(dosage), scale.centre(dosage), classes
        )
        windows = window_starts(
            dataset.genotypes.variants.variant_contig, self.options.window
        )
        found = []
        for target in targets:
            name = dataset.phenotypes.target_name[target.column]
            found.append(self._draws(basis, target, windows, name, rng))
        is_kernel = self.options.prior == "rkhs"
        return FittedBayes(
            *training_fields("bayes", dataset, scale),
            self.options,
            tuple(found),
            windows,
            dosage if is_kernel else None,
            basis.median,
            classes,
        )

    def _draws(
        self,
        basis: _Basis,
        target: Target,
        windows: IntArray,
        name: str,
        rng: np.random.Generator,
    ) -> TargetDraws:
        options, ordinal = self.options, self.options.response == "ordinal"
        counted = self.options.response == "count"
        refuse_response(options, target.y, name)
        classes, code = np.unique(target.y, return_inverse=True)
        # centred: a level far from zero would cost digits of the residual
        value = np.log(target.y + 0.5) if counted else target.y
        level = 0.0 if ordinal else float(np.average(value, weights=target.weight))
        rows = chain_rows(value - level, target.weight, options.chains)
        if ordinal:
            rows = liability_rows(code, rows)
        sampler: Sampler = basis.sampler(target, rows, windows)
        if ordinal:
            inner = cast(MarkerSampler | KernelSampler, sampler)
            sampler = LiabilitySampler(inner, code)
        if counted:
            inner = cast(MarkerSampler | KernelSampler, sampler)
            sampler = CountSampler(inner, target.y, level)
        schedule = Schedule(
            options.chains,
            options.burn_in,
            min(options.draws, options.most_draws),
            options.most_draws,
            options.thin,
            kept=int(np.clip(MOST_KEPT // basis.width(target), 40, 400)),
        )
        (chains,) = run_chains(sampler, schedule, rng)
        return basis.packed(target, chains, level, classes if ordinal else None, rng)


def refuse_response(
    options: BayesOptions,
    y: FloatArray,  # (n,)
    name: str,
) -> None:
    """Refuse values that are no classes or counts where the options ask for these.

    Raises
    ------
    DataError
        If they are not.
    """
    n_class = np.unique(y).size
    if options.response == "ordinal" and not 2 <= n_class <= MOST_CLASSES:
        raise DataError(
            f"{name} has {n_class} different values among the training rows: "
            f"an ordinal trait has 2 to {MOST_CLASSES} classes",
            remedy='use response = "gaussian", or code the classes as numbers',
        )
    if options.response != "count":
        return
    if (y < 0).any() or not np.array_equal(y, np.round(y)) or not y.any():
        raise DataError(
            f"{name} is no count: counts are whole numbers from 0 on, not all 0",
            remedy='use response = "gaussian", or give one count per line (several are '
            "averaged) or per record",
        )


def window_starts(
    contig: np.ndarray,  # (n_variant,)
    width: int,
) -> IntArray:  # (n_window,)
    """Return the first variant of windows of some variants, none across contigs."""
    starts = np.flatnonzero(np.append(True, contig[1:] != contig[:-1]))
    ends = np.append(starts[1:], contig.size)
    parts = [np.arange(a, b, width) for a, b in zip(starts, ends, strict=True)]
    return np.concatenate(parts).astype(np.int64)


class _Basis:
    """What values of lines are linear in: markers, or rows of a kernel."""

    def __init__(
        self,
        options: BayesOptions,
        standardised: np.ndarray,  # (n_train, n_variant)
        centred: np.ndarray,  # (n_train, n_variant)
        classes: VariantClasses | None,
    ) -> None:
        self.options, self.classes = options, classes
        self.expected = Expected(
            r2=options.r2, included=options.included, counts=options.counts
        )
        self.z = standardised if options.standardise else centred
        self.median = 1.0
        self.kernel: FloatArray | None = None
        if not self.z.any():
            raise DataError(
                "no variant varies among the training rows",
                remedy="check the marker filters, or give more lines",
            )
        if options.prior == "rkhs":
            distance, self.median = scaled_distance(_products(centred))
            self.kernel = gaussian(distance, options.bandwidth)
        elif options.prior == "brr":
            self.kernel = _products(self.z)

    def width(self, target: Target) -> int:
        """Return the number of coefficients kept per draw."""
        return target.rows.size if self.options.prior == "rkhs" else self.z.shape[1]

    def _variance(self, rows: ChainRows) -> FloatArray:
        """Return the variance expected of a phenotype, per column."""
        if self.options.response == "ordinal":  # that of the residual is 1
            return np.full(rows.n_column, 1 / (1 - self.options.r2))
        return column_variance(rows)

    def sampler(
        self, target: Target, rows: ChainRows, windows: IntArray
    ) -> MarkerSampler | KernelSampler:
        """Return the sampler of a target's rows."""
        expected, variance = self.expected, self._variance(rows)
        noise = expected.noise_scale(variance)
        fixed = self.options.response == "ordinal"
        own = self.z[target.rows]
        size = float(own.var(axis=0, dtype=np.float64).sum())
        if self.kernel is not None:
            block = self.kernel[np.ix_(target.rows, target.rows)]
            split = decompose(block, target.weight)
            if self.options.prior == "rkhs":
                size = float(split.values[split.values > 1e-8].mean())
            scale = expected.genetic_scale(variance, size)
            return KernelSampler(split, rows, scale, noise, fixed_noise=fixed)
        kind = cast(MarkerPrior, self.options.prior)
        label = None if self.classes is None else self.classes.label
        prior = marker_prior(kind, variance, size, expected, label)
        weighted = own * np.sqrt(target.weight)[:, None]
        z = np.ascontiguousarray(weighted.T, dtype=np.float32)
        return MarkerSampler(z, rows, prior, noise, fixed_noise=fixed, window=windows)

    def packed(
        self,
        target: Target,
        chains: Chains,
        level: float,
        classes: FloatArray | None,
        rng: np.random.Generator,
    ) -> TargetDraws:
        """Return the draws of a target in terms of markers or training rows."""
        mean, draws = chains.coefficient, chains.coefficient_draw
        size = "marker_variance"
        conditional = None
        if self.kernel is not None:
            size = "effect_variance"
            block = self.kernel[np.ix_(target.rows, target.rows)]
            if self.options.prior == "brr":
                z = self.z[target.rows].astype(np.float64)
                spread = np.sqrt(chains.kept[size])
                draws = _marker_draws(z, block, draws, spread, rng)
                mean = z.T @ mean
            else:
                conditional = Conditional(target.rows, inverse_root(block))
        told = None
        if self.classes is not None:
            told = class_effects(self.classes, chains, self.z[target.rows])
        n_cut = 0 if classes is None else classes.size - 1
        cut = [chains.kept[f"threshold_{k + 1}"] for k in range(1, n_cut)]
        first = np.zeros((min(n_cut, 1), draws.shape[0]))
        counted = self.options.response == "count"
        valued = classes is None and not counted
        noise = chains.trace["residual"].mean() if valued else np.nan
        return TargetDraws(
            chains.mean + level,
            np.asarray(mean, dtype=np.float64),
            np.asarray(draws, dtype=np.float32),
            chains.kept["mean"] + level,
            np.concatenate([first, *(one[None] for one in cut)]).T,
            np.empty(0) if classes is None else classes,
            float(chains.trace[size].mean()),
            float(noise),
            tuple(w for w in chains.watched if not w.name.startswith(CLASS_RATE)),
            chains.inclusion,
            chains.converged,
            conditional,
            chains.kept["residual"] if counted else np.empty(0),
            tuple(_variances(chains, target, classes, counted=counted)),
            told,
        )


def _variances(
    chains: Chains, target: Target, classes: FloatArray | None, *, counted: bool
) -> Iterator[tuple[str, float, float]]:
    """Yield name, posterior mean and sd of variances, and of the heritability."""
    genetic = chains.trace["genetic"]
    residual = (
        np.ones_like(genetic) if classes is not None else chains.trace["residual"]
    )
    h2 = genetic / (genetic + residual)
    found = {"genetic": genetic, "residual": residual, "h2": h2}
    if classes is not None:
        found = {
            "genetic variance of the liability": genetic,
            "h2 of the liability": h2,
        }
        if classes.size == 2:
            share = float((target.y == classes[1]).mean())
            found["h2 of the two classes"] = h2 / liability_h2(1.0, share)
    elif counted:
        found = {f"{n} variance of the logarithm": v for n, v in found.items()}
        del found["h2 variance of the logarithm"]
    for name, value in found.items():
        yield name, float(value.mean()), float(value.std())


def _products(z: np.ndarray) -> FloatArray:
    """Return Z Z'."""
    product = z @ z.T
    return product.astype(np.float64)


def inverse_root(kernel: FloatArray) -> FloatArray:  # (n, n_kept) R, R R' = K^-1
    """Return a root of the pseudo-inverse of a kernel."""
    split = decompose(kernel)
    kept = split.values > 1e-8 * split.values.max()
    return split.vectors[:, kept] / np.sqrt(split.values[kept])


def _marker_draws(
    z: FloatArray,  # (n, n_marker)
    kernel: FloatArray,  # (n, n) Z Z'
    dual: FloatArray,  # (n_draw, n)
    spread: FloatArray,  # (n_draw,) sd of effects
    rng: np.random.Generator,
) -> FloatArray:  # (n_draw, n_marker)
    """Return effects with the given values of lines, drawn where rows are silent."""
    free = spread[:, None] * rng.standard_normal((dual.shape[0], z.shape[1]))
    root = inverse_root(kernel)
    silent = free - ((free @ z.T) @ root) @ root.T @ z
    return dual @ z + silent
