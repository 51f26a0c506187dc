"""The yeast panel: 109 lines, expression in two media, positions and GO-slim sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.config.stages import GenotypeConfig
from meristem.errors import DataError
from meristem.io.genotypes.read import read_genotypes
from meristem.records import FloatArray, Genotypes, OmicsTable, SampleGroups, StrArray

FOLDER = Path("gp") / "yeast_smith2008"
SLIM = Path("prior_knowledge") / "yeast_go_slim_SGD.tsv.gz"


@dataclass(frozen=True)
class Yeast:
    """Lines in one order."""

    line: StrArray  # (n_line,)
    gene: StrArray  # (n_gene,)
    glucose: FloatArray  # (n_line, n_gene)
    ethanol: FloatArray  # (n_line, n_gene)
    genotypes: Genotypes
    sets: dict[str, frozenset[str]]  # GO-slim processes

    def table(self, value: FloatArray, name: str = "expression") -> OmicsTable:
        """Return values of the lines as a table."""
        return OmicsTable(name, self.line, self.gene, self.gene, value)

    def stacked(self) -> tuple[OmicsTable, SampleGroups]:
        """Return both media below one another, and the medium and line of each row."""
        medium = np.repeat(["glucose", "ethanol"], self.line.size)
        line = np.tile(self.line, 2)
        sample = np.char.add(np.char.add(line, "@"), medium)
        value = np.concatenate([self.glucose, self.ethanol])
        table = OmicsTable("expression", sample, self.gene, self.gene, value)
        label = np.column_stack([medium, line])
        return table, SampleGroups(sample, np.array(["medium", "line"]), label)


def read_yeast(data: Path) -> Yeast:
    """Read the panel below a data folder."""
    folder = data / FOLDER
    if not folder.exists():
        raise DataError("is absent", where=folder, remedy="give --data")
    glucose, ethanol = (
        pd.read_csv(folder / f"expression_{medium}.csv.gz", index_col=0)
        for medium in ("glucose", "ethanol")
    )
    ethanol = ethanol.loc[glucose.index, glucose.columns]
    genotypes = read_genotypes(GenotypeConfig(path=folder / "genotypes.bed"))
    place = {name: i for i, name in enumerate(genotypes.sample_id.tolist())}
    line = glucose.index.to_numpy(str)
    slim = pd.read_csv(data / SLIM, sep="\t", dtype=str)
    slim = slim[slim["aspect"] == "P"]
    sets = {str(term): frozenset(part["gene"]) for term, part in slim.groupby("term")}
    return Yeast(
        line,
        glucose.columns.to_numpy(str),
        glucose.to_numpy(float),
        ethanol.to_numpy(float),
        genotypes.take_samples(np.array([place[name] for name in line])),
        sets,
    )
