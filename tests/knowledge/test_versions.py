from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from meristem.knowledge.versions import stated_version


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "go.obo",
            "format-version: 1.2\ndata-version: releases/2026-01-23\n",
            "releases/2026-01-23",
        ),
        (
            "a.gff3",
            "##gff-version 3\n#!genome-build TAIR10.1\n#!annotation-source Araport11\n",
            "3; TAIR10.1; Araport11",
        ),
        ("tair.gaf", "!gaf-version: 2.2\n!date-generated: 2025-11-02\n", "2025-11-02"),
        ("a.gff", "chr1\tx\tgene\t1\t2\t.\t+\t.\tID=a\n", ""),
        ("genes.csv", "data-version: 1\n", ""),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_files_say_their_version(
    tmp_path: Path, name: str, text: str, expected: str, packed: bool
) -> None:
    path = tmp_path / (name + ".gz" * packed)
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert stated_version(path) == expected


def test_damage_is_left_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "go.obo.gz"
    path.write_bytes(gzip.compress(b"data-version: 1\n" * 99)[:20])
    assert stated_version(path) == ""
    assert stated_version(tmp_path / "absent.obo") == ""
