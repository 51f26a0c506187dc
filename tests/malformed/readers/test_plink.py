"""Malformed PLINK sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.malformed.readers.genotypes import (
    TWO_BED_BYTES,
    Case,
    bed,
    cut,
    pgen,
    refused_clearly,
    replace_bytes,
    replace_text,
    rewrite,
)

CASES = [
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
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_clear_message(
    case: Case, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    refused_clearly(case, tmp_path, capfd)
