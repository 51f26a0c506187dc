"""Readers of sites: several layouts, streams, gaps, faults with their line."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from tests.kinetics.shared_data import FOLDER, needs_data

from meristem.errors import DataError
from meristem.kinetics.cas9.sites import (
    Sites,
    iter_sites,
    join_sites,
    read_sites,
    refuse_misfits,
    spacer,
)

GUIDE = "GACGCATAAAGATGAGACGCNGG"


@needs_data
@pytest.mark.parametrize(
    ("name", "rows", "positives", "guides"),
    [
        pytest.param("site_seq", 217_733, 3_767, 9, marks=pytest.mark.slow),
        ("pdh_haeussler", 9_960, 51, 18),
    ],
)
def test_shared_tables(name: str, rows: int, positives: int, guides: int) -> None:
    sites = read_sites(FOLDER / "in_vivo" / f"{name}.csv.gz")
    assert len(sites.target) == rows
    assert sites.label.sum() == positives
    assert len(set(sites.guide)) == guides


@pytest.mark.slow
@needs_data
def test_circle_alignments_name_ten_guides() -> None:
    sites = read_sites(FOLDER / "in_vivo" / "circle_seq.csv.gz")
    assert len(set(spacer(sites.guide))) == 10
    assert len(set(sites.guide)) > len(set(spacer(sites.guide)))
    assert 0 < sites.gapped.mean() < 1


def test_cas_offinder_without_bulges(tmp_path: Path) -> None:
    path = tmp_path / "hits.txt"
    path.write_text(
        f"{GUIDE}\tchr1\t100\tGACGCATaAAGATGAGACGCTGG\t+\t1\n"
        f"{GUIDE}\tchr2\t7\tGACGCATAAAGATGAGACGCAGG\t-\t0\n"
    )
    sites = read_sites(path)
    assert sites.guide.tolist() == [GUIDE, GUIDE]
    assert sites.place.tolist() == ["chr1:100:+", "chr2:7:-"]
    assert (sites.label == -1).all()


def test_cas_offinder_with_bulges(tmp_path: Path) -> None:
    path = tmp_path / "hits.txt"
    header = (
        "#Bulge type\tcrRNA\tDNA\tChromosome\tPosition\tDirection\tMismatches"
        "\tBulge Size"
    )
    path.write_text(
        f"{header}\nDNA\tGACG-CATNGG\tGACGtCATAGG\tchr3\t5\t+\t0\t1\n"
        "X\tGACGCATNGG\tGACGCATAGG\tchr3\t9\t+\t0\t0\n"
    )
    sites = read_sites(path)
    assert sites.guide[0] == "GACG-CATNGG"
    assert sites.gapped.tolist() == [True, False]
    assert sites.place.tolist() == ["chr3:5:+", "chr3:9:+"]


def test_streams_of_any_chunk_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv.gz"
    lines = ["guide,target,label"] + [
        f"{GUIDE},{GUIDE[:20]}AGG,{i % 2}" for i in range(17)
    ]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    whole = read_sites(path)
    parts = join_sites([sites for sites, _ in iter_sites(path, rows=5)])
    for name in vars(whole):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))


def test_one_guide_for_all_rows(tmp_path: Path) -> None:
    path = tmp_path / "targets.tsv"
    path.write_text("target\tlocation\nGACGCATAAAGATGAGACGCTGG\tchr1:5\n")
    sites = read_sites(path, guide=GUIDE)
    assert sites.guide.tolist() == [GUIDE]
    with pytest.raises(DataError, match="'guide'"):
        read_sites(path)


def test_padding_is_no_bulge(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(
        "guide_aligned,target_aligned\n-GACTTNGG,-GACTTAGG\nG_ACTTNGG,GGACTTAGG\n"
        "GA_CTTNGG,GACC_TAGG\n"
    )
    assert read_sites(path).gapped.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("guide,target,label\nA,C,yes\n", "line 2.*neither 0 nor 1"),
        ("guide,target\nA,\n", "line 2.*empty"),
        ("name,other\nA,C\n", "no column 'target'"),
        ("guide,target\n", "no row"),
        ("\nguide,target\n", "first line"),
        ("guide,target\nA,C,G,T\n", "table"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=f"(?s){message}"):
        read_sites(path)


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    packed = gzip.compress(b"guide,target\n" + b"A,C\n" * 9999)
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match="cut.csv.gz"):
        read_sites(path)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(bytes([0xFF, 0xFE, 0x00, 0x81]) * 20)
    with pytest.raises(DataError, match=r"binary.csv"):
        read_sites(binary)


def pairs(guide: str, *targets: str) -> Sites:
    n = len(targets)
    return Sites(
        np.array([guide] * n), np.array(targets), np.full(n, -1), np.full(n, "")
    )


def test_real_spellings_fit() -> None:
    refuse_misfits(pairs(GUIDE, GUIDE.lower(), GUIDE.replace("T", "U"), GUIDE[1:]))
    refuse_misfits(pairs("GACGCATAAAGATGAGACGCTAG", "GACGCA__AAGATGAGACGCTAG"))
    refuse_misfits(pairs("G_ACGCATAAAGATGAGACGCNGG", "GTACGCATAAAGATGAGACGCTGG"))
    refuse_misfits(pairs("-GACGCATAAAGATGAGACGCNNN", "-GACGCATAAAGATGAGACGCAAA"))


@pytest.mark.parametrize(
    "guide",
    ["GACGCATAAAGATGAGACGC", "GGAGACGCNGG", "CCNGACGCATAAAGATGAGACGC", GUIDE * 2],
)
def test_guides_without_spacer_and_pam_are_refused(guide: str) -> None:
    with pytest.raises(DataError, match=r"sites\.tsv, line 7.*PAM"):
        refuse_misfits(pairs(guide, GUIDE), where="sites.tsv", first_line=7)


def test_targets_with_flanks_are_refused() -> None:
    with pytest.raises(DataError, match=r"line 3: target 'AAAA.* has 27 bases"):
        refuse_misfits(pairs(GUIDE, GUIDE, "AAAA" + GUIDE), where="sites.tsv")


def test_off_target_column_beside_its_intended_target(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(f"target;offtarget_sequence;reads\n{GUIDE};{GUIDE[1:]};3\n")
    sites = read_sites(path)
    assert sites.guide.tolist() == [GUIDE]
    assert sites.target.tolist() == [GUIDE[1:]]


def test_wrong_base_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(f"guide,target\n{GUIDE},{GUIDE}\n{GUIDE},{GUIDE[:-1]}X\n")
    with pytest.raises(DataError, match=r"line 3: column 'target' holds '.*X'"):
        read_sites(path)
