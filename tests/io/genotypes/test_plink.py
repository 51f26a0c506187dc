"""PLINK files: bed-reader as independent oracle, pgenlib's writer for pgen."""

from __future__ import annotations

from pathlib import Path

import bed_reader
import numpy as np
import pgenlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meristem.errors import DataError
from meristem.io.genotypes.plink import read_bed, read_pgen, write_bed
from meristem.io.genotypes.plink_tables import read_bim, read_fam, read_psam, read_pvar

sizes = given(
    seed=st.integers(0, 2**16), n_sample=st.integers(1, 11), n_variant=st.integers(1, 9)
)


def oracle(path: Path) -> np.ndarray:
    """Return copies of A1 by bed-reader, in our code of missing."""
    with bed_reader.open_bed(path, num_threads=1) as bed:
        dosage = bed.read(dtype="int8")
    return np.where(dosage == -127, -1, dosage)


@settings(max_examples=40, deadline=None)
@sizes
def test_round_trip_and_oracle(
    make_genotypes, assert_same, tmp_path_factory, seed, n_sample, n_variant
) -> None:
    genotypes = make_genotypes(seed, n_sample, n_variant)
    path = tmp_path_factory.mktemp("bed") / "a.bed"
    write_bed(genotypes, path)
    found = read_bed(path)
    assert_same(found, genotypes)
    np.testing.assert_array_equal(found.call_dosage, oracle(path))


def test_bytes_by_hand(tmp_path: Path) -> None:
    # Five samples, one variant: hom A1, het, hom A2, missing | hom A1. Two bits each,
    # lowest first: 00 10 11 01 -> 0b01111000, and 0b00000000.
    (tmp_path / "a.bed").write_bytes(bytes([0x6C, 0x1B, 0x01, 0b01111000, 0]))
    (tmp_path / "a.bim").write_text("1 rs1 0 99 G A\n")
    (tmp_path / "a.fam").write_text(
        "".join(f"F\ti{i}\t0\t0\t0\t-9\n" for i in range(5))
    )
    found = read_bed(tmp_path / "a.bed")
    assert found.call_dosage[:, 0].tolist() == [2, 1, 0, -1, 2]
    assert (found.variants.variant_alt[0], found.variants.variant_ref[0]) == ("G", "A")
    assert found.sample_id.tolist() == ["i0", "i1", "i2", "i3", "i4"]


def test_more_variants_than_one_block(make_genotypes, assert_same, tmp_path) -> None:
    genotypes = make_genotypes(3, n_sample=6, n_variant=4100)
    write_bed(genotypes, tmp_path / "a.bed")
    assert_same(read_bed(tmp_path / "a.bed"), genotypes)
    np.testing.assert_array_equal(genotypes.call_dosage, oracle(tmp_path / "a.bed"))


@pytest.mark.parametrize(
    "name",
    ["wheat_bglr", "yeast_smith2008", "barley_cap", "mice_bglr", "soynam"],
)
def test_real_files_agree_with_the_oracle(shared_data: Path, name: str) -> None:
    path = shared_data / "gp" / name / "genotypes.bed"
    found = read_bed(path)
    np.testing.assert_array_equal(found.call_dosage, oracle(path))
    with bed_reader.open_bed(path) as bed:
        assert found.sample_id.tolist() == bed.iid.tolist()
        assert found.variants.variant_id.tolist() == bed.sid.tolist()
        assert found.variants.variant_alt.tolist() == bed.allele_1.tolist()


def test_a_real_file_is_written_back_unchanged(shared_data: Path, tmp_path) -> None:
    path = shared_data / "gp" / "soynam" / "genotypes.bed"
    write_bed(read_bed(path), tmp_path / "a.bed")
    assert (tmp_path / "a.bed").read_bytes() == path.read_bytes()


def test_individual_ids_that_repeat_take_the_family(tmp_path: Path) -> None:
    path = tmp_path / "a.fam"
    path.write_text("F1 x 0 0 0 -9\r\nF2 x 0 0 0 -9\r\n")
    assert read_fam(path).tolist() == ["F1_x", "F2_x"]
    path.write_text("0 x 0 0 0 -9\n0 x 0 0 0 -9\n")
    with pytest.raises(DataError, match="occur more than once: 0_x"):
        read_fam(path)


def test_unknown_places_and_alleles(tmp_path: Path) -> None:
    path = tmp_path / "a.bim"
    path.write_text("0\tm1\t0\t0\t0\tA\n1 . 0 7 C A\n", encoding="utf-8-sig")
    table = read_bim(path)
    assert table.variant_contig.tolist() == ["", "1"]
    assert table.variant_alt.tolist() == ["", "C"]
    assert table.variant_id.tolist() == ["m1", "1:7:A:C"]


@pytest.mark.parametrize("ploidy", [1, 4])
def test_only_diploids_are_written(make_genotypes, tmp_path, ploidy: int) -> None:
    with pytest.raises(DataError, match=f"ploidy {ploidy}"):
        write_bed(make_genotypes(ploidy=ploidy), tmp_path / "a.bed")
    assert list(tmp_path.iterdir()) == []


def write_pgen(path: Path, dosage: np.ndarray, pvar: str, psam: str) -> None:
    n_sample, n_variant = dosage.shape
    writer = pgenlib.PgenWriter(
        str(path).encode(), n_sample, variant_ct=n_variant, nonref_flags=False
    )
    for column in dosage.T:
        writer.append_biallelic(np.ascontiguousarray(np.where(column < 0, -9, column)))
    writer.close()
    path.with_suffix(".pvar").write_text(pvar)
    path.with_suffix(".psam").write_text(psam)


def rows_of(genotypes) -> str:
    table = genotypes.variants
    places = zip(table.variant_contig, table.variant_position, strict=True)
    names = zip(table.variant_id, table.variant_ref, table.variant_alt, strict=True)
    rows = ("\t".join(map(str, (*a, *b))) for a, b in zip(places, names, strict=True))
    return "\n".join(rows) + "\n"


@settings(max_examples=30, deadline=None)
@sizes
def test_pgen_round_trip(
    make_genotypes, assert_same, tmp_path_factory, seed, n_sample, n_variant
) -> None:
    genotypes = make_genotypes(seed, n_sample, n_variant)
    path = tmp_path_factory.mktemp("pgen") / "a.pgen"
    pvar = "##source=x\n#CHROM\tPOS\tID\tREF\tALT\n" + rows_of(genotypes)
    psam = "#FID\tIID\tSEX\n" + "".join(f"0\t{s}\tNA\n" for s in genotypes.sample_id)
    write_pgen(path, genotypes.call_dosage, pvar, psam)
    assert_same(read_pgen(path), genotypes)


def test_pgen_beside_bim_and_fam(make_genotypes, assert_same, tmp_path: Path) -> None:
    genotypes = make_genotypes()
    write_bed(genotypes, tmp_path / "a.bed")
    write_pgen(tmp_path / "a.pgen", genotypes.call_dosage, "x", "x")
    (tmp_path / "a.pvar").unlink()
    (tmp_path / "a.psam").unlink()
    assert_same(read_pgen(tmp_path / "a.pgen"), genotypes)


@pytest.fixture
def multiallelic(tmp_path: Path) -> Path:
    """Return a file of three samples with a third allele at its second variant."""
    path = tmp_path / "m.pgen"
    writer = pgenlib.PgenWriter(
        str(path).encode(), 3, variant_ct=3, nonref_flags=False, allele_ct_limit=3
    )
    writer.append_alleles(np.array([0, 1, 1, 1, -9, -9], dtype=np.int32))
    writer.append_alleles(np.array([0, 2, 1, 2, 2, 2], dtype=np.int32), allele_ct=3)
    writer.append_alleles(np.array([0, 0, 0, 1, 1, 1], dtype=np.int32))
    writer.close()
    rows = "1\t5\t.\tA\tC\n1\t6\trs2\tA\tC,G\n1\t7\trs3\tT\tG\n"
    path.with_suffix(".pvar").write_text("#CHROM\tPOS\tID\tREF\tALT\n" + rows)
    path.with_suffix(".psam").write_text("#IID\na\nb\nc\n")
    return path


def test_pgen_multiallelic_is_refused(multiallelic: Path) -> None:
    with pytest.raises(DataError, match=r"variant 2 .*several alternate alleles"):
        read_pgen(multiallelic)


def test_pgen_multiallelic_split(multiallelic: Path) -> None:
    found = read_pgen(multiallelic, multiallelic="split")
    expected = [[1, 0, 1, 0], [2, 1, 1, 1], [-1, 0, 2, 2]]
    assert found.call_dosage.tolist() == expected
    assert found.variants.variant_id.tolist() == [
        "1:5:A:C",
        "1:6:A:C",
        "1:6:A:G",
        "rs3",
    ]


def test_compressed_pvar_has_a_remedy(multiallelic: Path) -> None:
    multiallelic.with_suffix(".pvar").rename(multiallelic.with_suffix(".pvar.zst"))
    with pytest.raises(DataError, match=r"zstd -d m\.pvar\.zst"):
        read_pgen(multiallelic)


def test_header_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.pvar"
    path.write_text("##x\n#CHROM\tPOS\tID\tREF\tALT\n1\tx\trs\tA\tC\n")
    with pytest.raises(DataError, match="line 3: position 'x'"):
        read_pvar(path)
    path = tmp_path / "a.psam"
    path.write_text("#IID\tSEX\na\t1\nb\n")
    with pytest.raises(DataError, match="line 3: has 1 columns, expected 2"):
        read_psam(path)


@pytest.mark.parametrize("n_sample", [6, 7, 8])
def test_a_fam_that_lost_a_line_is_refused(
    make_genotypes, tmp_path: Path, n_sample: int
) -> None:
    genotypes = make_genotypes(4, n_sample=n_sample, n_variant=9)
    write_bed(genotypes, tmp_path / "a.bed")
    fam = (tmp_path / "a.fam").read_text().splitlines(keepends=True)
    (tmp_path / "a.fam").write_text("".join(fam[1:]))
    with pytest.raises(DataError, match="calls behind the . samples of the .fam"):
        read_bed(tmp_path / "a.bed")
