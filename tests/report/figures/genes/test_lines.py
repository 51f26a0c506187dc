from __future__ import annotations

from dataclasses import replace

from meristem.pages.palette import ACCENT, WARN
from meristem.report.figures.genes.lines import LINES, NODES, draw_lines, line_rows
from meristem.report.view import View


def test_the_best_lines_with_their_strongest_nodes(small_view: View, parse_svg) -> None:
    target = small_view.targets[0]
    rows = line_rows(small_view, target)
    assert rows["sample_id"].nunique() == LINES
    assert len(rows) == LINES * NODES
    assert rows["line_rank"].tolist() == sorted(rows["line_rank"])
    figure = draw_lines(small_view, target, "lines")
    assert figure is not None
    root = parse_svg(figure.svg)
    text = "".join(root.itertext())
    assert "1. N000" in text
    assert "predicted 12.0" in text
    bars = [i.get("fill") for i in root.iter() if i.tag.endswith("rect")]
    positive = (figure.table["contribution"] > 0).sum()
    assert bars.count(ACCENT) == positive
    assert bars.count(WARN) == len(rows) - positive


def test_long_names_are_cut(large_view: View, parse_svg) -> None:
    figure = draw_lines(large_view, large_view.targets[0], "lines")
    assert figure is not None
    parse_svg(figure.svg)


def test_without_lines(small_view: View) -> None:
    table = small_view.artefacts.line_explanations.head(0)
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, line_explanations=table)
    )
    assert draw_lines(view, view.targets[0], "lines") is None
