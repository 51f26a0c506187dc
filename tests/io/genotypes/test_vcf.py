"""VCF and BCF: values written by hand, round trips, and the calls of every ploidy."""

from __future__ import annotations

import gzip
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cyvcf2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meristem.errors import DataError
from meristem.io.genotypes.vcf import count_allele, read_vcf, write_vcf

HEADER = """\
##fileformat=VCFv4.2
##contig=<ID=1>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">
"""
COLUMNS = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT"

# Values read off by eye. The last three rows: half-missing, no call at all, and a
# second variant without id at the same position.
GOLDEN = """\
1 10 rs1 A C . . . GT 0/0 0/1 1|1 ./.
1 20 . G T . PASS . GT 1|0 0|0 1/1 0/1
1 30 rs3 A ACC . . . GT ./1 0/. 1/1 .
chr9 5 rs4 A . . . . GT 0/0 0/0 ./. 0/0
chr9 5 . A G . . . GT ./. ./. ./. ./.
"""
GOLDEN_DOSAGE = [
    [0, 1, -1, 0, -1],
    [1, 0, -1, 0, -1],
    [2, 2, 2, -1, -1],
    [-1, 1, -1, 0, -1],
]


def text_of(rows: str, samples: str = "B73 Mo17 W22 Ky21") -> str:
    return HEADER + f"{COLUMNS} {samples}\n{rows}".replace(" ", "\t")


def write(path: Path, rows: str, samples: str = "B73 Mo17 W22 Ky21") -> Path:
    path.write_text(text_of(rows, samples), encoding="utf-8")
    return path


def test_golden_values(tmp_path: Path) -> None:
    found = read_vcf(write(tmp_path / "a.vcf", GOLDEN))
    assert found.call_dosage.tolist() == GOLDEN_DOSAGE
    assert found.sample_id.tolist() == ["B73", "Mo17", "W22", "Ky21"]
    assert found.ploidy == 2
    table = found.variants
    names = ["rs1", "1:20:G:T", "rs3", "rs4", "chr9:5:A:G"]
    assert table.variant_id.tolist() == names
    assert table.variant_contig.tolist() == ["1", "1", "1", "chr9", "chr9"]
    assert table.variant_position.tolist() == [10, 20, 30, 5, 5]
    assert table.variant_alt.tolist() == ["C", "T", "ACC", "", "G"]


@pytest.mark.parametrize("dress", ["gz", "crlf", "bom", "bom_gz", "bcf", "bgzf"])
def test_any_dress_of_the_same_file(tmp_path: Path, dress: str) -> None:
    plain = write(tmp_path / "a.vcf", GOLDEN)
    text = plain.read_bytes()
    path = tmp_path / "b.vcf.gz"
    if dress == "gz":
        path.write_bytes(gzip.compress(text))
    elif dress == "crlf":
        path = tmp_path / "b.vcf"
        path.write_bytes(text.replace(b"\n", b"\r\n"))
    elif dress == "bom":
        path = tmp_path / "b.vcf"
        path.write_bytes(b"\xef\xbb\xbf" + text)
    elif dress == "bom_gz":
        path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + text))
    else:
        path = tmp_path / ("b.bcf" if dress == "bcf" else "b.vcf.gz")
        plain.write_bytes(text.replace(b"ID=1>", b"ID=1>\n##contig=<ID=chr9>"))
        reader = cyvcf2.VCF(str(plain))
        mode = "wb" if dress == "bcf" else "wz"
        writer = cyvcf2.Writer(str(path), reader, mode=mode)
        for record in reader:
            writer.write_record(record)
        writer.close()
    found = read_vcf(path)
    assert found.call_dosage.tolist() == GOLDEN_DOSAGE
    assert found.sample_id.tolist() == ["B73", "Mo17", "W22", "Ky21"]


def test_htslib_stays_quiet(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    read_vcf(write(tmp_path / "a.vcf", GOLDEN))  # chr9 is not in the header
    assert capfd.readouterr().err == ""


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n_sample=st.integers(1, 9),
    n_variant=st.integers(1, 12),
    ploidy=st.sampled_from([1, 2, 3, 4, 6, 8]),
    packed=st.booleans(),
)
def test_round_trip(
    make_genotypes,
    assert_same,
    tmp_path_factory,
    seed,
    n_sample,
    n_variant,
    ploidy,
    packed,
) -> None:
    genotypes = make_genotypes(seed, n_sample, n_variant, ploidy)
    suffix = ".vcf.gz" if packed else ".vcf"
    path = tmp_path_factory.mktemp("vcf") / f"a{suffix}"
    write_vcf(genotypes, path)
    found = read_vcf(path)
    no_call = (genotypes.call_dosage < 0).all()  # then nothing tells the ploidy
    assert_same(found, replace(genotypes, ploidy=2 if no_call else ploidy))


def test_the_same_genotypes_give_the_same_bytes(make_genotypes, tmp_path: Path) -> None:
    for name in ("a.vcf.gz", "b.vcf.gz"):
        write_vcf(make_genotypes(), tmp_path / name)
    first, second = (tmp_path / name for name in ("a.vcf.gz", "b.vcf.gz"))
    assert first.read_bytes() == second.read_bytes()


def test_more_variants_than_one_block(make_genotypes, assert_same, tmp_path) -> None:
    genotypes = make_genotypes(3, n_sample=3, n_variant=5000)
    write_vcf(genotypes, tmp_path / "a.vcf")
    assert_same(read_vcf(tmp_path / "a.vcf"), genotypes)


def test_phase_does_not_matter(make_genotypes, tmp_path: Path) -> None:
    write_vcf(make_genotypes(), tmp_path / "a.vcf")
    text = (tmp_path / "a.vcf").read_text("utf-8")
    (tmp_path / "b.vcf").write_text(text.replace("0/1", "1|0"), "utf-8")
    first, second = (read_vcf(tmp_path / name) for name in ("a.vcf", "b.vcf"))
    np.testing.assert_array_equal(first.call_dosage, second.call_dosage)


def test_calls_agree_with_counting_by_hand() -> None:
    rng = np.random.default_rng(4)
    calls = rng.integers(-1, 4, (50, 6)).astype(np.int16)
    for allele in (1, 2, 3):
        naive = [-1 if -1 in row else row.count(allele) for row in calls.tolist()]
        assert count_allele(calls, allele).tolist() == naive


MULTI = (
    "1 10 rs1 A C,G . . . GT 0/1 1/2 2|2 ./2\n1 12 rs2 A T . . . GT 0/1 0/0 1/1 0/0\n"
)


def test_multiallelic_split_counts_each_allele(tmp_path: Path) -> None:
    found = read_vcf(write(tmp_path / "a.vcf", MULTI), multiallelic="split")
    assert found.call_dosage.T.tolist() == [[1, 1, 0, -1], [0, 1, 2, -1], [1, 0, 2, 0]]
    assert found.variants.variant_id.tolist() == ["1:10:A:C", "1:10:A:G", "rs2"]
    assert found.variants.variant_alt.tolist() == ["C", "G", "T"]


def test_multiallelic_is_refused_with_place_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"variant 1 \(1:10\): has 2 alternate") as e:
        read_vcf(write(tmp_path / "a.vcf", MULTI))
    assert 'multiallelic = "split"' in e.value.remedy


def test_stated_dosage_is_rounded(tmp_path: Path) -> None:
    rows = "1 10 rs1 A C . . . GT:DS 0/0:0.49 0/1:0.5 ./.:1.51 ./.:.\n"
    found = read_vcf(write(tmp_path / "a.vcf", rows), field="DS")
    assert found.call_dosage[:, 0].tolist() == [0, 1, 2, -1]
    rows = "1 10 rs1 A C,G . . . DS 0,2 1,1 2,0 .,.\n"
    path = write(tmp_path / "b.vcf", rows)
    found = read_vcf(path, field="DS", multiallelic="split")
    assert found.call_dosage.tolist() == [[0, 2], [1, 1], [2, 0], [-1, -1]]


def test_stated_dosage_of_tetraploids(tmp_path: Path) -> None:
    rows = "1 10 rs1 A C . . . GT:DS 0/0/0/1:0.9 0/1/1/1:3.2 1/1/1/1:4 ././././:.\n"
    rows = rows.replace("././././", "./././.")
    found = read_vcf(write(tmp_path / "a.vcf", rows), field="DS")
    assert found.call_dosage[:, 0].tolist() == [1, 3, 4, -1]
    assert found.ploidy == 4


@pytest.mark.parametrize("call", ["1", "0/1/1", "0|0|0|1"])
def test_mixed_ploidy_names_variant_and_sample(tmp_path: Path, call: str) -> None:
    rows = "1 10 rs1 A C . . . GT 0/0 0/1 1/1 0/1\n"
    rows += f"1 20 rs2 A C . . . GT 0/0 0/1 {call} 0/1\n"
    with pytest.raises(DataError, match=r"variant 2 \(1:20\): sample") as error:
        read_vcf(write(tmp_path / "a.vcf", rows))
    assert "ploidy is mixed" in error.value.what


def test_a_lone_dot_is_missing_whatever_the_ploidy(tmp_path: Path) -> None:
    rows = "1 10 rs1 A C . . . GT . . . .\n"
    rows += "1 20 rs2 A C . . . GT 0/0/0/1 . 1/1/1/1 0/0/1/1\n"
    found = read_vcf(write(tmp_path / "a.vcf", rows))
    assert found.ploidy == 4
    assert found.call_dosage.tolist() == [[-1, 1], [-1, -1], [-1, 4], [-1, 2]]


def test_shared_ids_are_replaced_by_places(tmp_path: Path) -> None:
    rows = "".join(f"1 {p} rs1 A C . . . GT 0/0 0/1 1/1 0/1\n" for p in (10, 20))
    found = read_vcf(write(tmp_path / "a.vcf", rows))
    assert found.variants.variant_id.tolist() == ["1:10:A:C", "1:20:A:C"]


def test_long_alleles_are_shortened_alike(tmp_path: Path) -> None:
    rows = f"1 10 . A {'ACGT' * 500} . . . GT 0/0 0/1 1/1 0/1\n"
    first = read_vcf(write(tmp_path / "a.vcf", rows)).variants
    assert first.variant_alt.dtype.itemsize <= 4 * 64
    assert first.variant_id[0].startswith("1:10:A:<ACGTACGTACGT:2000:")


def test_unknown_contig_is_zero_in_the_file(
    make_genotypes, assert_same, tmp_path
) -> None:
    genotypes = make_genotypes(n_variant=3)
    genotypes.variants.variant_contig[:] = ""
    write_vcf(genotypes, tmp_path / "a.vcf")
    assert "##contig=<ID=0>" in (tmp_path / "a.vcf").read_text("utf-8")
    assert_same(read_vcf(tmp_path / "a.vcf"), genotypes)


@pytest.mark.parametrize("name", ["two words", "tab\tbed", ""])
def test_unwritable_names_are_refused(
    make_genotypes, tmp_path: Path, name: str
) -> None:
    genotypes = make_genotypes()
    genotypes.sample_id[0] = name
    with pytest.raises(DataError, match="cannot be written to VCF"):
        write_vcf(genotypes, tmp_path / "a.vcf")
    assert list(tmp_path.iterdir()) == []


def test_carried_allele_without_name_is_refused(make_genotypes, tmp_path: Path) -> None:
    genotypes = make_genotypes(missing=0)
    genotypes.variants.variant_alt[2] = ""
    with pytest.raises(DataError, match="alternate allele is unknown"):
        write_vcf(genotypes, tmp_path / "a.vcf")


def test_the_order_of_variants_is_that_of_the_file(make_genotypes, tmp_path) -> None:
    genotypes = make_genotypes(n_variant=9).take_variants(np.arange(9)[::-1])
    write_vcf(genotypes, tmp_path / "a.vcf")
    found = read_vcf(tmp_path / "a.vcf").variants.variant_id.tolist()
    assert all(int(a[4:]) > int(b[4:]) for a, b in pairwise(found))
