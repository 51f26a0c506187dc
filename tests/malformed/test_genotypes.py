"""Malformed genotype files: one DataError that names file, place and remedy."""

from __future__ import annotations

import gzip
import json
import os
import shutil
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
from meristem.io.tables.crosses import read_crosses
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

CASES = [
    # any format
    Case("absent", lambda folder: folder / "a.vcf", "does not exist"),
    Case("no_such_format", file("a.txt", "x"), "format cannot be told"),
    *(
        Case(f"empty_{name}", file(name, b""), "is empty")
        for name in (
            "a.vcf",
            "a.vcf.gz",
            "a.bcf",
            "a.bed",
            "a.pgen",
            "a.hmp.txt",
            "a.csv",
            "a.parquet",
        )
    ),
    *(
        Case(f"folder_{name}", folder_named(name), "is a folder")
        for name in ("a.vcf", "a.bed", "a.pgen", "a.hmp.txt", "a.csv")
    ),
    # VCF and BCF
    Case("vcf_is_text", file("a.vcf", "hello\n"), "is no VCF"),
    Case("vcf_is_no_gzip", file("a.vcf.gz", b"\x1f\x8bhello"), "truncated or damaged"),
    Case("vcf_without_chrom_line", file("a.vcf", HEADER), "no line #CHROM"),
    Case(
        "vcf_with_blanks_for_tabs",
        file("a.vcf", vcf(GOOD).replace("\t", " ")),
        "no line #CHROM with tabs",
    ),
    Case("vcf_header_only", file("a.vcf", vcf()), "has a header and no variants"),
    Case(
        "vcf_without_samples",
        file("a.vcf", vcf("1 10 rs1 A C . . .", samples="").replace("\tFORMAT", "")),
        "has no samples",
    ),
    Case(
        "vcf_duplicate_sample",
        file("a.vcf", vcf(GOOD, samples="a b a")),
        "sample 'a' occurs more than once",
    ),
    Case(
        "vcf_latin1",
        file("a.vcf", vcf(GOOD, samples=LATIN).encode("latin1")),
        "line #CHROM: a sample id is not UTF-8",
    ),
    Case(
        "vcf_gzip_cut",
        cut(packed, 1000),
        "gzip stream is truncated",
    ),
    Case(
        "vcf_gzip_cut_in_header",
        cut(file("a.vcf.gz", gzip.compress(vcf(GOOD).encode())), 30),
        "truncated or damaged",
    ),
    Case("vcf_bgzf_cut_between_blocks", cut(bgzf, 28), "is truncated: the end marker"),
    Case("vcf_bgzf_cut_within_a_block", cut(bgzf, 500), "is truncated: the end marker"),
    Case(
        "vcf_ragged",
        file("a.vcf", vcf(GOOD, row("0/0 0/1"))),
        r"variant 2 \(line 7\): has 11 columns, the header has 12",
    ),
    Case(
        "vcf_cut_line",
        file("a.vcf", vcf(GOOD, "1 20")),
        r"variant 2 \(line 7\): has 2 columns, the header has 12",
    ),
    Case(
        "vcf_bad_position",
        file("a.vcf", vcf(row("0/0 0/1 1/1", "1 ten rs1 A C"))),
        r"variant 1 \(line 6\): position 'ten'",
    ),
    Case(
        "vcf_bad_call",
        file("a.vcf", vcf(row("0/0 x/y 1/1"))),
        r"variant 1 \(line 6\): a genotype",
    ),
    Case(
        "vcf_without_gt",
        file("a.vcf", vcf(row("0.1 1 2", form="DS"))),
        r"variant 1 \(1:10\): has no GT field",
    ),
    Case(
        "vcf_without_ds",
        file("a.vcf", vcf(GOOD)),
        r"variant 1 \(1:10\): has no number DS",
        options={"field": "DS"},
    ),
    Case(
        "vcf_ds_not_in_header",
        file("a.vcf", vcf(GOOD, header=HEADER.replace("ID=DS", "ID=XX"))),
        "header does not define the field DS",
        options={"field": "DS"},
    ),
    Case(
        "vcf_ds_too_large",
        file("a.vcf", vcf(row("0.1 2.5 2", form="DS"))),
        r"variant 1 \(1:10\): sample b has dosage 2.5",
        options={"field": "DS"},
    ),
    Case(
        "vcf_mixed_ploidy_in_a_record",
        file("a.vcf", vcf(row("0/0 1 1/1"))),
        r"variant 1 \(1:10\): sample b has 1 alleles.*mixed",
    ),
    Case(
        "vcf_mixed_ploidy_between_records",
        file("a.vcf", vcf(GOOD, row("0 1 1", "1 20 rs2 A C"))),
        r"variant 2 \(1:20\): sample a has 1 alleles.*mixed",
    ),
    Case(
        "vcf_ploidy_nine",
        file("a.vcf", vcf(row(" ".join(["/".join("0" * 9)] * 3)))),
        r"variant 1 \(1:10\): the calls have 9 alleles",
    ),
    Case(
        "vcf_multiallelic",
        file("a.vcf", vcf(row("0/0 1/2 1/1", "1 10 rs1 A C,G"))),
        r"variant 1 \(1:10\): has 2 alternate alleles",
    ),
    Case(
        "vcf_the_same_variant_twice",
        file("a.vcf", vcf(GOOD, row("0/1 0/1 0/1"))),
        "variants 1 and 2 have the id 'rs1'",
    ),
    Case(
        "bcf_is_something_else",
        file("a.bcf", b"BCF\x02\x02" + b"\0" * 50),
        "BCF header",
    ),
    # PLINK
    Case("bed_wrong_magic", bed(replace_bytes("a.bed", b"chr")), "expected 6c 1b 01"),
    Case(
        "bed_sample_major",
        bed(replace_bytes("a.bed", TWO_BED_BYTES + b"\0")),
        "sample-major",
    ),
    Case(
        "bed_cut",
        cut(bed(lambda _: None), 1),
        "has 8 bytes; 3 samples and 6 variants need 9",
    ),
    Case(
        "bed_of_genome_regions",
        bed(rewrite("a.bed", "chr1\t10\t20\n")),
        "does not start",
    ),
    Case(
        "bed_without_fam",
        bed(lambda folder: (folder / "a.fam").unlink()),
        "a.fam does not lie beside it",
    ),
    Case(
        "bed_without_bim",
        bed(lambda folder: (folder / "a.bim").unlink()),
        "a.bim does not lie beside it",
    ),
    Case(
        "fam_of_another_set",
        bed(rewrite("a.fam", "".join(f"{i} {i} 0 0 0 -9\n" for i in range(7)))),
        "7 samples and 6 variants need 15",
    ),
    Case("fam_empty", bed(rewrite("a.fam", b"")), "is empty", "a.fam"),
    Case(
        "fam_five_columns",
        bed(rewrite("a.fam", "a a 0 0 0\n")),
        "line 1: has 5 columns, expected 6",
        "a.fam",
    ),
    Case(
        "fam_duplicate_ids",
        bed(rewrite("a.fam", "0 a 0 0 0 -9\n0 a 0 0 0 -9\n0 b 0 0 0 -9\n")),
        "occur more than once: 0_a",
        "a.fam",
    ),
    Case(
        "fam_latin1",
        bed(rewrite("a.fam", "0 \xe9 0 0 0 -9\n".encode("latin1"))),
        "line 1: is not UTF-8",
        "a.fam",
    ),
    Case(
        "bim_five_columns",
        bed(replace_text("a.bim", "1\tm3\t0\t", "1\tm3\t")),
        "line 4: has 5 columns, expected 6",
        "a.bim",
    ),
    Case(
        "bim_bad_position",
        bed(replace_text("a.bim", "m2\t0\t3", "m2\t0\t3.5")),
        "line 3: position '3.5'",
        "a.bim",
    ),
    Case(
        "bim_negative_position",
        bed(replace_text("a.bim", "m2\t0\t3", "m2\t0\t-3")),
        "line 3: position '-3'",
        "a.bim",
    ),
    Case(
        "bim_the_same_variant_twice",
        bed(replace_text("a.bim", "m2\t0\t3", "m1\t0\t2")),
        "variants 2 and 3 have the id 'm1'",
        "a.bim",
    ),
    Case(
        "pgen_is_text", pgen(rewrite("a.pgen", "hello world, hello")), "cannot be read"
    ),
    Case("pgen_cut", cut(pgen(lambda _: None), 3), "cannot be read"),
    Case(
        "pgen_with_other_samples",
        pgen(rewrite("a.psam", "#IID\na\nb\n")),
        "holds 3 samples and 6 variants, the tables beside it 2 and 6",
    ),
    Case(
        "pgen_with_other_variants",
        pgen(rewrite("a.pvar", "#CHROM\tPOS\tID\tREF\tALT\n1\t5\tm\tA\tC\n")),
        "holds 3 samples and 6 variants, the tables beside it 3 and 1",
    ),
    Case(
        "pgen_without_psam",
        pgen(lambda folder: (folder / "a.psam").unlink()),
        "a.psam does not lie beside it",
    ),
    Case(
        "pgen_compressed_pvar",
        pgen(lambda folder: (folder / "a.pvar").rename(folder / "a.pvar.zst")),
        "is compressed",
        "a.pvar.zst",
    ),
    Case(
        "pvar_without_alt",
        pgen(rewrite("a.pvar", "#CHROM\tPOS\tID\tREF\n1\t5\tm\tA\n")),
        "no column ALT",
        "a.pvar",
    ),
    Case(
        "psam_without_iid",
        pgen(rewrite("a.psam", "#SAMPLE\na\n")),
        "no column IID",
        "a.psam",
    ),
    # HapMap
    Case(
        "hapmap_other_header", file("a.hmp.txt", "id\tx\ty\n"), "line 1: does not start"
    ),
    Case("hapmap_header_only", file("a.hmp.txt", hapmap()), "no variants"),
    Case(
        "hapmap_ragged",
        file("a.hmp.txt", hapmap("m1 A/C 1 5 AA AC")),
        "line 2: has 13 columns, the header has 14",
    ),
    Case(
        "hapmap_cut_line",
        file("a.hmp.txt", hapmap("m1 A/C 1 5 AA AC CC") + "m2\tA/C\n"),
        "line 3: has 2 columns",
    ),
    Case(
        "hapmap_bad_code",
        file("a.hmp.txt", hapmap("m1 A/C 1 5 AA AZ CC")),
        "line 2: call 'AZ' of sample 2 is unknown",
    ),
    Case(
        "hapmap_long_call",
        file("a.hmp.txt", hapmap("m1 A/C 1 5 AA ACC CC")),
        "line 2: call 'ACC' of sample 2 is unknown",
    ),
    Case(
        "hapmap_numbers",
        file("a.hmp.txt", hapmap("m1 A/C 1 5 0 1 2")),
        "line 2: call .* is unknown",
    ),
    Case(
        "hapmap_three_alleles",
        file("a.hmp.txt", hapmap("m1 A/C 1 5 AA CC NN", "m2 A/C 1 6 AA CC GG")),
        r"line 3: has 3 alleles \(A, C, G\)",
    ),
    Case(
        "hapmap_bad_position",
        file("a.hmp.txt", hapmap("m1 A/C 1 5e3 AA AC CC")),
        "line 2: position '5e3'",
    ),
    Case(
        "hapmap_duplicate_sample",
        file("a.hmp.txt", hapmap("m1 A/C 1 5 AA AC CC", header=HAPMAP[:-1] + "a")),
        "occur more than once: a",
    ),
    Case(
        "hapmap_gzip_cut",
        cut(
            file("a.hmp.txt.gz", gzip.compress(hapmap("m1 A/C 1 5 AA AC CC").encode())),
            9,
        ),
        "gzip stream is truncated",
    ),
    # dosage tables
    Case(
        "dosage_text", file("a.csv", "line,m1\na,0\nb,x\n"), "line 3, column 'm1': 'x'"
    ),
    Case(
        "dosage_infinite",
        file("a.csv", "line,m1\na,0\nb,inf\n"),
        "line 3, column 'm1': 'inf'",
    ),
    Case(
        "dosage_fraction",
        file("a.csv", "line,m1,m2\na,0,1.5\n"),
        "line 2, column 'm2': '1.5'",
    ),
    Case(
        "dosage_minus_one_beside_two",
        file("a.csv", "line,m1,m2\na,0,-1\nb,2,1\n"),
        "line 2, column 'm2': dosage -1",
    ),
    Case(
        "dosage_minus_nine",
        file("a.csv", "line,m1,m2\na,0,-9\nb,0,1\n"),
        "line 2, column 'm2': dosage -9",
    ),
    Case(
        "dosage_above_the_ploidy",
        file("a.csv", "line,m1,m2\na,0,3\n"),
        "line 2, column 'm2': dosage 3",
    ),
    Case(
        "dosage_thousands",
        file("a.csv", "line,m1\na,1e300\n"),
        "line 2, column 'm1': '1e300'",
    ),
    Case(
        "dosage_ragged",
        file("a.csv", "line,m1,m2\na,0,1\nb,0\n"),
        "line 3: has 2 columns, the header has 3",
    ),
    Case("dosage_header_only", file("a.csv", "line,m1\n"), "has a header and no rows"),
    Case("dosage_no_marker", file("a.csv", "line\na\nb\n"), "line 2: has no column"),
    Case(
        "dosage_duplicate_sample",
        file("a.csv", "line,m1\na,0\na,1\n"),
        "occur more than once: a",
    ),
    Case(
        "dosage_sample_without_id",
        file("a.csv", "line,m1\n,0\nb,1\n"),
        "sample 1 has no id",
    ),
    Case(
        "dosage_duplicate_marker",
        file("a.csv", "line,m,m\na,0,1\n"),
        "variants 1 and 2 have the id 'm'",
    ),
    Case(
        "dosage_latin1",
        file("a.csv", "line,m1\na,0\n\xe9,1\n".encode("latin1")),
        "line 3: is not UTF-8",
    ),
    Case("dosage_utf16", file("a.csv", "line,m1\na,0\n".encode("utf-16")), "UTF-8"),
    Case(
        "dosage_gzip_cut",
        cut(file("a.csv.gz", gzip.compress(b"line,m1\na,0\n" * 50)), 9),
        "gzip stream is truncated",
    ),
    Case("dosage_spreadsheet", file("a.csv", b"PK\x03\x04xx"), "spreadsheet"),
    Case(
        "parquet_garbage",
        file("a.parquet", b"PAR1 garbage PAR1"),
        "not a readable Parquet",
    ),
    Case(
        "parquet_fraction",
        parquet(pd.DataFrame({"line": ["a", "b"], "m1": [0.0, 0.5]})),
        "row 2, column 'm1': '0.5'",
    ),
    Case(
        "parquet_infinite",
        parquet(pd.DataFrame({"line": ["a", "b"], "m1": [0.0, np.inf]})),
        "row 2, column 'm1': 'inf'",
    ),
    Case(
        "parquet_text",
        parquet(pd.DataFrame({"line": ["a", "b"], "m1": ["0", "x"]})),
        "row 2, column 'm1': 'x'",
    ),
    Case(
        "parquet_no_marker",
        parquet(pd.DataFrame({"line": ["a"]})),
        "no column of dosages",
    ),
    # our own store
    Case("zarr_is_no_store", folder_named("a.zarr"), "is no Zarr v3 store"),
    Case("zarr_is_a_file", file("a.zarr", "x"), "is no Zarr v3 store"),
    Case("zarr_of_another_version", store(attribute("format_version", 2)), "version 2"),
    Case("zarr_of_something_else", store(attribute("kind", "x")), "something else"),
    Case(
        "zarr_without_dosage",
        store(lambda path: shutil.rmtree(path / "call_dosage")),
        "damaged",
    ),
    Case(
        "zarr_without_chunk",
        store(lambda path: shutil.rmtree(path / "call_dosage" / "c")),
        "1 of 1 chunks are absent",
    ),
    Case(
        "zarr_without_names",
        store(lambda path: shutil.rmtree(path / "sample_id")),
        "damaged",
    ),
    Case(
        "zarr_broken_metadata",
        store(lambda path: (path / "zarr.json").write_text("{")),
        "damaged",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_clear_message(
    case: Case, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    path = case.build(tmp_path)
    capfd.readouterr()
    with pytest.raises(DataError, match=case.says) as caught:
        read_genotypes(GenotypeConfig(path=path, **case.options))
    error = caught.value
    assert (case.names or path.name) in error.where
    assert len(error.remedy) > 10
    assert error.what.count("\n") == 0
    assert capfd.readouterr() == ("", "")  # nothing beside the message


def test_names_are_unique_and_many() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 35


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["a.vcf", "a.bed", "a.hmp.txt", "a.csv"])
def test_no_permission(tmp_path: Path, name: str) -> None:
    path = file(name, "x")(tmp_path)
    path.chmod(0)
    with pytest.raises(DataError, match="may not be read"):
        read_genotypes(GenotypeConfig(path=path))


CROSSES = [
    ("line,dent\nAxB,a\n", "columns of the two parents"),
    ("line,parent_1,parent_2\nAxB,a\n", "line 2: has 2 fields"),
    ("line,parent_1,parent_2\nAxB,a,b\nAxB,b,c\n", "line 3: hybrid AxB"),
    ("line,parent_1,parent_2\n,a,b\n", "line 2, column 'line': the id is empty"),
    ("a,b,c\n1,2,3\n", r"ids was found\n.*the columns are: a, b, c$"),
]


@pytest.mark.parametrize(("text", "says"), CROSSES)
def test_tables_of_hybrids(tmp_path: Path, text: str, says: str) -> None:
    path = file("a.csv", text)(tmp_path)
    with pytest.raises(DataError, match=says) as caught:
        read_crosses(path, np.array(["a", "b", "c"]))
    assert caught.value.remedy
    assert "a.csv" in caught.value.where
