"""Malformed VCF and BCF files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.malformed.readers.genotypes import (
    GOOD,
    HEADER,
    LATIN,
    Case,
    bgzf,
    cut,
    file,
    packed,
    refused_clearly,
    row,
    vcf,
)

CASES = [
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
    Case("vcf_gzip_cut", cut(packed, 1000), "gzip stream is truncated"),
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
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_clear_message(
    case: Case, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    refused_clearly(case, tmp_path, capfd)
