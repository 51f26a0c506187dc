"""BLUP over several kernels of lines: genotypes, pedigree, or a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.config.models import KernelsOptions
from meristem.errors import DataError
from meristem.genetics.distance import arc_cosine, gaussian, scaled_distance
from meristem.genetics.frequency import heterozygosity
from meristem.genetics.interactions import breeding_dominance, pairs_kernel
from meristem.genetics.pedigree import named_block, pedigree_relationship
from meristem.genetics.single_step import Relatives, SingleStep
from meristem.io.tables.pedigree import read_kernel, read_pedigree
from meristem.mixed.blup import KernelBLUP, restore_kernel_blup
from meristem.mixed.kernel_errors import several_errors
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import training_targets
from meristem.models.genomic_error import (
    KernelView,
    kernel_posterior,
    proportional_fit,
)
from meristem.models.marker_model import MarkerModel, restored_fields, training_fields
from meristem.models.named_columns import OmicsScale, fit_omics_scale
from meristem.models.packing import prefixed, with_prefix
from meristem.models.protocol import Needs
from meristem.prepare.scale import MarkerScale, fit_scale
from meristem.records import (
    Dataset,
    FittedState,
    FloatArray,
    Genotypes,
    IntArray,
    OmicsTable,
    Posterior,
    Predictions,
    Splits,
    StrArray,
)

_CHUNK = 256
"""Lines whose kernels among themselves are formed at once, for their diagonal."""


@dataclass(frozen=True)
class Lines:
    """What kernels are made of."""

    name: StrArray  # (n,)
    dosage: NDArray[np.int8]  # (n, n_variant) of the training variants
    features: FloatArray | None = None  # (n, n_feature) standardised; None: not read

    @property
    def genotyped(self) -> NDArray[np.bool_]:  # (n,)
        """Whether a line has any call."""
        return np.asarray((self.dosage >= 0).any(axis=1))

    def take(self, rows: IntArray) -> Lines:
        """Return some of the lines."""
        features = None if self.features is None else self.features[rows]
        return Lines(self.name[rows], self.dosage[rows], features)


@dataclass(frozen=True)
class KernelSource:
    """What a kernel learned of the training rows, and the tables it reads."""

    options: KernelsOptions
    scale: MarkerScale
    ploidy: int
    train: Lines
    median: float  # of squared distances between training rows
    tables: dict[str, tuple[StrArray, FloatArray]]  # kernel -> names, relationships
    omics: OmicsScale | None = None  # of the kernel of that name

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the kernels; one per bandwidth."""
        found: list[str] = []
        for name in self.options.kernels:
            if name == "gaussian":
                found += [f"gaussian {h:g}" for h in self.options.bandwidths]
            else:
                found.append(name)
        return tuple(found)

    def between(self, name: str, one: Lines, two: Lines) -> FloatArray:
        """Return a kernel between lines, in its own units."""
        if name == "single_step":
            return self._single_step(one, two)
        if name in self.tables:
            return named_block(*self.tables[name], one.name, two.name)
        if name == "omics":
            assert one.features is not None
            assert two.features is not None
            return one.features @ two.features.T
        if name.startswith("gaussian"):
            width = float(name.split()[1])
            return gaussian(self._distance(one, two), width)
        if name == "arc_cosine":
            left, right = self._additive(one), self._additive(two)
            row, column = (np.einsum("ij,ij->i", z, z) for z in (left, right))
            return arc_cosine(left @ right.T, row, column, self.options.layers)
        features = {"a": self._additive, "d": self._dominance, "h": self._heterozygous}
        first, second = _PARTS[name]
        left, right = features[first](one), features[first](two)
        if second == "":
            return left @ right.T
        others = features[second](one), features[second](two)
        return pairs_kernel((left, right), others)

    @cached_property
    def _joined(self) -> tuple[SingleStep, FloatArray, float]:
        """Return H of the training lines, their markers, and the factor of G."""
        typed = self.train.genotyped
        z = self._additive(self.train)[typed]
        markers = z @ z.T
        size = self.ploidy * typed.sum() / max(2 * float(np.trace(markers)), 1e-300)
        tables = self.tables["single_step"]
        return SingleStep(*tables, self.train.name[typed], size * markers), z, size

    def _single_step(self, one: Lines, two: Lines) -> FloatArray:
        joined, z, size = self._joined
        left, right = self._additive(one), self._additive(two)
        sides = [
            Relatives(lines.name, lines.genotyped, size * x @ z.T)
            for lines, x in ((one, left), (two, right))
        ]
        return joined.between(sides[0], sides[1], size * left @ right.T)

    def _additive(self, lines: Lines) -> FloatArray:
        return self.scale.centre(lines.dosage, np.float64)

    def _dominance(self, lines: Lines) -> FloatArray:
        frequency = self.scale.mean / self.ploidy
        return breeding_dominance(lines.dosage, frequency) * self.scale.weight

    def _heterozygous(self, lines: Lines) -> FloatArray:
        p = self.scale.mean / self.ploidy
        calls = heterozygosity(lines.dosage, self.ploidy)
        centred = np.where(calls < 0, 0.0, calls - 2 * p * (1 - p))
        return centred * self.scale.weight

    def _distance(self, one: Lines, two: Lines) -> FloatArray:
        left, right = self._additive(one), self._additive(two)
        row, column = (np.einsum("ij,ij->i", z, z) for z in (left, right))
        distance = row[:, None] + column - 2 * left @ right.T
        return np.maximum(distance, 0) / self.median


_PARTS = {
    "additive": ("a", ""),
    "dominance": ("d", ""),
    "heterozygosity": ("h", ""),
    "additive_additive": ("a", "a"),
    "additive_dominance": ("a", "d"),
    "dominance_dominance": ("d", "d"),
}
"""Features whose products over variants, or pairs of variants, are a kernel."""


@dataclass(frozen=True)
class SeveralKernels:
    """REML over kernels, each scaled to a mean diagonal of 1 over the training rows."""

    options: KernelsOptions = KernelsOptions()

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> FittedKernels:
        """Learn from the training rows; see `models.protocol.Predictor`.

        Raises
        ------
        DataError
            If a file cannot be used, dominance is asked of polyploids, or a kernel is
            zero for every training line.
        """
        del rng, inner  # nothing is random, REML chooses
        targets = training_targets(dataset.phenotypes)
        features, omics = None, None
        if self.options.needs_measured:
            omics = fit_omics_scale(dataset.omics)
            features = omics.apply(dataset.omics)
        lines = Lines(dataset.sample_id, dataset.genotypes.call_dosage, features)
        source = replace(self._source(dataset, lines), omics=omics)
        kernels, unit = [], []
        for name in source.names:
            kernel = source.between(name, lines, lines)
            size = float(np.trace(kernel)) / kernel.shape[0]
            if size <= 1e-12:
                raise DataError(
                    f"the kernel {name} is zero for all training lines",
                    remedy="leave it out: the lines have no such differences",
                )
            kernels.append(kernel / size)
            unit.append(1 / size)
        model = KernelREML(tuple(kernels))
        parts, share, variance, errors = [], [], [], []
        for target in targets:
            fit = model.fit(target)
            block = np.ix_(target.rows, target.rows)
            own = [kernel[block] for kernel in kernels]
            errors.append(several_errors(own, target.weight, fit.precision))
            variance.append(np.append(fit.genetic, fit.residual))
            weight, solved = proportional_fit(target, fit.genetic.tolist(), kernels)
            share.append(weight)
            parts.append(solved)
        return FittedKernels(
            *training_fields("kernels", dataset, source.scale),
            source,
            np.array(unit),
            np.array(share),
            tuple(parts),
            np.array(variance),
            np.array(errors),
        )

    def _source(self, dataset: Dataset, lines: Lines) -> KernelSource:
        options, ploidy = self.options, dataset.genotypes.ploidy
        asked = set(options.kernels)
        if ploidy != 2 and any("dominance" in name for name in asked):
            raise DataError(
                f"the coding of dominance is that of diploids, not of ploidy {ploidy}",
                remedy="use the kernel heterozygosity",
            )
        scale = fit_scale(lines.dosage)
        median = 1.0
        z = scale.centre(lines.dosage, np.float64)
        if "gaussian" in asked:
            median = scaled_distance(z @ z.T)[1]
        tables: dict[str, tuple[StrArray, FloatArray]] = {}
        if options.pedigree is not None and asked & {"pedigree", "single_step"}:
            pedigree = read_pedigree(options.pedigree)
            relationship = pedigree_relationship(pedigree)
            if not np.isin(lines.name, pedigree.line).any():
                raise DataError(
                    "no training line is in the pedigree",
                    where=options.pedigree,
                    remedy="write its lines as the genotypes name them",
                )
            for name in sorted(asked & {"pedigree", "single_step"}):
                tables[name] = (pedigree.line, relationship)
        if "table" in asked and options.table is not None:
            tables["table"] = read_kernel(options.table)
            if not np.isin(lines.name, tables["table"][0]).any():
                raise DataError(
                    "no training line is in the table of relationships",
                    where=options.table,
                    remedy="write its lines as the genotypes name them",
                )
        return KernelSource(options, scale, ploidy, lines, median, tables)


@dataclass(frozen=True)
class FittedKernels(MarkerModel):
    """A fitted model of several kernels."""

    source: KernelSource
    unit: FloatArray  # (n_kernel,) factor of each to mean diagonal 1
    share: FloatArray  # (n_target, n_kernel) factor of each unit kernel in the sum
    parts: tuple[KernelBLUP, ...]  # one per target, on the sum of the kernels
    variance: FloatArray  # (n_target, n_kernel + 1) components, the residual last
    error: FloatArray  # (n_target, n_kernel + 1) their standard errors

    @property
    def needs(self) -> Needs:
        """Omics of the lines predicted, where a kernel is made of them."""
        asked = self.source.omics is not None
        return Needs(omics=asked, measured_omics=asked)

    def predict(
        self, genotypes: Genotypes, omics: tuple[OmicsTable, ...] = ()
    ) -> Predictions:
        """Predict every target; the spread is that of `posterior`.

        Raises
        ------
        DataError
            If a kernel is made of omics, and there are none of these lines.
        """
        return self.posterior(genotypes, omics).predictions()

    def posterior(
        self, genotypes: Genotypes, omics: tuple[OmicsTable, ...] = ()
    ) -> Posterior:
        """Return the joint posterior of the values of lines, all kernels together."""
        scale = self.source.omics
        features = None if scale is None else scale.apply(omics)
        lines = Lines(genotypes.sample_id, self.dosage(genotypes), features)
        cross = self._kernels(lines, self.source.train)
        diagonals = self._diagonals(lines)
        value = np.empty((lines.name.size, len(self.parts)))
        views = []
        for t, (share, solved) in enumerate(zip(self.share, self.parts, strict=True)):
            total = np.tensordot(share, cross, 1)
            value[:, t] = solved.predict(total)[:, 0]

            def among(rows: IntArray, share: FloatArray = share) -> FloatArray:
                kernels = self._kernels(lines, lines.take(rows))
                return np.asarray(np.tensordot(share, kernels, 1))

            view = KernelView(total, share @ diagonals, among)
            views.append((np.array([t]), solved, view))
        return kernel_posterior(self.predictions(genotypes, value), views)

    def _diagonals(self, lines: Lines) -> FloatArray:  # (n_kernel, n)
        """Return the diagonals of the kernels, a few lines at a time."""
        parts = []
        for start in range(0, lines.name.size, _CHUNK):
            some = lines.take(np.arange(start, min(start + _CHUNK, lines.name.size)))
            parts.append(np.einsum("kii->ki", self._kernels(some, some)))
        return np.concatenate(parts, axis=1)

    def _kernels(self, one: Lines, two: Lines) -> FloatArray:
        names = zip(self.source.names, self.unit, strict=True)
        return np.stack([u * self.source.between(n, one, two) for n, u in names])

    def components(self) -> pd.DataFrame:
        """Return the variances: target, component, value, se."""
        names = [*self.source.names, "error"]
        rows = [
            (t, name, self.variance[t, k], self.error[t, k])
            for t in range(len(self.parts))
            for k, name in enumerate(names)
        ]
        return pd.DataFrame(rows, columns=["target", "component", "value", "se"])

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays: dict[str, NDArray] = {
            **self.marker_arrays(),
            "train_name": self.source.train.name,
            "train_dosage": self.source.train.dosage,
            "unit": self.unit,
            "share": self.share,
            "component_variance": self.variance,
            "component_error": self.error,
        }
        for name, (line, kernel) in self.source.tables.items():
            arrays |= {f"table.{name}.line": line, f"table.{name}.kernel": kernel}
        features = self.source.train.features
        if self.source.omics is not None and features is not None:
            arrays |= with_prefix(vars(self.source.omics), "omics_")
            arrays["train_features"] = features
        for t, solved in enumerate(self.parts):
            arrays |= with_prefix(solved.arrays(), f"part{t}_")
        meta: dict[str, object] = {
            "options": self.source.options.model_dump(mode="json"),
            "ploidy": self.source.ploidy,
            "median": self.source.median,
        }
        return FittedState("kernels", arrays, meta)


def restore_kernels(state: FittedState) -> FittedKernels:
    """Return the fitted model of a state."""
    arrays, meta = state.arrays, cast(dict[str, Any], state.meta)
    fields = restored_fields(state)
    tables = {
        name: (arrays[f"table.{name}.line"], arrays[f"table.{name}.kernel"])
        for name in ("pedigree", "single_step", "table")
        if f"table.{name}.line" in arrays
    }
    source = KernelSource(
        KernelsOptions.model_validate(meta["options"]),
        fields[4],
        int(meta["ploidy"]),
        Lines(
            arrays["train_name"], arrays["train_dosage"], arrays.get("train_features")
        ),
        float(meta["median"]),
        tables,
        OmicsScale(**prefixed(arrays, "omics_")) if "omics_name" in arrays else None,
    )
    parts = [
        restore_kernel_blup(prefixed(arrays, f"part{t}_"))
        for t in range(arrays["share"].shape[0])
    ]
    return FittedKernels(
        *fields,
        source,
        arrays["unit"],
        arrays["share"],
        tuple(parts),
        arrays["component_variance"],
        arrays["component_error"],
    )
