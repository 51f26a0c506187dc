"""Open a VCF or BCF file through htslib; every fault becomes one DataError."""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import cyvcf2
import numpy as np
from cyvcf2 import cyvcf2 as binding

from meristem.errors import DataError
from meristem.io.genotypes.naming import check_samples
from meristem.records import StrArray
from meristem.text.files import MOST_LINES, require_file

_GZIP = b"\x1f\x8b"
_BGZF = b"\x1f\x8b\x08\x04"
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_BOM = b"\xef\xbb\xbf"
_DEFAULT_LOG_LEVEL = 3
_FIRST_SAMPLE = 10  # column
_LONGEST_LINE = 1 << 28  # bytes that are read in search of a line end
_COUNTED_AT = 1_000_000  # variants after which those of the file are counted


class VariantFile:
    """An open VCF or BCF file.

    Parameters
    ----------
    reader
        An open `cyvcf2.VCF`.
    content
        The file that is read; differs from `path` where a byte-order mark had to go.
    path
        The file the user named.
    need_samples
        Refuse a file without samples.
    """

    def __init__(
        self, reader: Any, content: Path, path: Path, *, need_samples: bool = True
    ) -> None:
        self._reader = reader
        self._content = content
        self._path = path
        names = _samples(reader, path)
        self.sample_id: StrArray = (
            check_samples(names, path, "columns", _FIRST_SAMPLE)
            if names or need_samples
            else np.array([], np.str_)
        )

    @property
    def path(self) -> Path:
        """The file the user named."""
        return self._path

    def contigs(self) -> list[str]:
        """Return the contigs that the header lists, or else those of the records."""
        listed = list(self._reader.seqnames)
        if listed:
            return listed
        with _open_binary(self._content) as handle:
            lines = (line for line in handle if not line.startswith(b"#"))
            names = dict.fromkeys(line.split(b"\t", 1)[0] for line in lines)
        return [name.decode("utf-8", "replace") for name in names]

    def defines(self, field: str) -> bool:
        """Return whether the header defines `field`."""
        return bool(self._reader.contains(field))

    def records(self) -> Iterator[Any]:
        """Give every record.

        Raises
        ------
        DataError
            If a record cannot be parsed or the stream breaks off.
        """
        iterator = iter(self._reader)
        number = 0
        while True:
            try:
                record = next(iterator, None)
            except Exception as error:  # cyvcf2 raises no narrower one
                fault, line = _record_fault(self._content, number)
                raise DataError(
                    fault,
                    where=f"{self._path}, variant {number + 1}{line}",
                    remedy="mend or leave out that variant, or copy or download the "
                    "file again",
                ) from error
            if record is None:
                return
            number += 1
            if number == _COUNTED_AT or number > MOST_LINES:
                self._refuse_too_many(number)
            yield record

    def place(self, number: int) -> str:
        """Return where a variant (from 1) stands, in words for an error message."""
        found = _find_variant(self._content, number)
        line = f", line {found[0]}" if found else ""
        return f"{self._path}{line}, variant {number}"

    def _refuse_too_many(self, number: int) -> None:
        with _open_binary(self._content) as handle:
            while number <= MOST_LINES and (chunk := handle.read(1 << 24)):
                number += chunk.count(b"\n")
        if number > MOST_LINES + _COUNTED_AT:
            raise DataError(
                f"has more than {MOST_LINES:,} variants",
                where=self._path,
                remedy="thin them first, for example plink2 --indep-pairwise 50 5 0.9, "
                "or bcftools view -q 0.01:minor",
            )


@contextmanager
def open_variants(
    path: str | Path, *, need_samples: bool = True
) -> Iterator[VariantFile]:
    """Open a `.vcf`, `.vcf.gz` or `.bcf` file.

    Parameters
    ----------
    path
        The file. A byte-order mark and CRLF line ends are accepted.
    need_samples
        Refuse a file that lists sites alone.

    Yields
    ------
    VariantFile
        Its samples and records.

    Raises
    ------
    DataError
        If the file is absent, empty or truncated, its header is not valid, or it
        has no samples or one of them twice.
    """
    path = require_file(path)
    _refuse_truncated(path)
    with _quiet(), _without_bom(path) as content:
        try:
            reader = cyvcf2.VCF(str(content))
        except Exception as error:  # cyvcf2 raises no narrower one
            raise _header_fault(content, path) from error
        try:
            yield VariantFile(reader, content, path, need_samples=need_samples)
        finally:
            reader.close()


def _samples(reader: Any, path: Path) -> list[str]:
    try:
        return list(reader.samples)
    except UnicodeDecodeError as error:
        raise DataError(
            "a sample id is not UTF-8 text",
            where=f"{path}, line #CHROM",
            remedy="save the file as UTF-8 (for example with iconv -f latin1 -t utf-8)",
        ) from error


def _refuse_truncated(path: Path) -> None:
    """Raise if a block-compressed file lacks its end marker.

    htslib reads such a file without complaint when it was cut between two blocks.
    """
    with path.open("rb") as handle:
        is_bgzf = handle.read(len(_BGZF)) == _BGZF
        handle.seek(max(path.stat().st_size - len(_BGZF_END), 0))
        if is_bgzf and handle.read() != _BGZF_END:
            raise DataError(
                "is truncated: the end marker of the compressed stream is absent",
                where=path,
                remedy="copy or download the file again",
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep htslib from writing to standard error; its faults come as exceptions."""
    set_level = getattr(binding, "set_htslib_log_level", None)
    if set_level is None:  # cyvcf2 before 0.32
        yield
        return
    set_level(0)
    try:
        yield
    finally:
        set_level(_DEFAULT_LOG_LEVEL)


@contextmanager
def _without_bom(path: Path) -> Iterator[Path]:
    """Give a file htslib can read: `path`, or a copy without its byte-order mark."""
    with _open_binary(path) as handle:
        try:
            marked = handle.read(len(_BOM)) == _BOM
        except (EOFError, OSError, zlib.error):
            marked = False  # damaged streams are reported when htslib opens them
        if not marked:
            yield path
            return
        with NamedTemporaryFile(suffix=".vcf") as copy:
            shutil.copyfileobj(handle, copy)
            copy.flush()
            yield Path(copy.name)


def _open_binary(path: Path) -> Any:
    with path.open("rb") as handle:
        compressed = handle.read(len(_GZIP)) == _GZIP
    return gzip.open(path, "rb") if compressed else path.open("rb")


def _header_fault(content: Path, path: Path) -> DataError:
    """Return what is wrong with a file htslib would not open."""
    remedy = "write or download the file again; `bcftools view -h` shows the header"
    titles = b""
    try:
        with _open_binary(content) as handle:
            first = handle.readline(_LONGEST_LINE)
            if first.startswith(b"BCF"):
                return DataError("the BCF header is damaged", where=path, remedy=remedy)
            if not first.startswith(b"##fileformat=VCF"):
                what = "is no VCF: its first line is not ##fileformat=VCFv4.x"
                return DataError(what, where=path, remedy=remedy)
            while line := handle.readline(_LONGEST_LINE):
                if not line.startswith(b"##"):
                    titles = line
                    break
            while handle.read(1 << 20):
                pass  # to the end: htslib reads ahead and meets damage further on
    except (EOFError, OSError, zlib.error):
        what = "the gzip stream is truncated or damaged"
        return DataError(what, where=path, remedy=remedy)
    if not titles.startswith(b"#CHROM\t"):
        what = "the header has no line #CHROM with tabs between its columns"
        return DataError(what, where=path, remedy=remedy)
    samples = titles.rstrip().split(b"\t")[_FIRST_SAMPLE - 1 :]
    for one, name in enumerate(samples):
        if name in samples[one + 1 :]:
            two = samples.index(name, one + 1)
            return DataError(
                f"sample {name.decode(errors='replace')!r} occurs more than once: in "
                f"columns {one + _FIRST_SAMPLE} and {two + _FIRST_SAMPLE}",
                where=path,
                remedy="keep one of them (bcftools view -s), or rename them (bcftools "
                "reheader -s)",
            )
    return DataError("the header cannot be parsed", where=path, remedy=remedy)


def _find_variant(path: Path, number: int) -> tuple[int, bytes, int] | None:
    """Return line, text and expected columns of a variant; None for BCF."""
    seen, n_column = 0, 0
    with _open_binary(path) as handle:
        for line, text in enumerate(handle, start=1):
            if line == 1 and text.startswith(b"BCF"):
                return None
            if text.startswith(b"#CHROM"):
                n_column = text.count(b"\t") + 1
            seen += not text.removeprefix(_BOM).startswith(b"#")
            if seen == number:
                return line, text, n_column
    return None


def _record_fault(path: Path, number: int) -> tuple[str, str]:
    """Return what is wrong with the record after `number` others, and ` (line L)`."""
    try:
        found = _find_variant(path, number + 1)
        with _open_binary(path) as handle:
            while handle.read(1 << 20):
                pass  # to the end: htslib reads ahead and meets damage there
    except (EOFError, OSError, zlib.error):
        return "the gzip stream is truncated or damaged", ""
    if found is None:
        return "is damaged or truncated, or has a value that cannot be parsed", ""
    line, text, n_column = found
    return _line_fault(text, n_column), f" (line {line})"


def _line_fault(text: bytes, n_column: int) -> str:
    fields = text.rstrip(b"\r\n").split(b"\t")
    if len(fields) != n_column:
        return f"has {len(fields)} columns, the header has {n_column}"
    position = fields[1].decode(errors="replace")
    if not position.isdecimal():
        return f"position {position!r} is no whole number"
    return "a genotype or another value cannot be parsed"
