"""Read VCF and BCF, write VCF."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.io.genotypes.blocks import GrowingDosage
from meristem.io.genotypes.htslib import VariantFile, open_variants
from meristem.io.genotypes.naming import VariantColumns, refuse_blanks
from meristem.records import MISSING, Genotypes
from meristem.text.files import replacing

GREATEST_PLOIDY = 8
_ABSENT = -1  # cyvcf2's code of "." in a call
_VECTOR_END = -2  # cyvcf2's filler behind a call of lower ploidy
_MISSING_INTEGER = -(2**31)  # htslib's missing value of an Integer field


def read_vcf(
    path: str | Path,
    *,
    field: Literal["GT", "DS"] = "GT",
    multiallelic: Literal["refuse", "split"] = "refuse",
) -> Genotypes:
    r"""Read a VCF or BCF file, plain or compressed.

    Parameters
    ----------
    path
        A `.vcf`, `.vcf.gz` or `.bcf` file.
    field
        `GT` counts the alternate allele of the calls (phased or not, ploidy 1 to 8);
        `DS` rounds the dosage to the nearest integer.
    multiallelic
        What to do with more than one alternate allele: refuse the file, or make one
        variant of each, which counts that allele against all others.

    Returns
    -------
    Genotypes
        A call with any missing allele is missing. A variant without id is named
        `contig:position:ref:alt`. Chromosome `0` means unknown.

    Raises
    ------
    DataError
        If the file is absent, damaged or truncated, has no samples, no variants or
        not the field asked for, mixes ploidies, calls an allele that its line does
        not list, or has several alternate alleles and `multiallelic` is `refuse`.

    References
    ----------
    The Variant Call Format Specification, VCFv4.5, sections 1.4 and 1.6.2.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> text = '''##fileformat=VCFv4.2
    ... ##contig=<ID=1>
    ... ##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
    ... #CHROM POS ID REF ALT QUAL FILTER INFO FORMAT B73 Mo17
    ... 1 7 . A G . . . GT 0/1 1|1
    ... '''
    >>> header, rows = text.split("#CHROM")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "two.vcf"
    ...     _ = path.write_text(header + "#CHROM" + rows.replace(" ", "\t"))
    ...     genotypes = read_vcf(path)
    >>> genotypes.call_dosage.tolist(), genotypes.variants.variant_id.tolist()
    ([[1], [2]], ['1:7:A:G'])
    """
    columns = VariantColumns()
    ploidy = 0
    with open_variants(path) as file:
        if field == "DS" and not file.defines("DS"):
            raise DataError(
                "the header does not define the field DS",
                where=path,
                remedy='add its ##FORMAT=<ID=DS,...> line, or set field = "GT"',
            )
        growing = GrowingDosage(file.sample_id.size)
        place = _Place(file)
        try:
            for record in file.records():
                place.move(record)
                alts = record.ALT
                if len(alts) > 1 and multiallelic == "refuse":
                    raise _several_alleles(alts, place)
                ploidy = _append(record, field, len(alts), ploidy, growing, place)
                columns.append(
                    record.ID or "",
                    record.CHROM,
                    record.POS,
                    record.REF,
                    alts or [""],
                )
        except UnicodeDecodeError as error:
            raise DataError(
                "a name or an allele is not UTF-8 text",
                where=f"{path}, variant {place.number}",
                remedy="save the file as UTF-8 (for example with iconv -f latin1 -t "
                "utf-8)",
            ) from error
        sample_id = file.sample_id
    variants = columns.table(path)
    return Genotypes(sample_id, variants, growing.finish(), ploidy or 2, str(path))


class _Place:
    """Where the reader is; put into words only when a message needs it."""

    def __init__(self, file: VariantFile) -> None:
        self.sample_id = file.sample_id
        self._file = file
        self.number = 0
        self._record: Any = None

    def move(self, record: Any) -> None:
        """Go to the next record."""
        self.number += 1
        self._record = record

    def __str__(self) -> str:
        record, where = self._record, self._file.place(self.number)
        return f"{where} ({record.CHROM}:{record.POS})"


def count_allele(
    calls: NDArray[np.int16],  # (n_sample, ploidy) allele numbers, < 0 missing
    allele: int,
) -> NDArray[np.int8]:  # (n_sample,)
    """Return how often every sample carries `allele`; -1 if any allele is missing.

    Parameters
    ----------
    calls
        Allele numbers (0 = reference), negative where missing.
    allele
        The allele to count.

    Returns
    -------
    numpy.ndarray
        Dosage, shape (n_sample,).

    Examples
    --------
    >>> count_allele(np.array([[0, 1], [1, 1], [-1, 1]], dtype=np.int16), 1)
    array([ 1,  2, -1], dtype=int8)
    """
    dosage = (calls[:, 0] == allele).view(np.int8)
    missing = calls[:, 0] < 0
    for column in range(1, calls.shape[1]):
        dosage += calls[:, column] == allele
        missing |= calls[:, column] < 0
    dosage[missing] = MISSING
    return dosage


def _append(
    record: Any,
    name: str,
    n_alt: int,
    ploidy: int,
    growing: GrowingDosage,
    place: _Place,
) -> int:
    """Append the dosages of one record; return the ploidy of the file so far."""
    if name == "GT":
        calls = _calls(record, place)
        _refuse_unlisted(calls, n_alt, place)
        ploidy = _agree_on_ploidy(calls, ploidy, place)
        for allele in range(1, max(n_alt, 1) + 1):
            growing.append(count_allele(calls[:, : ploidy or 1], allele))
        return ploidy
    if "GT" in record.FORMAT:
        ploidy = _agree_on_ploidy(_calls(record, place), ploidy, place)
    for dosage in _stated_dosages(record, max(n_alt, 1), ploidy or 2, place):
        growing.append(dosage)
    return ploidy


def _several_alleles(alts: list[str], place: _Place) -> DataError:
    return DataError(
        f"has {len(alts)} alternate alleles ({','.join(alts)[:60]})",
        where=str(place),
        remedy='set multiallelic = "split" for one variant per allele, or split the '
        "file (bcftools norm -m-)",
    )


def _calls(record: Any, place: _Place) -> NDArray[np.int16]:  # (n_sample, ploidy)
    # Faster than gt_types, which also reads the half-missing call 0/. as 0/0.
    try:
        return record.genotype.array()[:, :-1]  # the last column is the phase
    except Exception as error:  # cyvcf2 raises no narrower one
        raise DataError(
            "has no GT field",
            where=str(place),
            remedy='write GT in every record, or set field = "DS" if there is one',
        ) from error


def _refuse_unlisted(
    calls: NDArray[np.int16],  # (n_sample, ploidy)
    n_alt: int,
    place: _Place,
) -> None:
    if calls.max() > n_alt:
        sample, copy = np.argwhere(calls > n_alt)[0]
        listed = f"{n_alt} alternate allele(s)" if n_alt else "no alternate allele"
        raise DataError(
            f"sample {place.sample_id[sample]!s} carries allele {calls[sample, copy]}, "
            f"but the line lists {listed}",
            where=str(place),
            remedy="write the allele to ALT, or the call as missing (./.)",
        )


def _agree_on_ploidy(
    calls: NDArray[np.int16],  # (n_sample, greatest ploidy of the record)
    ploidy: int,  # of the records before; 0 when none had a call
    place: _Place,
) -> int:
    if ploidy == calls.shape[1] and calls.min() > _VECTOR_END:
        return ploidy
    called = (calls > _ABSENT).any(axis=1)
    size = (calls != _VECTOR_END).sum(axis=1)
    if not called.any():
        return ploidy
    expected = ploidy or int(size[called][0])
    odd = np.flatnonzero(called & (size != expected))
    if odd.size:
        raise DataError(
            f"sample {place.sample_id[odd[0]]!s} has {size[odd[0]]} alleles where "
            f"others have {expected}: the ploidy is mixed",
            where=str(place),
            remedy="keep one ploidy per file: leave sex and organelle chromosomes "
            "out, or make the calls alike (bcftools +fixploidy)",
        )
    if expected > GREATEST_PLOIDY:
        raise DataError(
            f"the calls have {expected} alleles",
            where=str(place),
            remedy=f"ploidy 1 to {GREATEST_PLOIDY} is supported",
        )
    return expected


def _stated_dosages(
    record: Any, n_allele: int, ploidy: int, place: _Place
) -> Iterator[NDArray[np.int8]]:
    values = record.format("DS")
    if values is None or values.dtype.kind not in "fi" or values.shape[1] < n_allele:
        raise DataError(
            "has no number DS for every alternate allele",
            where=str(place),
            remedy="write DS in every record, with Type=Float in the header, or set "
            'field = "GT"',
        )
    for allele in range(n_allele):
        value = values[:, allele]
        known = ~np.isnan(value) & (value != _MISSING_INTEGER)
        odd = np.flatnonzero(known & ~((value >= 0) & (value <= ploidy)))
        if odd.size:
            raise DataError(
                f"sample {place.sample_id[odd[0]]!s} has dosage {value[odd[0]]:g}",
                where=str(place),
                remedy=f"DS must lie between 0 and the ploidy ({ploidy}); "
                'set field = "GT" to count calls instead',
            )
        dosage = np.full(value.shape, MISSING, dtype=np.int8)
        dosage[known] = np.floor(value[known] + 0.5)
        yield dosage


def write_vcf(genotypes: Genotypes, path: str | Path) -> None:
    """Write unphased calls as VCF 4.2, gzipped where the name ends in `.gz`.

    The same genotypes give the same bytes. An unknown contig is written `0`, an
    unknown reference allele `N`.

    Parameters
    ----------
    genotypes
        Ploidy 1 to 8.
    path
        A `.vcf` or `.vcf.gz` file, written whole or not at all.

    Raises
    ------
    DataError
        If a name holds a blank, an alternate allele is unknown though samples carry
        it, or the file cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from meristem.io.genotypes.naming import make_variant_table
    >>> variants = make_variant_table(["m1"], ["1"], [7], ["A"], ["G"], "example")
    >>> dosage = np.array([[1], [-1]], dtype=np.int8)
    >>> genotypes = Genotypes(np.array(["B73", "Mo17"]), variants, dosage)
    >>> with TemporaryDirectory() as folder:
    ...     write_vcf(genotypes, Path(folder) / "two.vcf")
    ...     print((Path(folder) / "two.vcf").read_text().splitlines()[-1].split())
    ['1', '7', 'm1', 'A', 'G', '.', '.', '.', 'GT', '0/1', './.']
    """
    _refuse_unwritable(genotypes)
    with replacing(path) as temporary, temporary.open("wb") as plain:
        if not str(path).endswith(".gz"):
            plain.writelines(_vcf_lines(genotypes))
            return
        # No name and no time in the header, so that equal content is equal bytes.
        with gzip.GzipFile("", "wb", 6, plain, mtime=0) as compressed:
            compressed.writelines(_vcf_lines(genotypes))


def _refuse_unwritable(genotypes: Genotypes) -> None:
    refuse_blanks(genotypes, "VCF")
    variants = genotypes.variants
    carried = genotypes.call_dosage.max(axis=0, initial=MISSING) > 0
    unknown = np.flatnonzero(carried & (variants.variant_alt == ""))
    if unknown.size:
        raise DataError(
            f"variant {variants.variant_id[unknown[0]]} is carried but its alternate "
            "allele is unknown, which VCF cannot express",
            where=genotypes.source,
            remedy="give the alleles, or write another format",
        )


def _vcf_lines(genotypes: Genotypes) -> Iterator[bytes]:
    variants = genotypes.variants
    contigs = [str(name) or "0" for name in variants.variant_contig]
    header = ["##fileformat=VCFv4.2", "##source=meristem"]
    header += [f"##contig=<ID={name}>" for name in dict.fromkeys(contigs)]
    header.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    titles = ["#CHROM", *"POS ID REF ALT QUAL FILTER INFO FORMAT".split()]
    header.append("\t".join([*titles, *map(str, genotypes.sample_id)]))
    yield ("\n".join(header) + "\n").encode()
    cells = _call_table(genotypes.ploidy)
    for index, contig in enumerate(contigs):
        fields = (
            contig,
            variants.variant_position[index],
            variants.variant_id[index],
            variants.variant_ref[index] or "N",
            variants.variant_alt[index] or ".",
        )
        calls = cells[genotypes.call_dosage[:, index] - MISSING].reshape(-1)
        calls[-1] = ord("\n")
        start = "\t".join(map(str, fields)) + "\t.\t.\t.\tGT\t"
        yield start.encode() + calls.tobytes()


def _call_table(ploidy: int) -> NDArray[np.uint8]:  # (ploidy + 2, 2 * ploidy)
    """Return the text of every dosage (row 0: missing), each ended by a tab."""
    alleles = ["0" * (ploidy - dosage) + "1" * dosage for dosage in range(ploidy + 1)]
    calls = ["/".join(call) for call in ["." * ploidy, *alleles]]
    text = "".join(f"{call}\t" for call in calls)
    return np.frombuffer(text.encode(), np.uint8).reshape(ploidy + 2, 2 * ploidy)
