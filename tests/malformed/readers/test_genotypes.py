"""Malformed HapMap files, dosage tables, stores, and files of any format."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.malformed.readers.genotypes import (
    HAPMAP,
    Case,
    attribute,
    cut,
    file,
    folder_named,
    hapmap,
    parquet,
    refused_clearly,
    store,
)

from meristem.config.stages import GenotypeConfig
from meristem.errors import DataError
from meristem.io.genotypes.read import read_genotypes
from meristem.io.tables.crosses import read_crosses

CASES = [
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
        file("a.hmp.txt", hapmap("m1 A/C 1 5e-3 AA AC CC")),
        "line 2: position '5e-3'",
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
    refused_clearly(case, tmp_path, capfd)


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
