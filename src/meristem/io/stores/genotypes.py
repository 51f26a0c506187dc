"""Our own genotype store: Zarr v3 with the field names of VCF-Zarr."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from meristem._version import __version__
from meristem.errors import DataError
from meristem.records import (
    MISSING,
    DosageSource,
    Genotypes,
    StrArray,
    VariantTable,
    stream,
)
from meristem.records.streamed import CHUNK
from meristem.text.files import replacing

FORMAT_VERSION = 1
WIDTH = CHUNK
"""Variants in a chunk, which holds all samples."""

_KIND = "meristem genotypes"


def write_genotypes(genotypes: Genotypes, path: str | Path) -> None:
    """Write genotypes as a Zarr store, whole or not at all.

    Parameters
    ----------
    genotypes
        Any ploidy.
    path
        A folder, by custom ending in `.zarr`; an older store there is replaced.

    Raises
    ------
    DataError
        If the store cannot be written.

    References
    ----------
    VCF Zarr specification 0.4, https://github.com/sgkit-dev/vcf-zarr-spec; the field
    `call_dosage`, (samples, variants), is ours.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> name, blank = np.array(["m1", "m2"]), np.array(["", ""])
    >>> variants = VariantTable(name, blank, np.zeros(2, dtype=int), blank, blank)
    >>> dosage = np.array([[0, 2], [2, -1]], dtype=np.int8)
    >>> genotypes = Genotypes(np.array(["A", "B"]), variants, dosage)
    >>> with TemporaryDirectory() as folder:
    ...     write_genotypes(genotypes, Path(folder) / "two.zarr")
    ...     read_genotypes_store(Path(folder) / "two.zarr").call_dosage.tolist()
    [[0, 2], [2, -1]]
    """
    variants = genotypes.variants
    contig_id, contig_index = np.unique(variants.variant_contig, return_inverse=True)
    alleles = np.column_stack([variants.variant_ref, variants.variant_alt])
    with replacing(path) as temporary:
        group = zarr.create_group(
            temporary,
            attributes={
                "kind": _KIND,
                "format_version": FORMAT_VERSION,
                "written_by": f"meristem {__version__}",
                "source": genotypes.source,
                "ploidy": genotypes.ploidy,
            },
        )
        _write_text(group, "sample_id", genotypes.sample_id, "samples")
        _write_text(group, "contig_id", contig_id, "contigs")
        _write_text(group, "variant_id", variants.variant_id, "variants")
        _write_text(group, "variant_allele", alleles, "variants", "alleles")
        _write_numbers(group, "variant_contig", contig_index.astype(np.int32))
        _write_numbers(group, "variant_position", variants.variant_position)
        _write_dosage(group, "call_dosage", genotypes.call_dosage)
        if genotypes.first_gamete is not None:
            _write_dosage(group, "first_gamete", genotypes.first_gamete)


def _write_text(group: zarr.Group, name: str, text: StrArray, *axes: str) -> None:
    array = group.create_array(name, shape=text.shape, dtype=str, dimension_names=axes)
    if text.size:
        array[...] = text.astype(object)


def _write_numbers(group: zarr.Group, name: str, values: NDArray) -> None:
    array = group.create_array(
        name, shape=values.shape, dtype=values.dtype, dimension_names=["variants"]
    )
    if values.size:
        array[...] = values


def _write_dosage(group: zarr.Group, name: str, dosage: NDArray[np.int8]) -> None:
    array = group.create_array(
        name,
        shape=dosage.shape,
        chunks=(max(dosage.shape[0], 1), WIDTH),
        dtype=dosage.dtype,
        fill_value=MISSING,
        compressors=BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle"),
        dimension_names=["samples", "variants"],
        # A chunk that is absent was lost; without this it could also be all missing.
        config={"write_empty_chunks": True},
    )
    for start in range(0, dosage.shape[1], WIDTH):
        array[:, start : start + WIDTH] = dosage[:, start : start + WIDTH]


class StoreBlocks(DosageSource):
    """Dosages of a store, read chunk by chunk."""

    def __init__(self, path: Path) -> None:
        self.path, self.array = path, _dosage(_open(path), path)
        super().__init__(*self.array.shape)

    def fetch(self, start: int, stop: int) -> NDArray[np.int8]:  # (n_sample, width)
        """Read the dosages of variants `start` to `stop` from disk."""
        try:
            return np.asarray(self.array[:, start:stop], dtype=np.int8)
        except (ValueError, RuntimeError, OSError) as error:
            raise _damaged(self.path, str(error)) from error


def read_genotypes_store(path: str | Path, *, streamed: bool = False) -> Genotypes:
    """Read a store of `write_genotypes`.

    Parameters
    ----------
    path
        The folder.
    streamed
        Leave the dosages on disk and read them block by block.

    Returns
    -------
    Genotypes
        As they were written.

    Raises
    ------
    DataError
        If it is no such store, of another format version, or damaged.
    """
    path = Path(path)
    group = _open(path)
    try:
        contig_id = _text(group, "contig_id")
        alleles = _text(group, "variant_allele")
        variants = VariantTable(
            _text(group, "variant_id"),
            contig_id[np.asarray(_array(group, "variant_contig")[...])],
            np.asarray(_array(group, "variant_position")[...], dtype=np.int64),
            alleles[:, 0],
            alleles[:, 1],
        )
        sample_id = _text(group, "sample_id")
        dosage = (
            stream(StoreBlocks(path))
            if streamed
            else np.asarray(_dosage(group, path)[...])
        )
        crossed = "first_gamete" in group
        first = np.asarray(_array(group, "first_gamete")[...]) if crossed else None
    except DataError:
        raise
    except (
        KeyError,
        ValueError,
        IndexError,
        TypeError,
        RuntimeError,
        OSError,
    ) as error:
        raise _damaged(path, str(error)) from error
    ploidy = int(str(group.attrs["ploidy"]))
    return Genotypes(sample_id, variants, dosage, ploidy, str(path), first)


def store_bytes(path: str | Path) -> int:
    """Return the size of the dosages of a store in memory; 0 if it is none."""
    path = Path(path)
    if not (path / "zarr.json").is_file():
        return 0
    n_sample, n_variant = _dosage(_open(path), path).shape
    return int(n_sample * n_variant)


def _open(path: Path) -> zarr.Group:
    if not path.exists():
        raise DataError("does not exist", where=path, remedy="check the path")
    if not (path / "zarr.json").is_file():
        raise DataError(
            "is no Zarr v3 store",
            where=path,
            remedy="give the folder of a genotype store written by meristem",
        )
    try:
        group = zarr.open_group(path, mode="r")
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise _damaged(path, str(error)) from error
    if group.attrs.get("kind") != _KIND:
        raise DataError(
            "is a Zarr store of something else",
            where=path,
            remedy="give the folder of a genotype store written by meristem; a VCF "
            "Zarr can be exported to VCF with vcztools view",
        )
    version = group.attrs.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        raise DataError(
            f"has format version {version}, this meristem reads {FORMAT_VERSION}",
            where=path,
            remedy="write the store again from the genotype file it came from",
        )
    return group


def _array(group: zarr.Group, name: str) -> zarr.Array:
    array = group[name]
    if not isinstance(array, zarr.Array):
        raise ValueError(f"{name} is no array")
    return array


def _text(group: zarr.Group, name: str) -> StrArray:
    cells = np.asarray(_array(group, name)[...])
    return np.array(cells.tolist(), dtype=np.str_).reshape(cells.shape)


def _dosage(group: zarr.Group, path: Path) -> zarr.Array:
    try:
        array = _array(group, "call_dosage")
    except (KeyError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    absent = array.nchunks - array.nchunks_initialized
    if absent:
        raise _damaged(path, f"{absent} of {array.nchunks} chunks are absent")
    return array


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(
        f"the store is damaged ({' '.join(reason.split())[:200]})",
        where=path,
        remedy="write the store again from the genotype file it came from",
    )
