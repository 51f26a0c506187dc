from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.pages.palette import PAPER
from meristem.report.figures.genes.enrichment import SHOWN, draw_enrichment, top_terms
from meristem.report.view import View


def test_terms_come_by_their_smallest_p(large_view: View, parse_svg) -> None:
    target = large_view.targets[0]
    rows = top_terms(large_view, target)
    assert rows["term"].nunique() == SHOWN
    best = rows.groupby("term", sort=False)["p"].min()
    assert best.tolist() == sorted(best)
    # the ranking that is not tested is not drawn
    assert set(rows["method"]) == {"network", "gwas", "twas"}
    figure = draw_enrichment(large_view, target, "enrichment")
    assert figure is not None
    root = parse_svg(figure.svg)
    circles = [item for item in root.iter() if item.tag.endswith("circle")]
    hollow = sum(item.get("fill") == PAPER for item in circles)
    found = (figure.table["q"] <= 0.1).sum()
    assert found >= 3
    # the legend has a dot for each method
    assert hollow == len(figure.table) - found
    assert len(circles) == len(figure.table) + 3


def test_readable_names_and_sizes(large_view: View) -> None:
    figure = draw_enrichment(large_view, large_view.targets[0], "enrichment")
    assert figure is not None
    assert "carbohydrate metabolic" in figure.svg
    rows = large_view.artefacts.enrichment
    label = rows["term"].where(rows["term"] != rows["term"].iloc[0], "x")
    named = rows.assign(label="my term " + label)
    view = replace(
        large_view, artefacts=replace(large_view.artefacts, enrichment=named)
    )
    figure = draw_enrichment(view, view.targets[0], "enrichment")
    assert figure is not None
    assert "my term" in figure.svg


def test_nothing_tested(small_view: View) -> None:
    table = small_view.artefacts.enrichment.assign(p=np.nan)
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, enrichment=table)
    )
    assert draw_enrichment(view, view.targets[0], "enrichment") is None
