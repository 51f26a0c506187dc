"""The public panels of the benchmark: which question, which lines, which rivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from meristem.config.models import (
    AnyModelOptions,
    AutoOptions,
    CombiningOptions,
    FeatureBLUPOptions,
    ForestOptions,
    GBLUPOptions,
    KernelAverageOptions,
    KernelOptions,
    MeasuredOmicsOptions,
    MediatedOptions,
    RidgeOptions,
    WeightedGBLUPOptions,
)
from meristem.models.catalog import needs
from meristem.records import Dataset

AUTO = "auto"
PLAIN = "auto-no-network"
"""The mixture without its network: what is between the two is what biology adds."""

SINGLE: tuple[AnyModelOptions, ...] = (
    GBLUPOptions(),
    RidgeOptions(),
    WeightedGBLUPOptions(),
    KernelOptions(),
    KernelAverageOptions(),
    ForestOptions(),
)
MEDIATED: tuple[AnyModelOptions, ...] = (
    MediatedOptions(name="goblup", method="goblup"),
    MediatedOptions(name="one_kernel", method="one_kernel"),
    MediatedOptions(name="predicted_expression", method="predicted_expression"),
    MediatedOptions(name="pathway_reml", method="pathway_reml"),
    MediatedOptions(name="pathway_average", method="pathway_average"),
    FeatureBLUPOptions(),
    MeasuredOmicsOptions(),
)
NOT_DEPLOYABLE = tuple(o.label for o in MEDIATED if not needs(o).deployable)
NOT_LINEAR = ("rkhs", "kernel_average", "random_forest")
"""Rows that are no linear rivals."""


@dataclass(frozen=True)
class Sampling:
    """Which lines of a large panel take part."""

    group: str  # grouping of the lines; "": single lines
    each: int = 0  # lines of every group; 0: whole groups
    total: int = 10**9  # lines at most


@dataclass(frozen=True)
class Panel:
    """One panel and one question about it."""

    example: str  # stem of its configuration in `examples/`
    models: tuple[AnyModelOptions, ...]
    evaluate: Mapping[str, object] = field(default_factory=dict)  # what it changes
    traits: tuple[str, ...] = ()  # empty: those of the configuration
    sampling: Sampling | None = None
    within: str = ""  # grouping whose means are taken off before the correlation


_ALONE = (*SINGLE, AutoOptions(name=AUTO))
_CROSSES = (*SINGLE, CombiningOptions(), AutoOptions(name=AUTO))
_YEAST = (
    *SINGLE,
    *MEDIATED,
    AutoOptions(name=PLAIN, graph="none", omics="soft"),
    AutoOptions(name=AUTO, omics="soft"),
)
_FAMILIES = Sampling("family", each=15)
_ETHANOL = (
    "YBR158W",
    "YDL216C",
    "YGR201C",
    "YHL040C",
    "YIL162W",
    "YJR048W",
    "YLR214W",
    "YLR256W",
)

PANELS: dict[str, Panel] = {
    "wheat": Panel("wheat_bglr", _ALONE),
    "barley": Panel("barley_cap", _ALONE, sampling=Sampling("", total=560)),
    "soynam": Panel("soynam", _ALONE, sampling=_FAMILIES, within="family"),
    "soynam-families": Panel(
        "soynam",
        _ALONE,
        {"scheme": "group", "group": "family"},
        sampling=_FAMILIES,
        within="family",
    ),
    "mice": Panel("mice_covariates", _ALONE, sampling=Sampling("cage", total=620)),
    "maize-random": Panel(
        "maize_technow_hybrids",
        _CROSSES,
        {"scheme": "kfold"},
        sampling=Sampling("", total=520),
    ),
    "maize-unseen": Panel(
        "maize_technow_hybrids", _CROSSES, sampling=Sampling("", total=900)
    ),
    "mdp": Panel("mdp_281", _ALONE, {"scheme": "kfold"}),
    "yeast": Panel("yeast_smith2008", _YEAST, traits=_ETHANOL),
}


def sample_rows(
    dataset: Dataset, sampling: Sampling, rng: np.random.Generator
) -> np.ndarray:
    """Return the rows of a panel that take part, in order.

    Parameters
    ----------
    dataset
        All lines.
    sampling
        Some lines of every group, or whole groups until there are enough.
    rng
        Draws lines and groups.
    """
    seen = (~np.isnan(dataset.phenotypes.value)).all(axis=1)
    order = rng.permutation(np.flatnonzero(seen))
    if not sampling.group or dataset.groups is None:
        return np.sort(order[: sampling.total])
    label = dataset.groups.column(sampling.group)[order]
    names = dict.fromkeys(label.tolist())
    kept: list[np.ndarray] = []
    for name in names:
        own = order[label == name]
        if sampling.each:
            kept.append(own[: sampling.each])
        elif sum(part.size for part in kept) < sampling.total:
            kept.append(own)
    return np.sort(np.concatenate(kept))
