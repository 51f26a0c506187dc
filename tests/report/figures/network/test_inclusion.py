from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.report.figures.network.inclusion import (
    SHOWN,
    draw_inclusion,
    probable_sets,
)
from meristem.report.sections.network import nodes_section
from meristem.report.view import View


def with_inclusion(view: View) -> View:
    nodes = view.artefacts.nodes
    probability = np.where(nodes["kind"] == "gene", np.nan, 0.0)
    probability[np.flatnonzero(~np.isnan(probability))] = np.linspace(
        0.99, 0.01, int((~np.isnan(probability)).sum())
    )
    nodes = nodes.assign(inclusion=probability, inclusion_fdr=(1 - probability) / 2)
    return replace(view, artefacts=replace(view.artefacts, nodes=nodes))


def test_the_most_probable_come_first(large_view: View, parse_svg) -> None:
    view = with_inclusion(large_view)
    target = view.targets[0]
    rows = probable_sets(view, target)
    assert 0 < len(rows) <= SHOWN
    assert rows["inclusion"].is_monotonic_decreasing
    assert (rows["kind"] != "gene").all()
    figure = draw_inclusion(view, target, "inclusion")
    assert figure is not None
    parse_svg(figure.svg)
    found = int((rows["inclusion_fdr"] <= 0.1).sum())
    assert str(found) in figure.caption
    assert figure.svg.count('fill="#ffffff" stroke') == len(rows) - found


def test_networks_without_probabilities_have_no_figure(small_view: View) -> None:
    assert draw_inclusion(small_view, small_view.targets[0], "inclusion") is None


def test_the_section_shows_it(large_view: View) -> None:
    section = nodes_section(with_inclusion(large_view))
    assert section is not None
    assert "posterior probability that the set acts" in str(section.blocks)
