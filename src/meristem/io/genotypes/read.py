"""Read genotypes of any supported format into one record."""

from __future__ import annotations

from pathlib import Path

from meristem.config.stages import GenotypeConfig
from meristem.errors import DataError
from meristem.io.genotypes.dosage import read_dosage
from meristem.io.genotypes.hapmap import read_hapmap
from meristem.io.genotypes.plink import read_bed, read_pgen
from meristem.io.genotypes.vcf import read_vcf
from meristem.io.stores.genotypes import read_genotypes_store, store_bytes
from meristem.records import Genotypes

COMPANIONS = {".bed": (".bim", ".fam"), ".pgen": (".pvar", ".psam")}
"""Tables that lie beside the main file of a PLINK set."""

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


_MAKE_BED = "make a binary set of it ({}), and give the .bed file"
_CONVERSIONS = {
    ".ped": _MAKE_BED.format("plink --file PREFIX --make-bed"),
    ".map": _MAKE_BED.format("plink --file PREFIX --make-bed"),
    ".tped": _MAKE_BED.format("plink --tfile PREFIX --make-bed"),
    ".bgen": _MAKE_BED.format("plink2 --bgen FILE --make-bed"),
    ".gen": _MAKE_BED.format("plink2 --gen FILE --sample FILE --make-bed"),
    ".raw": "give the .bed, .bim and .fam it was made from",
    ".traw": "give the .bed, .bim and .fam it was made from",
    ".zip": "unpack it first, or pack it with gzip",
    ".txt": "rename a HapMap file to .hmp.txt and a table of dosages to .tsv, or set "
    "format in the configuration",
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
}
"""What to do with files of other formats, by their ending."""


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
    beside = Path(path).with_name(f"{Path(path).name}.ped").is_file()
    ending = ".ped" if beside else Path(name).suffix
    raise DataError(
        "the format cannot be told from the file name",
        where=path,
        remedy=_CONVERSIONS.get(
            ending,
            f"use one of the endings {', '.join(_FORMATS)} (also with .gz) or the "
            "prefix of a PLINK set, or set format in the configuration",
        ),
    )


def find_genotypes(path: str | Path) -> Path:
    """Return the main file of a PLINK set that is named by its prefix or a table.

    Parameters
    ----------
    path
        `panel` stands for `panel.bed`, else `panel.pgen`; so do `panel.bim`,
        `panel.fam`, `panel.pvar` and `panel.psam`. All else stays as it is.

    Returns
    -------
    Path
        A `.bed` or `.pgen` file, or `path`.
    """
    path = Path(path)
    for main, beside in COMPANIONS.items():
        if path.suffix in beside and path.with_suffix(main).is_file():
            return path.with_suffix(main)
    for main in COMPANIONS:
        whole = path.with_name(path.name + main)
        if path.name and not path.exists() and whole.is_file():
            return whole
    return path


def dosage_bytes(config: GenotypeConfig) -> int:
    """Return the size of the dosages in memory; 0 where they cannot stay on disk."""
    path = find_genotypes(config.path)
    kind = genotype_format(path) if config.format == "auto" else config.format
    if kind in ("bed", "pgen"):
        return 4 * path.stat().st_size if path.is_file() else 0
    return store_bytes(path) if kind == "zarr" else 0


def read_genotypes(config: GenotypeConfig, *, streamed: bool = False) -> Genotypes:
    r"""Read genotypes of any format.

    Parameters
    ----------
    config
        Path, format, and how to read it. Marker filters and hybrids are not applied
        here: filters belong to the training rows of each fold, and crossing the
        parents (`genetics.hybrids.cross_parents`) to the pipeline.
    streamed
        Leave the dosages of a PLINK set or a Zarr store on disk.

    Returns
    -------
    Genotypes
        Of the samples in the file; with `config.hybrids`, these are the parents.

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
    path = find_genotypes(config.path)
    kind = genotype_format(path) if config.format == "auto" else config.format
    if kind == "vcf":
        return read_vcf(path, field=config.field, multiallelic=config.multiallelic)
    if kind == "pgen":
        return read_pgen(path, multiallelic=config.multiallelic, streamed=streamed)
    if kind == "hapmap":
        return read_hapmap(path, multiallelic=config.multiallelic)
    if kind == "dosage":
        return read_dosage(path, ploidy=config.ploidy)
    if kind == "bed":
        return read_bed(path, streamed=streamed)
    return read_genotypes_store(path, streamed=streamed)
