"""Read genotypes of any supported format into one record."""

from __future__ import annotations

from pathlib import Path

from meristem.config.stages import GenotypeConfig
from meristem.errors import DataError
from meristem.genetics.hybrids import cross_parents
from meristem.io.crosses import read_crosses
from meristem.io.dosage import read_dosage
from meristem.io.hapmap import read_hapmap
from meristem.io.plink import read_bed, read_pgen
from meristem.io.store import read_genotypes_store
from meristem.io.vcf import read_vcf
from meristem.records import Genotypes

_FORMATS = {
    ".vcf": "vcf",
    ".bcf": "vcf",
    ".bed": "bed",
    ".pgen": "pgen",
    ".hmp": "hapmap",
    ".hapmap": "hapmap",
    ".hmp.txt": "hapmap",
    ".csv": "dosage",
    ".tsv": "dosage",
    ".parquet": "dosage",
    ".zarr": "zarr",
}


def genotype_format(path: str | Path) -> str:
    """Return the format that a file name stands for.

    Parameters
    ----------
    path
        File name; `.gz` or `.bgz` at its end is passed over.

    Returns
    -------
    str
        `vcf`, `bed`, `pgen`, `hapmap`, `dosage` or `zarr`.

    Raises
    ------
    DataError
        If the name ends in none of the known suffixes.

    Examples
    --------
    >>> genotype_format("panel.hmp.txt.gz")
    'hapmap'
    """
    name = Path(path).name.lower().removesuffix(".gz").removesuffix(".bgz")
    for suffix, kind in _FORMATS.items():
        if name.endswith(suffix):
            return kind
    raise DataError(
        "the format cannot be told from the file name",
        where=path,
        remedy=f"use one of the endings {', '.join(_FORMATS)} (also with .gz), or set "
        "format in the configuration",
    )


def read_genotypes(config: GenotypeConfig) -> Genotypes:
    r"""Read genotypes of any format, and cross them if hybrids are asked for.

    Parameters
    ----------
    config
        Path, format, and how to read it. The marker filters are not applied here:
        they belong to the training rows of each fold.

    Returns
    -------
    Genotypes
        Of the samples in the file, or of the hybrids in `config.hybrids`.

    Raises
    ------
    DataError
        If the file cannot be used.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "lines.csv"
    ...     _ = path.write_text("line,m1,m2\nB73,0,2\nMo17,2,NA\n")
    ...     read_genotypes(GenotypeConfig(path=path)).call_dosage.tolist()
    [[0, 2], [2, -1]]
    """
    genotypes = _read(config)
    if config.hybrids is None:
        return genotypes
    crosses = read_crosses(config.hybrids, genotypes.sample_id)
    return cross_parents(
        genotypes, crosses.sample_id, crosses.parent_1, crosses.parent_2
    )


def _read(config: GenotypeConfig) -> Genotypes:
    path = config.path
    kind = genotype_format(path) if config.format == "auto" else config.format
    if kind == "vcf":
        return read_vcf(path, field=config.field, multiallelic=config.multiallelic)
    if kind == "pgen":
        return read_pgen(path, multiallelic=config.multiallelic)
    if kind == "hapmap":
        return read_hapmap(path, multiallelic=config.multiallelic)
    if kind == "dosage":
        return read_dosage(path, ploidy=config.ploidy)
    return read_bed(path) if kind == "bed" else read_genotypes_store(path)
