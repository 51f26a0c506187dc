"""Readers of sites: several layouts, streams, gaps, faults with their line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.kinetics.off_target import (
    iter_sites,
    join_sites,
    read_sites,
    spacer,
)

from .shared_data import FOLDER, needs_data

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
