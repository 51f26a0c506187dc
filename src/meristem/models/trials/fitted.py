"""A fitted model of lines in environments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.config.models import TrialOptions
from meristem.genetics.distance import gaussian
from meristem.genetics.relationship import cross_gram, diagonal_gram
from meristem.mixed.trials.crossed import LeadingAxes
from meristem.mixed.trials.fit import TrialFit
from meristem.mixed.trials.likelihood import Likelihood, Records, likelihood_of
from meristem.models.marker_model import MarkerModel, restored_fields
from meristem.models.packing import prefixed, with_prefix
from meristem.models.trials.similarity import Similarity
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    Posterior,
    Predictions,
    StrArray,
)

JOINT = 1000
"""Up to this many rows their errors are joint; beyond, each row's alone."""

ANYWHERE = "\x00"
"""Stands for the mean over the environments of training."""


@dataclass(frozen=True)
class TrialTarget:
    """One trait."""

    place: StrArray  # (t,) environments
    records: Records
    fit: TrialFit
    alike: Similarity | None = None  # of a reaction norm
    loadings: FloatArray | None = None  # (t, k) of a factor-analytic structure
    components: tuple[tuple[str, float, float], ...] = ()  # name, variance, its SE
    sparse: bool = False  # whether the covariance of the records is never formed

    def side(self, environment: StrArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return covariances with known environments, own variance, and mean.

        (n, t), (n,), (n,). Of one not known: what any two have in common, and what
        its covariates say.
        """
        genetic, t = self.fit.genetic, self.place.size
        position = {name: k for k, name in enumerate(self.place.tolist())}
        at = np.array([position.get(name, -1) for name in environment.tolist()])
        off = genetic * (1 - np.eye(t)) if t > 1 else genetic
        common = off.sum(axis=0) / max(t - 1, 1)
        rows = np.where((at >= 0)[:, None], genetic[at], common)
        size = np.where(at >= 0, np.diag(genetic)[at], np.diag(genetic).mean())
        if self.alike is not None:
            known = {n: v for n, v, _ in self.components}
            between = self.alike.between(environment, self.place)
            new = known["main"] + known["covariates"] * between
            rows = np.where((at >= 0)[:, None], rows, new)
            own = np.array([self.alike.itself(one) for one in environment.tolist()])
            all_own = known["main"] + known["covariates"] * own + known["gxe"]
            size = np.where(at >= 0, size, all_own)
        anywhere = environment == ANYWHERE
        rows[anywhere], size[anywhere] = genetic.mean(axis=0), genetic.mean()
        mean = np.where(at >= 0, self.fit.mean[at], self.fit.mean.mean())
        return rows, size, mean

    def between(self, environment: StrArray) -> FloatArray:  # (n, n)
        """Return the covariance of a line's values between environments of rows."""
        names, at = np.unique(environment, return_inverse=True)
        side, size, _ = self.side(names)
        position = {name: k for k, name in enumerate(self.place.tolist())}
        matrix = np.diag(size)
        for i, one in enumerate(names.tolist()):
            for j, two in enumerate(names.tolist()[:i]):
                if two in position:
                    value = side[i, position[two]]
                elif one in position:
                    value = side[j, position[one]]
                else:
                    value = min(side[i].mean(), side[j].mean())
                matrix[i, j] = matrix[j, i] = value
        return matrix[np.ix_(at, at)]


class OverEnvironments(ABC):
    """A model whose prediction is the mean over the environments of training."""

    @abstractmethod
    def posterior_at(
        self, genotypes: Genotypes, line: StrArray, environment: StrArray
    ) -> Posterior:
        """Return the joint posterior of samples in environments; see `FittedTrials`."""

    def predict(self, genotypes: Genotypes) -> Predictions:
        """Predict the mean over the environments of training."""
        return self.posterior(genotypes).predictions()

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the joint posterior of the mean over the environments of training."""
        nowhere = np.full(genotypes.n_sample, ANYWHERE)
        return self.posterior_at(genotypes, np.full(genotypes.n_sample, ""), nowhere)


@dataclass(frozen=True)
class FittedLines(OverEnvironments, MarkerModel):
    """A fitted model of lines in environments."""

    options: TrialOptions
    line: StrArray  # (n_line,) of the training rows
    train_dosage: NDArray[np.int8]  # (n_line, n_variant)
    size: float  # factor of the linear kernel; median distance of the other
    targets: tuple[TrialTarget, ...]

    @property
    def environments(self) -> StrArray:
        """Environments of the training rows."""
        return np.unique(np.concatenate([one.place for one in self.targets]))

    @property
    def foreseen(self) -> StrArray:
        """Environments that no training row is from, but whose covariates are known."""
        known = [one.alike.name for one in self.targets if one.alike is not None]
        every = np.unique(np.concatenate([np.empty(0, dtype=np.str_), *known]))
        return every[~np.isin(every, self.environments)]

    def posterior_at(
        self, genotypes: Genotypes, line: StrArray, environment: StrArray
    ) -> Posterior:
        """Return the joint posterior of samples in environments; see `FittedTrials`."""
        dosage = self.dosage(genotypes)
        cross, diagonal = self._kernel(dosage, self.train_dosage)
        n, n_target = dosage.shape[0], len(self.targets)
        place = {name: k for k, name in enumerate(self.line.tolist())}
        known = np.array([place.get(name, -1) for name in line.tolist()])
        joint = n <= JOINT
        factor = np.zeros((n_target, n, n if joint else 0))
        mean, prior, independent = np.zeros((3, n, n_target))
        among = self._kernel(dosage, dosage)[0] if joint else None
        for t, one in enumerate(self.targets):
            side, size, level = one.side(environment)
            records, fit = one.records, one.fit
            weight = np.zeros((self.line.size, one.place.size))
            weight[records.line, records.place] = fit.dual
            mean[:, t] = level + ((cross @ weight) * side).sum(axis=1)
            mean[:, t] += _own(one, weight, known, environment)
            prior[:, t] = size * diagonal
            if among is not None:
                covariance = among * one.between(environment)
                covariance -= self._explained(t, cross, side)
                factor[t] = _root(covariance)
            else:
                rest = prior[:, t] - self._diagonal(t, cross, side)
                independent[:, t] = np.sqrt(np.maximum(rest, 0))
        return Posterior(
            genotypes.sample_id,
            self.trait_name,
            self.environment_name,
            mean,
            factor,
            independent,
            prior,
            np.array([float(np.diag(o.fit.residual).mean()) for o in self.targets]),
        )

    def train_kernel(self) -> FloatArray:  # (n_train, n_train)
        """Return the kernel of the lines of the training."""
        return self._kernel(self.train_dosage, self.train_dosage)[0]

    @cached_property
    def _likelihoods(self) -> tuple[Likelihood | LeadingAxes, ...]:
        kernel = self.train_kernel()
        return tuple(
            LeadingAxes(one.records, kernel)
            if one.sparse
            else likelihood_of(one.records, kernel)
            for one in self.targets
        )

    def _explained(self, t: int, cross: FloatArray, side: FloatArray) -> FloatArray:
        fit, engine = self.targets[t].fit, self._likelihoods[t]
        lines = np.unique(self.targets[t].records.line)
        # a complete table knows the lines it has alone
        own = cross[:, lines] if self.targets[t].records.complete else cross
        return engine.explained(fit.genetic, fit.residual, own, side)

    def _diagonal(self, t: int, cross: FloatArray, side: FloatArray) -> FloatArray:
        parts = [
            np.diag(self._explained(t, cross[k : k + 500], side[k : k + 500]))
            for k in range(0, cross.shape[0], 500)
        ]
        return np.concatenate(parts)

    def _kernel(
        self, one: NDArray[np.int8], two: NDArray[np.int8]
    ) -> tuple[FloatArray, FloatArray]:  # (n_one, n_two), (n_one,) of one itself
        mean, weight = self.scale.mean, self.scale.weight
        cross = cross_gram(one, two, mean, weight)
        row = diagonal_gram(one, mean, weight)
        if self.options.kernel == "linear":
            return cross * self.size, row * self.size
        column = diagonal_gram(two, mean, weight)
        distance = np.maximum(row[:, None] + column - 2 * cross, 0) / self.size
        return gaussian(distance, self.options.bandwidth), np.ones(row.size)

    def seen(self, line: StrArray) -> FloatArray:  # (n, n_target)
        """Return in how many environments each line was trained on."""
        place = {name: k for k, name in enumerate(self.line.tolist())}
        at = np.array([place.get(name, -1) for name in line.tolist()])
        found = np.zeros((line.size, len(self.targets)))
        for t, one in enumerate(self.targets):
            count = np.bincount(one.records.line, minlength=self.line.size)
            found[:, t] = np.where(at >= 0, count[at], 0)
        return found

    def components(self) -> pd.DataFrame:
        """Return variances and correlations: target, component, value, se."""
        rows: list[tuple[int, str, float, float]] = []
        for t, one in enumerate(self.targets):
            rows += [(t, *found) for found in one.components]
            rows += _covariances(t, one)
        return pd.DataFrame(rows, columns=["target", "component", "value", "se"])

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays = {
            **self.marker_arrays(),
            "line": self.line,
            "train_dosage": self.train_dosage,
        }
        plain = []
        for t, one in enumerate(self.targets):
            own = {
                **{
                    f"record_{k}": v
                    for k, v in vars(one.records).items()
                    if isinstance(v, np.ndarray)
                },
                **{
                    f"fit_{k}": v
                    for k, v in vars(one.fit).items()
                    if isinstance(v, np.ndarray)
                },
                "place": one.place,
            }
            if one.alike is not None:
                own |= {"alike_name": one.alike.name, "alike_value": one.alike.value}
            if one.loadings is not None:
                own["loadings"] = one.loadings
            arrays |= with_prefix(own, f"target{t}_")
            plain.append(
                {
                    "log_likelihood": None if one.sparse else one.fit.log_likelihood,
                    "rounds": one.fit.rounds,
                    "sparse": one.sparse,
                    "alike_size": None if one.alike is None else one.alike.size,
                    "components": [
                        [n, float(v), None if np.isnan(e) else float(e)]
                        for n, v, e in one.components
                    ],
                }
            )
        meta: dict[str, object] = {
            "options": self.options.model_dump(mode="json"),
            "size": self.size,
            "targets": plain,
        }
        return FittedState("gxe", arrays, meta)


def _own(
    one: TrialTarget,
    weight: FloatArray,  # (n_line, t) P y
    known: IntArray,  # (n,) line of training, -1 unknown
    environment: StrArray,  # (n,)
) -> FloatArray:  # (n,)
    """Return what a line's other environments say that its markers do not."""
    position = {name: k for k, name in enumerate(one.place.tolist())}
    at = np.array([position.get(name, -1) for name in environment.tolist()])
    shared = one.fit.residual * (1 - np.eye(one.place.size))
    found = (weight[known] * shared[at]).sum(axis=1)
    return np.where((known >= 0) & (at >= 0), found, 0.0)


def _root(covariance: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return vectors * np.sqrt(np.maximum(values, 0))


def _covariances(t: int, one: TrialTarget) -> list[tuple[int, str, float, float]]:
    """Return variances per environment and correlations, where they are free."""
    rows: list[tuple[int, str, float, float]] = []
    unknown, residual = float("nan"), one.fit.residual
    alike = bool(np.allclose(residual, residual[0, 0] * np.eye(one.place.size)))
    if alike:
        # its logarithm is the last parameter
        wide = residual[0, 0] * one.fit.se[-1]
        rows.append((t, "error", float(residual[0, 0]), float(wide)))
    error = (
        one.fit.error if one.fit.error.size else np.full((2, *residual.shape), unknown)
    )
    matrices = [] if one.components else [("genetic", one.fit.genetic, error[0])]
    matrices += [] if alike else [("residual", residual, error[1])]
    for name, matrix, se in matrices:
        sd = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
        for k, place in enumerate(one.place.tolist()):
            rows.append((t, f"{name} variance {place}".strip(), matrix[k, k], se[k, k]))
        for i, j in zip(*np.nonzero(np.tril(matrix, -1)), strict=True):
            pair = f"{name} correlation {one.place[j]}, {one.place[i]}"
            rows.append((t, pair, matrix[i, j] / (sd[i] * sd[j]), se[i, j]))
    if one.loadings is not None:
        share = one.loadings**2 / np.diag(one.fit.genetic)[:, None]
        for k in range(share.shape[1]):
            for place, value, part in zip(
                one.place.tolist(), one.loadings[:, k], share[:, k], strict=True
            ):
                rows.append((t, f"loading {k + 1} {place}", value, unknown))
                rows.append((t, f"share of factor {k + 1} {place}", part, unknown))
    return rows


def restore_trials(state: FittedState) -> FittedLines:
    """Return the fitted model of a state."""
    meta = cast(dict[str, Any], state.meta)
    targets = []
    for t, plain in enumerate(meta["targets"]):
        own = prefixed(state.arrays, f"target{t}_")
        place = own["place"]
        records = Records(**prefixed(own, "record_"), n_place=place.size)
        fit = TrialFit(
            **prefixed(own, "fit_"),
            log_likelihood=float("nan") if plain["sparse"] else plain["log_likelihood"],
            rounds=plain["rounds"],
        )
        alike = None
        if "alike_name" in own:
            alike = Similarity(
                own["alike_name"], own["alike_value"], plain["alike_size"]
            )
        components = tuple(
            (n, v, float("nan") if e is None else e) for n, v, e in plain["components"]
        )
        loadings = own.get("loadings")
        targets.append(
            TrialTarget(
                place, records, fit, alike, loadings, components, plain["sparse"]
            )
        )
    return FittedLines(
        *restored_fields(state),
        TrialOptions.model_validate(meta["options"]),
        state.arrays["line"],
        state.arrays["train_dosage"],
        float(meta["size"]),
        tuple(targets),
    )
