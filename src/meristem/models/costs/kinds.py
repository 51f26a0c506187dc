"""What a fit of each kind needs, by arithmetic on the sizes that its loops run over.

Seconds are CPU time of one core on which `models.speed.slowness` is 1, with which the
constants were measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meristem.config.models import (
    BayesOptions,
    BoostingOptions,
    ElasticNetOptions,
    ForestOptions,
    GBLUPOptions,
    KernelAverageOptions,
    KernelOptions,
    KernelsOptions,
    LinearPlanOptions,
    ModelOptions,
    MultiTraitOptions,
    PriorOptions,
    RidgeOptions,
    TrialOptions,
    WeightedGBLUPOptions,
)
from meristem.mixed.fixed.generalised import CLASS_SHARES
from meristem.models.mixture.settings import MOST, PartsOptions
from meristem.models.protocol import Cost
from meristem.records import Dataset, NetworkPlan
from meristem.records.covariates import RANDOM

_INNER = 5
"""Inner splits where the options of a kind do not say their number."""
_ROUNDS = 5
"""Rounds of average information over several kernels until little is gained."""
_SET_SECONDS = 3e-8  # per cube of lines, all fits of a mediated model


@dataclass(frozen=True)
class Size:
    """What the loops of linear models run over."""

    n: float  # rows
    seen: float  # rows with a phenotype
    p: float  # variants
    n_target: int

    @property
    def gram(self) -> float:
        """Seconds of one relationship matrix."""
        return 2e-11 * self.n**2 * self.p + 2e-9 * self.n * self.p

    @property
    def decomposition(self) -> float:
        """Seconds of an eigendecomposition, and of REML on it."""
        return 1.2e-10 * self.seen**3 + 7e-8 * self.seen**2 + 2e-3

    @property
    def posterior(self) -> float:
        """Seconds of the posterior of a fifth of the rows."""
        return 0.25 * self.gram + 2e-11 * self.n**3 + 1e-3

    @property
    def blup(self) -> float:
        """Seconds of a BLUP and of what it says of new rows."""
        further = (self.n_target - 1) * (1e-3 + 1e-8 * self.n**2)
        return self.gram + self.decomposition + self.posterior + further

    def rounds(self, n_kernel: int) -> float:
        """Return the seconds of REML over several kernels of one target."""
        return _ROUNDS * (6e-11 * self.seen**3 + 6e-9 * n_kernel * self.seen**2)

    @property
    def inner(self) -> Size:
        """Training rows of an inner split."""
        share = 1 - 1 / _INNER
        return replace(self, n=share * self.n, seen=share * self.seen)

    @property
    def scan(self) -> float:
        """Seconds of a scan of all variants beside GBLUP."""
        return self.decomposition + 5e-11 * self.n**2 * self.p


def size_of(dataset: Dataset) -> Size:
    """Return the sizes of training rows."""
    phenotypes, n_variant = dataset.phenotypes, dataset.genotypes.n_variant
    seen = (~np.isnan(phenotypes.value).all(axis=1)).sum()
    return Size(dataset.n_sample, int(seen), n_variant, phenotypes.n_target)


def adjusting(dataset: Dataset) -> float:
    """Return the seconds of the effects of covariates on training rows."""
    covariates = dataset.covariates
    if covariates is None:
        return 0.0
    size, n_fit = size_of(dataset), 1
    if (covariates.role == RANDOM).any():
        n_fit = len(CLASS_SHARES) + size.n_target
    axes = size.gram + size.decomposition if covariates.n_axis else 0.0
    # whitening a kernel costs about as much as its decomposition
    return size.gram + axes + n_fit * 2 * size.decomposition


def kernels(options: ModelOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of a model of relationship kernels, by REML or inner splits."""
    del plan
    size = size_of(dataset)
    splits = size.n_target * _INNER * size.inner.decomposition
    by_inner = isinstance(options, RidgeOptions) or (
        isinstance(options, GBLUPOptions) and options.variance == "inner"
    )
    seconds = size.blup + (splits if by_inner else 0.0)
    further = correlated(options, dataset)
    return Cost(seconds + further.seconds, further.memory)


def correlated(options: ModelOptions, dataset: Dataset) -> Cost:
    """Return what a fit costs further where it reads covariances of errors."""
    given = [one for one in dataset.phenotypes.errors if one is not None]
    if not given or not options.reads_errors:
        return Cost(0.0)
    n = size_of(dataset).seen
    # a known scale takes rounds over two components, and their errors
    seconds = sum(6e-10 if one.known else 2.5e-10 for one in given) * n**3
    return Cost(seconds, 8.0 * 8 * n**2)


def gaussian(
    options: KernelOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of every bandwidth, by REML or on inner splits."""
    del plan
    size = size_of(dataset)
    width = len(options.bandwidths)
    if options.variance == "inner":
        return Cost(size.blup + (width + 1) * _INNER * size.inner.decomposition)
    return Cost(size.blup + width * size.decomposition)


def several(
    options: KernelsOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of REML over several kernels."""
    del plan
    size = size_of(dataset)
    number = len(options.kernels)
    rounds = 15 * size.n_target * (1e-10 * size.seen**3 + 2e-9 * number * size.seen**2)
    kernels = (number + 1) * 3 * size.gram
    further = correlated(options, dataset)
    memory = 8.0 * (number + 6) * size.n**2 + further.memory
    return Cost(size.blup + kernels + rounds + further.seconds, memory)


def trials(options: TrialOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of REML by dense algebra over the records."""
    del plan
    size = size_of(dataset)
    rounds = 25 if options.structure in ("unstructured", "fa") else 12
    dense = size.n_target * rounds * (1.2e-10 * size.seen**3 + 2e-8 * size.seen**2)
    return Cost(size.blup + dense, 48.0 * size.seen**2)


def multi_trait(
    options: MultiTraitOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of REML of all traits: after one decomposition, or dense."""
    del options, plan
    size = size_of(dataset)
    seen = ~np.isnan(dataset.phenotypes.value)
    rows = float(seen.sum())
    if seen[seen.any(axis=1)].all():
        return Cost(size.blup + 60 * 4e-8 * size.n * size.n_target**3)
    return Cost(size.blup + 40 * 1.2e-10 * rows**3, 48.0 * rows**2)


def bayes(options: BayesOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of chains that are prolonged once."""
    del plan
    size = size_of(dataset)
    sweeps = options.burn_in + 2 * options.thin * options.draws
    each = 1e-5 + 1.3e-10 * size.n * size.p + 4e-8 * size.p
    if options.prior in ("brr", "rkhs"):
        each = 3e-8 * size.n
    kept = 8e7 + 4.0 * options.chains * size.p * 12
    memory = kept + 4.0 * size.n * size.p
    return Cost(size.blup + size.n_target * options.chains * sweeps * each, memory)


def kernel_average(
    options: KernelAverageOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of rounds of average information over all kernels."""
    del plan
    size, width = size_of(dataset), 2 + len(options.bandwidths)
    rounds = size.n_target * size.rounds(width)
    return Cost(2 * size.gram + rounds + size.n_target * size.decomposition)


def mixture(dataset: Dataset) -> Cost:
    """Return the cost of the parts of a mixture that read all variants."""
    size = size_of(dataset)
    scanned = replace(size, p=min(size.p, MOST))
    split = scanned.inner.scan + 3 * (scanned.gram + size.inner.decomposition)
    scan = _INNER * split + scanned.scan + scanned.gram + size.decomposition
    # fits to all rows, and five rounds' worth of rows left out
    kernels = size.rounds(5) * (1 + 5 / _ROUNDS) + size.decomposition
    forest = _forest(PartsOptions().forest, scanned)
    omics = 0.0
    if dataset.omics:
        features = sum(table.feature_id.size for table in dataset.omics)
        each = 1e-3 + 2e-8 * size.n**2
        omics = (1 + _INNER) * (features * each + size.decomposition)
    fits = size.n_target * (kernels + scan + forest + 0.06)
    return Cost(2 * size.gram + fits + omics + borrowed(size), 56.0 * size.n**2)


def weighted(
    options: WeightedGBLUPOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of a scan and of one BLUP per prior, on every inner split."""
    del plan
    size = size_of(dataset)
    candidates = size.gram + size.inner.decomposition
    split = size.inner.scan + len(options.prior) * candidates
    final = size.scan + size.gram + size.decomposition
    return Cost(size.gram + size.posterior + size.n_target * (_INNER * split + final))


def priors(options: PriorOptions, dataset: Dataset, plan: NetworkPlan | None) -> Cost:
    """Return the cost of a kernel per power, and of every share on inner splits."""
    del plan
    size = size_of(dataset)
    n_kernel = len(options.powers) + 1
    candidates = 1 + n_kernel * len(options.shares)
    inner = size.n_target * _INNER * candidates * size.inner.decomposition
    return Cost(size.blup + n_kernel * size.gram + inner)


def elastic_net(
    options: ElasticNetOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of a path of penalties per mixing and inner split."""
    del plan
    size = size_of(dataset)
    penalties = (_INNER * len(options.l1_ratio) + 1) * options.n_alphas
    each = 1.1e-4 + 1.8e-9 * size.n * size.p
    return Cost(size.n_target * penalties * each + borrowed(size))


def random_forest(
    options: ForestOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of the trees of a forest."""
    del plan
    size = size_of(dataset)
    return Cost(size.n_target * _forest(options, size) + borrowed(size))


def _forest(options: ForestOptions, size: Size) -> float:
    """Return the seconds of the trees of one target."""
    splits = size.n / (2 * options.min_leaf)
    depth = np.log2(max(size.n / options.min_leaf, 2.0))
    read = options.max_features * size.n * size.p * depth
    return options.trees * (6e-5 * splits + 2.4e-9 * read)


def boosting(
    options: BoostingOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of all rounds on inner splits, a third of them on all rows."""
    del plan
    size = size_of(dataset)
    rounds = options.rounds * (_INNER + 1 / 3)
    depth = np.log2(options.leaves) / np.log2(15)
    each = 2e-4 + depth * size.p * (4e-7 + 8e-9 * size.n)
    return Cost(size.n_target * rounds * each + borrowed(size))


def sets(
    options: LinearPlanOptions, dataset: Dataset, plan: NetworkPlan | None
) -> Cost:
    """Return the cost of a model with a kernel per set of genes."""
    del options, plan
    size = size_of(dataset)
    return Cost(2 * size.blup + _SET_SECONDS * size.n_target * size.n**3)


def borrowed(size: Size) -> float:
    """Return the seconds of the BLUP whose error a model borrows, inner folds too."""
    return size.blup + size.n_target * size.inner.decomposition
