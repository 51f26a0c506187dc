from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.pages.panel import make_panel
from meristem.pages.svg import Canvas
from meristem.report.genome import (
    UNPLACED,
    draw_contigs,
    make_genome,
    natural,
    places,
)


def table(contigs: list[str], each: int = 5) -> pd.DataFrame:
    contig = np.repeat(contigs, each)
    return pd.DataFrame({"contig": contig, "position": np.arange(contig.size) + 1})


def test_contigs_stand_in_their_natural_order_without_overlap() -> None:
    genome = make_genome(table(["chr10", "chr2", "chr1", "X", ""]))
    assert genome.contig == ("chr1", "chr2", "chr10", "X", UNPLACED)
    ends = [genome.end[name] for name in genome.contig]
    starts = [genome.start[name] for name in genome.contig]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))


def test_places_keep_the_order_within_a_contig() -> None:
    frame = table(["1", "2"])
    place, number = places(make_genome(frame), frame)
    assert (np.diff(place[:5]) > 0).all()
    assert number.tolist() == [0] * 5 + [1] * 5
    assert place.min() >= 0
    assert place.max() <= 1


def test_thousands_of_scaffolds_share_a_place() -> None:
    frame = table([f"scaffold_{i}" for i in range(3000)], 2)
    genome = make_genome(frame)
    assert len(genome.contig) == 40
    place, _ = places(genome, frame)
    assert np.isfinite(place).all()


def test_missing_positions_have_a_place() -> None:
    frame = pd.DataFrame({"contig": ["", "1"], "position": [np.nan, 0]})
    place, _ = places(make_genome(frame), frame)
    assert np.isfinite(place).all()


def test_names_of_contigs_do_not_touch(parse_svg) -> None:
    frame = table([f"chromosome_{i}" for i in range(1, 39)])
    canvas = Canvas(840, 200, "contigs")
    panel = make_panel((40, 20, 790, 120), (0, 1), (0, 1))
    draw_contigs(canvas, panel, make_genome(frame))
    parse_svg(canvas.to_svg())


def test_natural_orders_mixed_names() -> None:
    assert sorted(["1B", "1A", "10A", "2"], key=natural) == ["1A", "1B", "2", "10A"]
