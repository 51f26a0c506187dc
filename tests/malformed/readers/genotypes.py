"""Malformed genotype files: how they are made, and what is asked of the message."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cyvcf2
import numpy as np
import pandas as pd
import pgenlib
import pytest

from meristem.config.stages import GenotypeConfig
from meristem.errors import DataError
from meristem.io.genotypes.plink import write_bed
from meristem.io.genotypes.read import read_genotypes
from meristem.io.genotypes.vcf import write_vcf
from meristem.io.stores.genotypes import write_genotypes
from meristem.records import Genotypes, VariantTable

HEADER = """\
##fileformat=VCFv4.2
##contig=<ID=1>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DS,Number=1,Type=Float,Description="Dosage">
"""
TITLES = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT"
SAMPLES = "a b c"
HAPMAP = "rs# alleles chrom pos strand assembly# center p1 p2 p3 QC a b c"


@dataclass(frozen=True)
class Case:
    """A fault: how to write it, and what the message must say."""

    name: str
    build: Callable[[Path], Path]  # folder -> the file the user names
    says: str  # regular expression
    names: str = ""  # file the message names; empty: the one the user named
    options: dict = field(default_factory=dict)


def make(n_variant: int = 6) -> Genotypes:
    rng = np.random.default_rng(n_variant)
    names = np.array([f"m{i}" for i in range(n_variant)])
    variants = VariantTable(
        names,
        np.full(n_variant, "1"),
        np.arange(1, n_variant + 1),
        np.full(n_variant, "A"),
        np.full(n_variant, "C"),
    )
    dosage = rng.integers(0, 3, (3, n_variant), dtype=np.int8)
    return Genotypes(np.array(["a", "b", "c"]), variants, dosage)


def file(name: str, content: str | bytes) -> Callable[[Path], Path]:
    """Return a builder of one file."""

    def build(folder: Path) -> Path:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
        return folder / name

    return build


def vcf(*rows: str, header: str = HEADER, samples: str = SAMPLES) -> str:
    body = "\n".join([f"{TITLES} {samples}".strip(), *rows]).replace(" ", "\t")
    return f"{header}{body}\n"


def row(calls: str, start: str = "1 10 rs1 A C", form: str = "GT") -> str:
    return f"{start} . . . {form} {calls}"


def hapmap(*rows: str, header: str = HAPMAP) -> str:
    lines = [" ".join([*r.split()[:4], "+", *["NA"] * 6, *r.split()[4:]]) for r in rows]
    return "\n".join([header, *lines]).replace(" ", "\t") + "\n"


def cut(build: Callable[[Path], Path], n_byte: int) -> Callable[[Path], Path]:
    """Return a builder of the same file without its last bytes."""

    def shorter(folder: Path) -> Path:
        path = build(folder)
        path.write_bytes(path.read_bytes()[:-n_byte])
        return path

    return shorter


def bgzf(folder: Path) -> Path:
    write_vcf(make(3000), folder / "plain.vcf")
    reader = cyvcf2.VCF(str(folder / "plain.vcf"))
    writer = cyvcf2.Writer(str(folder / "a.vcf.gz"), reader, mode="wz")
    for record in reader:
        writer.write_record(record)
    writer.close()
    (folder / "plain.vcf").unlink()
    return folder / "a.vcf.gz"


def packed(folder: Path) -> Path:
    write_vcf(make(3000), folder / "a.vcf.gz")
    return folder / "a.vcf.gz"


def bed(change: Callable[[Path], object]) -> Callable[[Path], Path]:
    """Return a builder of a bed set of which one file is changed."""

    def build(folder: Path) -> Path:
        write_bed(make(), folder / "a.bed")
        change(folder)
        return folder / "a.bed"

    return build


def rewrite(name: str, content: str | bytes) -> Callable[[Path], object]:
    data = content if isinstance(content, bytes) else content.encode()
    return lambda folder: (folder / name).write_bytes(data)


def replace_text(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), "utf-8")

    return change


def replace_bytes(name: str, start: bytes) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(start + data[len(start) :])

    return change


def pgen(change: Callable[[Path], object]) -> Callable[[Path], Path]:
    """Return a builder of a pgen set of which one file is changed."""

    def build(folder: Path) -> Path:
        genotypes = make()
        path = folder / "a.pgen"
        writer = pgenlib.PgenWriter(
            str(path).encode(), 3, variant_ct=6, nonref_flags=False
        )
        for column in genotypes.call_dosage.T:
            writer.append_biallelic(np.ascontiguousarray(column))
        writer.close()
        rows = "".join(f"1\t{i + 1}\tm{i}\tA\tC\n" for i in range(6))
        (folder / "a.pvar").write_text("#CHROM\tPOS\tID\tREF\tALT\n" + rows)
        (folder / "a.psam").write_text("#IID\na\nb\nc\n")
        change(folder)
        return path

    return build


def store(change: Callable[[Path], object]) -> Callable[[Path], Path]:
    """Return a builder of a store in which something is changed."""

    def build(folder: Path) -> Path:
        write_genotypes(make(), folder / "a.zarr")
        change(folder / "a.zarr")
        return folder / "a.zarr"

    return build


def attribute(name: str, value: object) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        content = json.loads((path / "zarr.json").read_text())
        content["attributes"][name] = value
        (path / "zarr.json").write_text(json.dumps(content))

    return change


def parquet(frame: pd.DataFrame) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        frame.to_parquet(folder / "a.parquet")
        return folder / "a.parquet"

    return build


def folder_named(name: str) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        (folder / name).mkdir()
        return folder / name

    return build


GOOD = row("0/0 0/1 1/1")
TWO_BED_BYTES = bytes([0x6C, 0x1B])
LATIN = "a \xe9 c"


def refused_clearly(case: Case, folder: Path, capfd: pytest.CaptureFixture) -> None:
    """Assert one DataError that names file, place and remedy, and nothing beside."""
    path = case.build(folder)
    capfd.readouterr()
    with pytest.raises(DataError, match=case.says) as caught:
        read_genotypes(GenotypeConfig(path=path, **case.options))
    error = caught.value
    assert (case.names or path.name) in error.where
    assert len(error.remedy) > 10
    assert error.what.count("\n") == 0
    assert capfd.readouterr() == ("", "")
