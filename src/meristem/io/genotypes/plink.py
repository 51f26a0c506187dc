"""Read PLINK 1 bed/bim/fam and PLINK 2 pgen/pvar/psam, write bed/bim/fam."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import pgenlib
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.io.genotypes.blocks import BLOCK
from meristem.io.genotypes.naming import refuse_blanks
from meristem.io.genotypes.plink_tables import (
    AlleleTable,
    read_bim,
    read_fam,
    read_psam,
    read_pvar,
)
from meristem.records import MISSING, DosageSource, Genotypes, stream
from meristem.text.files import replacing, require_file

_MAGIC = b"\x6c\x1b"
_VARIANT_MAJOR = b"\x01"
_SAMPLE_MAJOR = b"\x00"
LOOKED_AT = 10_000
"""Variants whose last byte is looked at for calls of more samples than are listed."""
_TWO_BIT_CODES = np.array([1, 3, 2, 0], dtype=np.uint8)
"""Codes of a missing call and of 0, 1 and 2 copies of A1."""


def read_bed(path: str | Path, *, streamed: bool = False) -> Genotypes:
    """Read a PLINK 1 binary file set.

    Parameters
    ----------
    path
        The `.bed` file; `.bim` and `.fam` lie beside it.
    streamed
        Leave the dosages on disk and read them block by block.

    Returns
    -------
    Genotypes
        Dosage of A1 (column 5 of the `.bim`), which becomes the alternate allele; A2
        (column 6) becomes the reference. `0` (chromosome or allele) means unknown.
        A sample is named by its within-family id, or `family_individual` where
        those repeat.

    Raises
    ------
    DataError
        If one of the three files is absent or malformed, the `.bed` is in the old
        sample-major order, or its size does not fit the other two.

    References
    ----------
    Chang et al. 2015, GigaScience 4:7, doi:10.1186/s13742-015-0047-8; format:
    https://www.cog-genomics.org/plink/1.9/formats#bed

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from meristem.io.genotypes.naming import make_variant_table
    >>> variants = make_variant_table(["m1"], ["1"], [7], ["A"], ["G"], "example")
    >>> dosage = np.array([[1], [-1], [2]], dtype=np.int8)
    >>> genotypes = Genotypes(np.array(["a", "b", "c"]), variants, dosage)
    >>> with TemporaryDirectory() as folder:
    ...     write_bed(genotypes, Path(folder) / "three.bed")
    ...     read_bed(Path(folder) / "three.bed").call_dosage.tolist()
    [[1], [-1], [2]]
    """
    path = require_file(path)
    sample_id = read_fam(_beside(path, ".fam"))
    variants = read_bim(_beside(path, ".bim"))
    n_sample, n_variant = sample_id.size, variants.n_variant
    _refuse_wrong_bed(path, n_sample, n_variant)
    dosage = _calls(path, n_sample, n_variant, streamed=streamed)
    return Genotypes(sample_id, variants, dosage, 2, str(path))


class PlinkBlocks(DosageSource):
    """Dosages of a `.bed` or biallelic `.pgen` file, read block by block."""

    def __init__(self, path: Path, n_sample: int, n_variant: int) -> None:
        super().__init__(n_sample, n_variant)
        self.path = path

    def fetch(self, start: int, stop: int) -> NDArray[np.int8]:  # (n_sample, width)
        """Read the dosages of variants `start` to `stop` from disk."""
        return read_calls(self.path, self.n_sample, stop - start, start)


def _calls(
    path: Path, n_sample: int, n_variant: int, *, streamed: bool
) -> NDArray[np.int8]:
    if streamed:
        return stream(PlinkBlocks(path, n_sample, n_variant))
    return read_calls(path, n_sample, n_variant)


def read_pgen(
    path: str | Path,
    *,
    multiallelic: Literal["refuse", "split"] = "refuse",
    streamed: bool = False,
) -> Genotypes:
    """Read the hard calls of a PLINK 2 binary file set.

    Parameters
    ----------
    path
        The `.pgen` file; `.pvar` (or `.bim`) and `.psam` (or `.fam`) lie beside it.
    multiallelic
        What to do with more than one alternate allele: refuse the file, or make one
        variant of each, which counts that allele against all others.
    streamed
        Leave the dosages on disk and read them block by block; those of split alleles
        are read at once.

    Returns
    -------
    Genotypes
        Dosage of the alternate allele.

    Raises
    ------
    DataError
        If one of the files is absent, malformed or compressed, they do not belong
        together, or a variant has several alternate alleles and `multiallelic` is
        `refuse`.

    References
    ----------
    Chang et al. 2015, GigaScience 4:7, doi:10.1186/s13742-015-0047-8; format:
    https://www.cog-genomics.org/plink/2.0/formats#pgen
    """
    path = require_file(path)
    sample_id = _read_pgen_samples(path)
    table = _read_pgen_variants(path)
    n_sample, n_variant = sample_id.size, table.variants.n_variant
    n_record = int(table.record[-1]) + 1
    with _opened(path) as reader:
        held = reader.get_raw_sample_ct(), reader.get_variant_ct()
    if held != (n_sample, n_record):
        raise DataError(
            f"holds {held[0]} samples and {held[1]} variants, the tables beside it "
            f"{n_sample} and {n_record}",
            where=path,
            remedy="bring the .pvar and .psam it belongs to",
        )
    if n_record == n_variant:
        dosage = _calls(path, n_sample, n_variant, streamed=streamed)
        return Genotypes(sample_id, table.variants, dosage, 2, str(path))
    if multiallelic == "refuse":
        first = int(np.flatnonzero(table.allele == 2)[0])
        raise DataError(
            "has several alternate alleles",
            where=f"{path}, variant {table.record[first] + 1} "
            f"({table.variants.variant_id[first]})",
            remedy='set multiallelic = "split" for one variant per allele, or split '
            "the file (bcftools norm -m-)",
        )
    starts = np.flatnonzero(table.allele == 1)
    sizes = np.diff(np.append(starts, n_variant)) + 1
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.uintp)
    with _opened(path, n_sample, offsets) as reader:
        dosage = _read_alleles(reader, n_sample, table)
    return Genotypes(sample_id, table.variants, dosage, 2, str(path))


def _read_pgen_samples(path: Path) -> NDArray[np.str_]:
    if not path.with_suffix(".psam").exists() and path.with_suffix(".fam").exists():
        return read_fam(path.with_suffix(".fam"))
    return read_psam(_beside(path, ".psam"))


def _read_pgen_variants(path: Path) -> AlleleTable:
    plain = path.with_suffix(".pvar")
    compressed = path.with_suffix(".pvar.zst")
    if plain.exists():
        return read_pvar(require_file(plain))
    if compressed.exists():
        raise DataError(
            "is compressed",
            where=compressed,
            remedy=f"unpack it with: zstd -d {compressed.name}",
        )
    if path.with_suffix(".bim").exists():
        return read_pvar(require_file(path.with_suffix(".bim")))
    return read_pvar(_beside(path, ".pvar"))


def _beside(path: Path, suffix: str) -> Path:
    beside = path.with_suffix(suffix)
    if not beside.exists():
        raise DataError(
            f"{beside.name} does not lie beside it",
            where=path,
            remedy="keep the three files of a set in one folder, under one name",
        )
    return require_file(beside)


def _refuse_wrong_bed(path: Path, n_sample: int, n_variant: int) -> None:
    with path.open("rb") as handle:
        start = handle.read(3)
    if start == _MAGIC + _SAMPLE_MAJOR:
        raise DataError(
            "is in sample-major order, which PLINK gave up in 2008",
            where=path,
            remedy="write it again with plink --make-bed",
        )
    if start != _MAGIC + _VARIANT_MAJOR:
        raise DataError(
            f"does not start like a .bed file (bytes {start.hex(' ')}, expected "
            "6c 1b 01)",
            where=path,
            remedy="give the .bed file of a plink --make-bed run; a BED file of "
            "genome regions is something else",
        )
    size = path.stat().st_size
    expected = len(start) + n_variant * ((n_sample + 3) // 4)
    if size != expected:
        raise DataError(
            f"has {size} bytes; {n_sample} samples and {n_variant} variants need "
            f"{expected}",
            where=path,
            remedy="copy the file again, or bring the .bim and .fam it belongs to",
        )
    if n_sample % 4 == 0:
        return
    # bits behind the last sample are 0: a shorter .fam would move all calls by a line
    shape = (min(n_variant, LOOKED_AT), (n_sample + 3) // 4)
    block = np.memmap(path, np.uint8, "r", len(start), shape)
    behind = np.flatnonzero(block[:, -1] >> np.uint8(2 * (n_sample % 4)))
    if behind.size:
        raise DataError(
            f"variant {behind[0] + 1} has calls behind the {n_sample} samples of the "
            ".fam",
            where=path,
            remedy="bring the .fam it belongs to: lines seem to be missing in this "
            "one; if it is whole, write the .bed again with plink --make-bed",
        )


@contextmanager
def _opened(
    path: Path,
    n_sample: int | None = None,
    allele_idx_offsets: NDArray[np.uintp] | None = None,
) -> Iterator[pgenlib.PgenReader]:
    """Open a file with pgenlib; its faults become DataErrors."""
    try:
        with pgenlib.PgenReader(
            str(path).encode(), n_sample, allele_idx_offsets=allele_idx_offsets
        ) as reader:
            yield reader
    except RuntimeError as error:
        told = error.args[0] if error.args else ""
        reason = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise DataError(
            f"cannot be read ({' '.join(reason.split())})",
            where=path,
            remedy="copy the file again, or bring the .pvar and .psam it belongs to",
        ) from error


def read_calls(
    path: Path,
    n_sample: int,
    n_variant: int,
    first: int = 0,
) -> NDArray[np.int8]:  # (n_sample, n_variant)
    """Return dosages of a `.bed` or biallelic `.pgen` file without its tables.

    Parameters
    ----------
    path
        The file.
    n_sample
        What its tables say.
    n_variant, first
        How many variants to read, and the first of them.

    Returns
    -------
    numpy.ndarray
        Dosage of A1 (`.bed`) or of the alternate allele (`.pgen`), -1 missing.

    Raises
    ------
    DataError
        If pgenlib cannot read the file.
    """
    out = np.empty((n_sample, n_variant), dtype=np.int8)
    with _opened(path, n_sample) as reader:
        # pgenlib transposes the packed calls block by block, straight into `out`:
        # faster than numpy the unpacked ones, and without a buffer of ours.
        reader.read_range(first, first + n_variant, out, sample_maj=True)
    # pgenlib writes -9 for missing. Against a row of -1, not the number: numpy 2.4 has
    # vector code for int8 maximum of two arrays only, seven times faster.
    least = np.full(n_variant, MISSING, dtype=np.int8)
    return np.maximum(out, least, out=out)


def _read_alleles(
    reader: pgenlib.PgenReader, n_sample: int, table: AlleleTable
) -> NDArray[np.int8]:  # (n_sample, n_variant)
    out = np.empty((n_sample, table.record.size), dtype=np.int8)
    buffer = np.empty(n_sample, dtype=np.int8)
    for index, pair in enumerate(zip(table.record, table.allele, strict=True)):
        record, allele = pair
        reader.read(record, buffer, allele)
        out[:, index] = np.maximum(buffer, MISSING)
    return out


def write_bed(genotypes: Genotypes, path: str | Path) -> None:
    """Write a PLINK 1 binary file set; the alternate allele becomes A1.

    Parameters
    ----------
    genotypes
        Diploid genotypes.
    path
        The `.bed` file; `.bim` and `.fam` are written beside it. Family and
        individual id are the sample id.

    Raises
    ------
    DataError
        If the ploidy is not 2, a name is empty or holds a blank, or a file cannot
        be written.
    """
    path = Path(path)
    _refuse_unwritable(genotypes)
    fam = "".join(f"{name}\t{name}\t0\t0\t0\t-9\n" for name in genotypes.sample_id)
    with (
        replacing(path.with_suffix(".fam")) as fam_path,
        replacing(path.with_suffix(".bim")) as bim_path,
        replacing(path) as bed_path,
    ):
        fam_path.write_text(fam, encoding="utf-8")
        bim_path.write_text("".join(_bim_lines(genotypes)), encoding="utf-8")
        with bed_path.open("wb") as handle:
            handle.write(_MAGIC + _VARIANT_MAJOR)
            for start in range(0, genotypes.n_variant, BLOCK):
                block = genotypes.call_dosage[:, start : start + BLOCK]
                handle.write(_pack(block).tobytes())


def _pack(
    dosage: NDArray[np.int8],  # (n_sample, n_variant)
) -> NDArray[np.uint8]:  # (n_variant, ceil(n_sample / 4))
    n_sample, n_variant = dosage.shape
    codes = np.zeros((n_variant, (n_sample + 3) // 4 * 4), dtype=np.uint8)
    codes[:, :n_sample] = _TWO_BIT_CODES[dosage.T - MISSING]
    quads = codes.reshape(n_variant, -1, 4)
    shifts = np.array([0, 2, 4, 6], dtype=np.uint8)
    return np.bitwise_or.reduce(quads << shifts, axis=2)


def _bim_lines(genotypes: Genotypes) -> Iterator[str]:
    table = genotypes.variants
    columns = (
        table.variant_contig,
        table.variant_id,
        table.variant_position,
        table.variant_alt,
        table.variant_ref,
    )
    for contig, name, position, alt, ref in zip(*columns, strict=True):
        yield f"{contig or 0}\t{name}\t0\t{position}\t{alt or 0}\t{ref or 0}\n"


def _refuse_unwritable(genotypes: Genotypes) -> None:
    if genotypes.ploidy != 2:
        raise DataError(
            f"ploidy {genotypes.ploidy} cannot be written to .bed",
            where=genotypes.source,
            remedy="write VCF or the Zarr store",
        )
    refuse_blanks(genotypes, ".bed")
