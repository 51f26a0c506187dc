from __future__ import annotations

from dataclasses import replace

from meristem.report.figures.genes.gain import SHOWN, draw_gain, top_gains
from meristem.report.view import View


def test_nodes_with_several_inputs_come_by_their_gain(
    large_view: View, parse_svg
) -> None:
    target = large_view.targets[0]
    rows = top_gains(large_view, target)
    assert len(rows) == SHOWN
    assert (rows["n_sources"] > 1).all()
    assert rows["gain"].is_monotonic_decreasing
    figure = draw_gain(large_view, target, "gain")
    assert figure is not None
    parse_svg(figure.svg)
    # 2 over the root of 100 lines
    assert "below 0.20 can be chance" in figure.caption


def test_copies_alone_are_not_drawn(small_view: View) -> None:
    table = small_view.artefacts.gain.assign(n_sources=1)
    view = replace(small_view, artefacts=replace(small_view.artefacts, gain=table))
    assert draw_gain(view, view.targets[0], "gain") is None


def test_tables_without_counts(small_view: View) -> None:
    table = small_view.artefacts.gain.drop(columns=["n_sources", "n_rows"])
    view = replace(small_view, artefacts=replace(small_view.artefacts, gain=table))
    figure = draw_gain(view, view.targets[0], "gain")
    assert figure is not None
    assert "chance" not in figure.caption
