"""The frozen records that flow between stages; the shape stands beside each field.

Records are checked when they are made and trusted afterwards. Samples, variants,
genes and nodes are matched by name, never by position. Arrays are not copied:
treat them as read-only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.records.covariates import Covariates
from meristem.records.products import Products

StrArray = NDArray[np.str_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MISSING: int = -1
"""Code of a missing dosage."""


def _refuse_duplicates(names: StrArray, what: str) -> None:
    if len(set(names.tolist())) == names.size:  # six times faster than a sort
        return
    unique, count = np.unique(names, return_counts=True)
    if unique.size != names.size:
        worst = ", ".join(map(str, unique[count > 1][:5]))
        raise DataError(
            f"{int((count > 1).sum())} {what} occur more than once: {worst}",
            remedy="keep one of each, or rename them",
        )


@dataclass(frozen=True)
class VariantTable:
    """What is known of each variant besides its calls.

    An id that is missing or `.` in the source is written
    `contig:position:ref:alt`, so that every id is a unique, stable name.
    """

    variant_id: StrArray  # (n_variant,) unique
    variant_contig: StrArray  # (n_variant,) "" when unknown
    variant_position: IntArray  # (n_variant,) bp, 1-based; 0 when unknown
    variant_ref: StrArray  # (n_variant,) reference allele, "" when unknown
    variant_alt: StrArray  # (n_variant,) counted allele, "" when unknown

    def __post_init__(self) -> None:
        size = self.variant_id.size
        for name in ("contig", "position", "ref", "alt"):
            if getattr(self, f"variant_{name}").shape != (size,):
                raise DataError(f"variant_{name} does not have {size} entries")
        _refuse_duplicates(self.variant_id, "variant ids")

    @property
    def n_variant(self) -> int:
        """Number of variants."""
        return int(self.variant_id.size)

    def take(self, index: NDArray) -> VariantTable:
        """Return the variants at `index` (integers or a mask), in that order."""
        return VariantTable(
            self.variant_id[index],
            self.variant_contig[index],
            self.variant_position[index],
            self.variant_ref[index],
            self.variant_alt[index],
        )


@dataclass(frozen=True)
class Genotypes:
    """Dosage of the alternate allele for every sample and variant."""

    sample_id: StrArray  # (n_sample,) unique
    variants: VariantTable
    call_dosage: NDArray[np.int8]  # (n_sample, n_variant) 0..ploidy, -1 missing
    ploidy: int = 2
    source: str = field(default="", compare=False)  # where from; no content
    first_gamete: NDArray[np.int8] | None = None  # (n_sample, n_variant) the copies
    # that came from `parent_1`, -1 missing; None where samples are no known crosses
    products: Products | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        expected = (self.sample_id.size, self.variants.n_variant)
        if self.first_gamete is not None and self.first_gamete.shape != expected:
            raise DataError(
                f"gametes have shape {self.first_gamete.shape}, expected {expected}",
                where=self.source,
            )
        if self.call_dosage.shape != expected:
            raise DataError(
                f"dosage has shape {self.call_dosage.shape}, expected {expected}",
                where=self.source,
            )
        if self.call_dosage.dtype != np.int8:
            raise DataError(f"dosage is {self.call_dosage.dtype}, expected int8")
        _refuse_duplicates(self.sample_id, "sample ids")

    @property
    def n_sample(self) -> int:
        """Number of samples."""
        return int(self.sample_id.size)

    @property
    def n_variant(self) -> int:
        """Number of variants."""
        return self.variants.n_variant

    def take_samples(self, index: NDArray) -> Genotypes:
        """Return the samples at `index` (integers or a mask), in that order."""
        return replace(
            self,
            sample_id=self.sample_id[index],
            call_dosage=self.call_dosage[index],
            first_gamete=None
            if self.first_gamete is None
            else self.first_gamete[index],
            products=self.products and self.products.take(index),
        )

    def loaded(self) -> Genotypes:
        """Return the same with the dosages in memory."""
        if isinstance(self.call_dosage, np.ndarray):
            return self
        return replace(self, call_dosage=np.asarray(self.call_dosage))

    def take_variants(self, index: NDArray) -> Genotypes:
        """Return the variants at `index` (integers or a mask), in that order."""
        return replace(
            self,
            variants=self.variants.take(index),
            call_dosage=self.call_dosage[:, index],
            first_gamete=None
            if self.first_gamete is None
            else self.first_gamete[:, index],
            products=None,
        )


@dataclass(frozen=True)
class Observations:
    """Single measurements as they stand in the phenotype file, one row each."""

    sample_id: StrArray  # (n_obs,)
    environment: StrArray  # (n_obs,) "" when there is only one
    replicate: StrArray  # (n_obs,) "" when not given
    trait: StrArray  # (n_obs,)
    value: FloatArray  # (n_obs,) NaN missing
    weight: FloatArray  # (n_obs,) > 0, relative precision; 1 when not given
    source: str = field(default="", compare=False)  # where from; no content
    standard_error: FloatArray | None = None  # (n_obs,) NaN missing; None: not given
    covariates: Covariates | None = None  # (n_obs rows)


@dataclass(frozen=True)
class Measurements:
    """Single values behind adjusted ones, so that any set of rows can be adjusted anew.

    Values of one block are adjusted together. Lines without a row (not genotyped:
    checks, say) have numbers from the number of rows on; they are in every set.
    """

    sample: IntArray  # (n_obs,) row of the phenotypes
    target: IntArray  # (n_obs,) column of the phenotypes
    block: IntArray  # (n_obs,)
    environment: IntArray  # (n_obs,)
    replicate: IntArray  # (n_obs,)
    value: FloatArray  # (n_obs,)
    weight: FloatArray  # (n_obs,) > 0
    error: FloatArray | None = None  # (n_obs,) standard errors, instead of weights
    covariates: Covariates | None = None  # (n_obs rows) that differ within lines

    def take(self, index: NDArray) -> Measurements:
        """Return the values at `index` (integers or a mask)."""
        arrays = {item.name: getattr(self, item.name) for item in fields(self)}
        covariates = arrays.pop("covariates")
        known = {name: a[index] for name, a in arrays.items() if a is not None}
        return Measurements(**known, covariates=covariates and covariates.take(index))

    def of_rows(self, index: NDArray, n_sample: int) -> Measurements:
        """Return those of some of `n_sample` rows, numbered as they will stand."""
        rows = np.arange(n_sample)[index]
        place = np.full(max(n_sample, self.sample.max(initial=-1) + 1), -1)
        place[rows] = np.arange(rows.size)
        place[n_sample:] = rows.size + np.arange(place.size - n_sample)
        sample = place[self.sample]
        return replace(self, sample=sample).take(sample >= 0)

    def of_targets(self, index: NDArray, n_target: int) -> Measurements:
        """Return those of some of `n_target` targets, numbered as they will stand."""
        columns = np.arange(n_target)[index]
        place = np.full(n_target, -1)
        place[columns] = np.arange(columns.size)
        target = place[self.target]
        return replace(self, target=target).take(target >= 0)


@dataclass(frozen=True)
class Phenotypes:
    """One (adjusted) value per sample and target.

    A target is a trait, or a trait in one environment; its environment is "" when
    the value is a mean over environments. Traits and environments repeat over
    targets, the pair does not.
    """

    sample_id: StrArray  # (n_sample,) unique
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    value: FloatArray  # (n_sample, n_target) NaN missing
    weight: FloatArray  # (n_sample, n_target) > 0; relative precision of the value
    measurements: Measurements | None = None  # what the values are adjusted from;
    # None where no value depends on those of other samples
    fixed: FloatArray | None = None  # (n_sample, n_fixed) centred columns whose effects
    # were taken off the values: models that have fixed effects project them out

    def __post_init__(self) -> None:
        expected = (self.sample_id.size, self.trait_name.size)
        if self.value.shape != expected or self.weight.shape != expected:
            raise DataError(
                f"values {self.value.shape} and weights {self.weight.shape} "
                f"do not have shape {expected}"
            )
        if np.isinf(self.value).any():
            raise DataError("a phenotype value is infinite")
        _refuse_duplicates(self.sample_id, "phenotyped samples")
        _refuse_duplicates(np.asarray(self.target_name), "targets")

    @property
    def n_target(self) -> int:
        """Number of targets."""
        return int(self.trait_name.size)

    @property
    def target_name(self) -> list[str]:
        """`trait`, or `trait@environment`, for every target."""
        pairs = zip(self.trait_name, self.environment_name, strict=True)
        return [f"{trait}@{env}" if env else str(trait) for trait, env in pairs]

    def take_samples(self, index: NDArray) -> Phenotypes:
        """Return the samples at `index` (integers or a mask), in that order."""
        known = self.measurements
        return replace(
            self,
            sample_id=self.sample_id[index],
            value=self.value[index],
            weight=self.weight[index],
            measurements=known and known.of_rows(index, self.sample_id.size),
            fixed=None if self.fixed is None else self.fixed[index],
        )

    def take_targets(self, index: NDArray) -> Phenotypes:
        """Return the targets at `index` (integers or a mask), in that order."""
        known = self.measurements
        return replace(
            self,
            trait_name=self.trait_name[index],
            environment_name=self.environment_name[index],
            value=self.value[:, index],
            weight=self.weight[:, index],
            measurements=known and known.of_targets(index, self.n_target),
        )


@dataclass(frozen=True)
class OmicsTable:
    """One kind of omics measured on any subset of the samples.

    `node_name` says which node of the knowledge graph a feature measures: the
    feature's own id unless a map was given; "" when it measures none.
    """

    name: str  # "expression", "metabolites", ...
    sample_id: StrArray  # (n_sample,) unique
    feature_id: StrArray  # (n_feature,) unique
    node_name: StrArray  # (n_feature,)
    value: FloatArray  # (n_sample, n_feature) NaN missing
    source: str = field(default="", compare=False)  # where from; no content
    reliability: FloatArray | None = None  # (n_feature,) share of the variance that
    # is no measurement error, in (0, 1]; None: not known
    derived: NDArray[np.bool_] | None = None  # (n_sample,) rows that hold what other
    # rows measured (the mean of a hybrid's parents, say); None: there are none

    def __post_init__(self) -> None:
        expected = (self.sample_id.size, self.feature_id.size)
        if self.value.shape != expected:
            raise DataError(
                f"{self.name}: values {self.value.shape}, expected {expected}",
                where=self.source,
            )
        if self.node_name.shape != self.feature_id.shape:
            raise DataError(f"{self.name}: node_name and feature_id differ in length")
        known = self.reliability
        if known is not None and known.shape != self.feature_id.shape:
            raise DataError(f"{self.name}: reliability and feature_id differ in length")
        if known is not None and not ((known > 0) & (known <= 1)).all():
            raise DataError(
                f"{self.name}: a reliability is not above 0 and at most 1",
                where=self.source,
            )
        if self.derived is not None and self.derived.shape != self.sample_id.shape:
            raise DataError(f"{self.name}: derived and sample_id differ in length")
        if np.isinf(self.value).any():
            raise DataError(f"{self.name}: a value is infinite", where=self.source)
        _refuse_duplicates(self.sample_id, f"samples of {self.name}")
        _refuse_duplicates(self.feature_id, f"features of {self.name}")

    def take_samples(self, index: NDArray) -> OmicsTable:
        """Return the samples at `index` (integers or a mask), in that order."""
        return replace(
            self,
            sample_id=self.sample_id[index],
            value=self.value[index],
            derived=None if self.derived is None else self.derived[index],
        )

    def direct(self) -> OmicsTable:
        """Return the table without derived values: each measurement counts once.

        Hybrids repeat the measurements of their parents, environments those of their
        line. What is learned of omics from genotypes would take them for so many
        independent ones.
        """
        if self.derived is None or not self.derived.any():
            return self
        value = np.where(self.derived[:, None], np.nan, self.value)
        return replace(self, value=value, derived=None)


@dataclass(frozen=True)
class Environments:
    """Covariates of the environments."""

    environment_name: StrArray  # (n_environment,) unique
    covariate_name: StrArray  # (n_covariate,) unique
    value: FloatArray  # (n_environment, n_covariate) NaN missing
    source: str = field(default="", compare=False)  # where from; no content


@dataclass(frozen=True)
class SampleGroups:
    """Labels of samples: family, subpopulation, heterotic group, trial set.

    Hybrids carry the two labels `parent_1` and `parent_2`.
    """

    sample_id: StrArray  # (n_sample,) unique
    group_name: StrArray  # (n_group,) unique
    label: StrArray  # (n_sample, n_group) "" when unknown

    def column(self, name: str) -> StrArray:
        """Return the labels of the grouping `name`, shape (n_sample,)."""
        found = np.flatnonzero(self.group_name == name)
        if found.size == 0:
            known = ", ".join(map(str, self.group_name)) or "none"
            raise DataError(
                f"there is no grouping called {name!r}",
                remedy=f"use one of the groupings read: {known}",
            )
        return self.label[:, found[0]]

    def take_samples(self, index: NDArray) -> SampleGroups:
        """Return the samples at `index` (integers or a mask), in that order."""
        return replace(self, sample_id=self.sample_id[index], label=self.label[index])


@dataclass(frozen=True)
class Dataset:
    """Everything known of one set of samples, aligned row by row.

    Every row has genotypes. Phenotypes and omics are NaN where a sample was not
    measured. A model is fitted on `prepare.training.training_set`: `take` leaves
    nothing of the other rows, and what was adjusted by them is adjusted anew.
    """

    genotypes: Genotypes
    phenotypes: Phenotypes
    omics: tuple[OmicsTable, ...] = ()
    groups: SampleGroups | None = None
    covariates: Covariates | None = None  # (n_sample rows)

    def __post_init__(self) -> None:
        if self.covariates is not None and self.covariates.n_row != self.n_sample:
            raise DataError("covariates are not aligned to genotypes")
        tables: list[Phenotypes | OmicsTable | SampleGroups]
        tables = [self.phenotypes, *self.omics]
        if self.groups is not None:
            tables.append(self.groups)
        for table in tables:
            if not np.array_equal(table.sample_id, self.genotypes.sample_id):
                raise DataError(f"{type(table).__name__} is not aligned to genotypes")

    @property
    def sample_id(self) -> StrArray:
        """Sample ids, shape (n_sample,)."""
        return self.genotypes.sample_id

    @property
    def n_sample(self) -> int:
        """Number of samples."""
        return self.genotypes.n_sample

    def take(self, index: NDArray) -> Dataset:
        """Return the samples at `index` (integers or a mask), in that order."""
        return Dataset(
            self.genotypes.take_samples(index),
            self.phenotypes.take_samples(index),
            tuple(table.take_samples(index) for table in self.omics),
            None if self.groups is None else self.groups.take_samples(index),
            None if self.covariates is None else self.covariates.take(index),
        )

    def take_variants(self, index: NDArray) -> Dataset:
        """Return the same samples with the variants at `index` alone."""
        return replace(self, genotypes=self.genotypes.take_variants(index))

    def take_targets(self, index: NDArray) -> Dataset:
        """Return the same samples with the targets at `index` alone."""
        return replace(self, phenotypes=self.phenotypes.take_targets(index))


@dataclass(frozen=True)
class Split:
    """Training and test rows of one fold, as positions in a Dataset."""

    scheme: str  # "kfold", "group:family", ...
    replicate: int
    fold: int
    train: IntArray  # (n_train,) sorted
    test: IntArray  # (n_test,) sorted


@dataclass(frozen=True)
class GeneTable:
    """Where the genes lie; end excluded."""

    gene_id: StrArray  # (n_gene,) unique
    gene_contig: StrArray  # (n_gene,)
    gene_start: IntArray  # (n_gene,) bp, 0-based
    gene_end: IntArray  # (n_gene,) bp, 0-based, excluded
    gene_strand: StrArray  # (n_gene,) "+", "-" or "."
    source: str = field(default="", compare=False)  # where from; no content


@dataclass(frozen=True)
class PlanLevel:
    """The nodes that can be computed once all lower levels are.

    Rows number the nodes of this level from 0 (row r is node `first_node + r`).
    Edges are sorted by row, then by source.
    """

    first_node: int
    n_node: int
    variant_row: IntArray  # (n_variant_edge,) row within the level
    variant_col: IntArray  # (n_variant_edge,) position in NetworkPlan.variants
    node_row: IntArray  # (n_node_edge,) row within the level
    node_col: IntArray  # (n_node_edge,) global number of a node of a lower level

    @property
    def n_edge(self) -> int:
        """Number of edges into this level."""
        return int(self.variant_row.size + self.node_row.size)


@dataclass(frozen=True)
class NetworkPlan:
    """A knowledge graph compiled for a variant table; pure data, no network.

    Nodes are numbered level by level; a node's parents are variants or nodes of
    lower levels (any lower level: skip edges are edges). `head_node` are the nodes
    the trait reads directly. Variants with no edge stay in `variants`: the
    polygenic path reads them all.
    """

    variants: VariantTable
    node_name: StrArray  # (n_node,) unique
    node_kind: StrArray  # (n_node,) "gene", "term", "metabolite", ...
    node_level: IntArray  # (n_node,) 0 = reads variants alone
    levels: tuple[PlanLevel, ...]
    head_node: IntArray  # (n_head,)
    source: str = field(default="", compare=False)  # where from; no content
    node_label: StrArray | None = None  # (n_node,) readable names; None: node_name

    @property
    def n_node(self) -> int:
        """Number of named nodes."""
        return int(self.node_name.size)

    @property
    def n_edge(self) -> int:
        """Number of edges, those into the trait left out."""
        return sum(level.n_edge for level in self.levels)

    @property
    def hash(self) -> str:
        """Digest of every name and edge: equal plans have equal hashes."""
        digest = hashlib.sha256()
        for names in (self.variants.variant_id, self.node_name, self.node_kind):
            digest.update("\0".join(map(str, names)).encode())
        for level in self.levels:
            for part in ("variant_row", "variant_col", "node_row", "node_col"):
                array = np.ascontiguousarray(getattr(level, part), dtype=np.int64)
                digest.update(part.encode() + array.tobytes())
        digest.update(np.ascontiguousarray(self.head_node, dtype=np.int64).tobytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Predictions:
    """Predicted values from genotypes alone."""

    sample_id: StrArray  # (n_sample,)
    trait_name: StrArray  # (n_target,)
    environment_name: StrArray  # (n_target,)
    value: FloatArray  # (n_sample, n_target)
    spread: FloatArray  # (n_sample, n_target) sd of ensemble or posterior; NaN if none


@dataclass(frozen=True)
class Latents:
    """Value of every named node of a fitted network for a set of samples."""

    sample_id: StrArray  # (n_sample,)
    node_name: StrArray  # (n_node,)
    value: FloatArray  # (n_sample, n_node) mean over the ensemble, sign-aligned


@dataclass(frozen=True)
class FittedState:
    """A fitted model as arrays and plain values, ready to be written to disk."""

    kind: str  # key in the catalogue
    arrays: dict[str, NDArray] = field(default_factory=dict)
    meta: dict[str, object] = field(default_factory=dict)  # JSON-able
