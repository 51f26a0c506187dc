"""Public panels with groups, as data sets: what is read and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from meristem.config.stages import AnalysisConfig
from meristem.errors import ConfigError
from meristem.pipeline.preparation import prepare_inputs
from meristem.records import Dataset, IntArray


@dataclass(frozen=True)
class Source:
    """A public panel: its files below the data folder, its traits, its questions."""

    folder: str
    genotypes: str
    phenotypes: str
    traits: tuple[str, ...]
    across: Mapping[str, Any] | None  # evaluate.* of whole groups left out; None: none
    group: str = ""  # column of the phenotype table that holds the groups
    covariates: Mapping[str, Any] = field(default_factory=dict)
    hybrids: bool = False
    filter: Mapping[str, float] = field(default_factory=lambda: {"min_maf": 0.01})

    def config(self, data: Path) -> AnalysisConfig:
        """Return the configuration of the panel.

        Raises
        ------
        ConfigError
            If the data are not there.
        """
        home = data / "gp" / self.folder
        if not home.is_dir():
            raise ConfigError(
                "there is no such panel", where=home, remedy="name the folder of gp/"
            )
        phenotypes = home / self.phenotypes
        genotypes: dict[str, Any] = {"path": home / self.genotypes}
        genotypes |= {"multiallelic": "split", "filter": dict(self.filter)}
        if self.hybrids:
            genotypes["hybrids"] = phenotypes
        asked: dict[str, Any] = {
            "genotypes": genotypes,
            "phenotypes": {
                "path": phenotypes,
                "layout": "wide",
                "line": "line",
                "traits": self.traits,
            },
        }
        if self.group:
            asked["groups"] = {"path": phenotypes, "columns": (self.group,)}
        if self.covariates:
            asked["covariates"] = dict(self.covariates)
        return AnalysisConfig.model_validate(asked)

    def dataset(self, data: Path, lines: int, rng: np.random.Generator) -> Dataset:
        """Return the panel, or about `lines` of its phenotyped lines.

        Where there are groups, whole groups are drawn if they are small, and as many
        lines from each if they are large.
        """
        whole = prepare_inputs(self.config(data)).dataset
        measured = ~np.isnan(whole.phenotypes.value).all(axis=1)
        rows = np.flatnonzero(measured)
        if rows.size <= lines:
            return whole.take(rows)
        if not self.group or whole.groups is None:
            return whole.take(np.sort(rng.choice(rows, lines, replace=False)))
        label = whole.groups.column(self.group)[rows]
        return whole.take(rows[_of_groups(label, lines, rng)])


def _of_groups(label: np.ndarray, lines: int, rng: np.random.Generator) -> IntArray:
    names, group = np.unique(label, return_inverse=True)
    if names.size > lines // 10:  # small groups
        order = rng.permutation(names.size)
        count = np.bincount(group)[order].cumsum()
        kept = order[: int(np.searchsorted(count, lines)) + 1]
        return np.flatnonzero(np.isin(group, kept))
    each = max(lines // names.size, 1)
    parts = [
        rng.permutation(np.flatnonzero(group == k))[:each] for k in range(names.size)
    ]
    return np.sort(np.concatenate(parts))


MICE = {"columns": ("GENDER", "CageDensity"), "classes": ("Litter",)}

SOURCES: dict[str, Source] = {
    "mdp_281": Source(
        "mdp_281",
        "genotypes.hmp.txt.gz",
        "phenotypes.csv.gz",
        ("EarHT", "dpoll", "EarDia"),
        {"scheme": "cluster", "clusters": 5},
        filter={"min_maf": 0.02, "max_missing": 0.2},
    ),
    "soynam": Source(
        "soynam",
        "genotypes.bed",
        "phenotypes.csv.gz",
        ("yield", "R8"),
        {"scheme": "group", "group": "family"},
        group="family",
    ),
    "yeast_smith2008": Source(
        "yeast_smith2008",
        "genotypes.bed",
        "expression_ethanol.csv.gz",
        ("YBR158W", "YJR048W", "YIL162W", "YLR256W"),
        None,
    ),
    "maize_hybrids": Source(
        "maize_technow_hybrids",
        "parents_genotypes.bed",
        "phenotypes.csv.gz",
        ("GY", "GM"),
        {"scheme": "parents"},
        hybrids=True,
    ),
    "mice": Source(
        "mice_bglr",
        "genotypes.bed",
        "phenotypes.csv.gz",
        ("Obesity.BMI", "Obesity.BodyLength"),
        {"scheme": "group", "group": "cage"},
        group="cage",
        covariates=MICE,
    ),
}
