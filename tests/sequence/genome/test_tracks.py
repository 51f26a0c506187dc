import gzip

import numpy as np
import pytest
from tests.sequence.small_genome import write_small_genome

from meristem.errors import DataError
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.tracks import read_track
from meristem.sequence.genome.windows import Window

ROWS = [("chr1", 3, 10, 1.5), ("chr1", 10, 30, -2.0), ("chr1", 40, 41, 7.0)]


def _genome(tmp_path):
    write_small_genome(tmp_path)
    return open_genome(tmp_path / "g.fa")


def _windows():
    spans = [(0, 3), (0, 12), (5, 45), (29, 40), (35, 60), (-5, 4)]
    return [Window(str(n), "chr1", *span, 1) for n, span in enumerate(spans)]


def _naive(window):
    value = np.full(200, np.nan)
    for _, start, end, number in ROWS:
        value[start:end] = number
    own = value[max(window.start, 0) : window.end]
    return np.nan if np.isnan(own).all() else np.nanmean(own)


def test_means_are_those_of_single_bases(tmp_path):
    genome = _genome(tmp_path)
    text = "track type=bedGraph\n" + "".join(
        "\t".join(map(str, row)) + "\n" for row in ROWS[::-1]
    )
    with gzip.open(tmp_path / "x.bedgraph.gz", "wt") as handle:
        handle.write(text)
    found = read_track(tmp_path / "x.bedgraph.gz", genome).means(_windows())
    assert np.allclose(found, [_naive(w) for w in _windows()], equal_nan=True)
    assert np.isnan(found[0])
    assert np.isfinite(found[1:]).all()


def test_a_bigwig_says_the_same(tmp_path):
    wig = pytest.importorskip("pyBigWig")
    genome = _genome(tmp_path)
    with wig.open(str(tmp_path / "x.bw"), "w") as handle:
        handle.addHeader([("1", genome.length["chr1"])])
        names, starts, ends, values = zip(*ROWS, strict=True)
        handle.addEntries(
            ["1"] * len(names), list(starts), ends=list(ends), values=list(values)
        )
    found = read_track(tmp_path / "x.bw", genome).means(_windows())
    assert np.allclose(found, [_naive(w) for w in _windows()], equal_nan=True)
    (tmp_path / "cut.bw").write_bytes((tmp_path / "x.bw").read_bytes()[:70])
    with pytest.raises(DataError, match="cannot be read as a bigWig"):
        read_track(tmp_path / "cut.bw", genome)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1\t1\t5\n", "line 1"),
        ("chr1\t5\t5\t1\n", "is empty"),
        ("chr1\t1\t5\tnan\n", "no number"),
        ("chr1\t1\t5\t1\nchr1\t4\t9\t2\n", "overlap at 4"),
        ("chr1\t1\t99999\t1\n", "reaches 99999"),
        ("nine\t1\t5\t1\n", "none of its contigs"),
    ],
)
def test_faulty_tracks_are_refused(tmp_path, text, message):
    genome = _genome(tmp_path)
    (tmp_path / "x.bedgraph").write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_track(tmp_path / "x.bedgraph", genome)
    assert "x.bedgraph" in str(caught.value)
