"""What a file says wrongly or in another dialect is refused or read right."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from meristem.config.stages import GenotypeConfig
from meristem.errors import DataError
from meristem.io.genotypes import htslib
from meristem.io.genotypes.hapmap import N_LEADING, read_hapmap
from meristem.io.genotypes.read import find_genotypes, read_genotypes
from meristem.io.genotypes.vcf import read_vcf
from meristem.text.files import read_text

CASES = Path(__file__).parents[4] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are absent")

HEADER = """##fileformat=VCFv4.2
##contig=<ID=1>
##FORMAT=<ID=GT,Number=1,Type=String,Description="G">
#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT B73 Mo17
"""


def vcf(path: Path, *lines: str, header: str = HEADER) -> Path:
    *meta, titles = header.splitlines()
    rows = [titles, *lines]
    text = "\n".join([*meta, *(row.replace(" ", "\t") for row in rows)]) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("alt", "call"), [("G", "9/9"), ("G", "0/2"), (".", "0/1"), ("G,T", "3|0")]
)
def test_an_allele_that_is_not_listed_is_refused(tmp_path: Path, alt, call) -> None:
    path = vcf(
        tmp_path / "a.vcf",
        "1 7 . A C . . . GT 0/1 ./.",
        f"1 9 . A {alt} . . . GT 0/0 {call}",
    )
    with pytest.raises(DataError, match="sample Mo17 carries allele") as caught:
        read_vcf(path, multiallelic="split")
    assert caught.value.where == f"{path}, line 6, variant 2 (1:9)"
    assert caught.value.remedy


def test_sites_without_an_alternate_allele_are_read(tmp_path: Path) -> None:
    path = vcf(tmp_path / "a.vcf", "1 7 . A . . . . GT 0/0 ./.")
    found = read_vcf(path)
    assert found.call_dosage.tolist() == [[0], [-1]]
    assert found.variants.variant_alt.tolist() == [""]


def test_decomposed_ids_are_composed(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "Müller")
    found = read_vcf(
        vcf(
            tmp_path / "a.vcf",
            "1 7 . A C . . . GT 0/1 0/0",
            header=HEADER.replace("Mo17", name),
        )
    )
    (tmp_path / "a.csv").write_text(f"line,m1\nB73,1\n{name},0\n", encoding="utf-8")
    table = read_genotypes(GenotypeConfig(path=tmp_path / "a.csv"))
    for genotypes in (found, table):
        assert genotypes.sample_id.tolist() == ["B73", "Müller"]


def test_a_sample_twice_names_both_columns(tmp_path: Path) -> None:
    header = HEADER.replace("Mo17", "B73")
    path = vcf(tmp_path / "a.vcf", "1 7 . A C . . . GT 0/1 0/0", header=header)
    with pytest.raises(DataError, match="'B73' occurs more than once: in columns 10"):
        read_vcf(path)
    (tmp_path / "a.csv").write_text("marker,chrom,pos,B73,B73\nm1,1,7,0,1\n")
    with pytest.raises(DataError, match="B73 in columns 4 and 5"):
        read_genotypes(GenotypeConfig(path=tmp_path / "a.csv"))


def test_a_plink_prefix_finds_its_set(tmp_path: Path) -> None:
    for name in ("g.v2.bed", "g.v2.bim", "g.v2.fam", "h.pgen", "h.pvar", "plain"):
        (tmp_path / name).write_text("x")
    for name in ("g.v2", "g.v2.bed", "g.v2.bim", "g.v2.fam"):
        assert find_genotypes(tmp_path / name) == tmp_path / "g.v2.bed"
    assert find_genotypes(tmp_path / "h") == tmp_path / "h.pgen"
    assert find_genotypes(tmp_path / "h.pvar") == tmp_path / "h.pgen"
    for name in ("plain", "absent", "absent.bim"):
        assert find_genotypes(tmp_path / name) == tmp_path / name


def hapmap(path: Path, *rows: str) -> Path:
    titles = ["rs#", "alleles", "chrom", "pos", *"abcdefg", "L1", "L2", "L3"]
    lines = ["\t".join(titles)]
    for row in rows:
        name, alleles, *calls = row.split()
        lines.append("\t".join([name, alleles, "1", name[1:], *"+NNNNNN", *calls]))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_dash_is_an_allele_only_where_it_is_listed(tmp_path: Path) -> None:
    path = hapmap(
        tmp_path / "a.hmp.txt",
        "m1 C/T CC -- TT",  # a failed call of an array
        "m2 C/T C - T",
        "m3 C/T CC -- CC",  # monomorphic: no deletion comes out of it
        "m4 A/- AA -- AA",
        "m5 +/- + - +",
        "m6 NA AA -- GG",
        "m7 C/T CC C- TT",
        "m8 -/ACG ++ -- +-",
    )
    found = read_hapmap(path)
    assert found.call_dosage.T.tolist() == [
        [0, -1, 2], [0, -1, 2], [0, -1, 0], [0, 2, 0], [0, 2, 0], [0, -1, 2],
        [0, -1, 2], [2, 0, 1],
    ]  # fmt: skip
    assert found.variants.variant_alt.tolist()[2] == "T"


def test_a_third_allele_says_how_rare_it_is(tmp_path: Path) -> None:
    path = hapmap(tmp_path / "a.hmp.txt", "m1 A/G AA GG AT")
    with pytest.raises(DataError, match=r"3 alleles \(A, G, T\); T is 1 of 6 allele"):
        read_hapmap(path)


@pytest.mark.parametrize("fill", [b"\0", b"0"])
@pytest.mark.parametrize("name", ["a.csv.gz", "a.hmp.txt.gz", "a.vcf.gz"])
def test_300_mb_of_zeros_are_refused_soon(tmp_path: Path, fill, name) -> None:
    path = tmp_path / name
    with gzip.open(path, "wb", 1) as handle:
        for _ in range(300):
            handle.write(fill * (1 << 20))
    begin = time.perf_counter()
    with pytest.raises(DataError):
        read_genotypes(GenotypeConfig(path=path))
    assert time.perf_counter() - begin < 20


def test_a_text_of_26_million_rows_is_refused_soon(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb", 1) as handle:
        handle.write(b"line,m1\n")
        for _ in range(26):
            handle.write(b"L1,0\n" * 1_000_000)
    tracemalloc.start()
    begin = time.perf_counter()
    with pytest.raises(DataError, match="more than 10,000,000 lines"):
        read_text(path)
    assert time.perf_counter() - begin < 20
    assert tracemalloc.get_traced_memory()[1] < 300e6
    tracemalloc.stop()


def test_too_many_variants_are_refused_early(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(htslib, "_COUNTED_AT", 5)
    monkeypatch.setattr(htslib, "MOST_LINES", 20)
    rows = [f"1 {7 + i} . A C . . . GT 0/1 0/0" for i in range(30)]
    with pytest.raises(DataError, match="more than 20 variants"):
        read_vcf(vcf(tmp_path / "a.vcf", *rows))
    assert read_vcf(vcf(tmp_path / "b.vcf", *rows[:15])).n_variant == 15


@needs_cases
def test_hapmap_dialects_of_the_cases() -> None:
    folder = CASES / "13_hapmap"
    for name in ("illumina", "mono", "na"):
        path = folder / f"{name}.hmp.txt"
        found = read_hapmap(path)
        assert found.n_variant == 60
        assert np.mean(found.call_dosage < 0) == pytest.approx(0.08)
        rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
        for index, row in enumerate(rows):
            alt = found.variants.variant_alt[index]
            calls = [call.upper() for call in row[N_LEADING:]]
            missing = {"--", "NN", "N/N"}
            naive = [-1 if call in missing else call.count(alt) for call in calls]
            assert found.call_dosage[:, index].tolist() == naive
    assert read_hapmap(folder / "indel.hmp.txt").variants.variant_ref[0] == "+"
    split = read_hapmap(folder / "three.hmp.txt", multiallelic="split")
    assert split.n_variant == 61


@needs_cases
def test_plink_and_samples_of_the_cases() -> None:
    for name in ("g", "g.bim", "g.fam", "g.bed"):
        found = read_genotypes(GenotypeConfig(path=CASES / "04_plinkdialect" / name))
        assert found.call_dosage.shape == (60, 120)
        assert found.sample_id[0] == "0001"
        assert "0" not in set(found.variants.variant_alt)
        assert "0" not in set(found.variants.variant_contig)
        assert "." not in set(found.variants.variant_id)
    with pytest.raises(DataError, match=r"'L001' occurs .* columns 10 and 60") as error:
        read_vcf(CASES / "03_dupsamples" / "dup.vcf")
    assert "keep one" in error.value.remedy
    assert "rename" in error.value.remedy
