from __future__ import annotations

from dataclasses import replace

import pandas as pd

from meristem.report.figures.network.latents import SHOWN, draw_agreement, draw_latents
from meristem.report.latent_values import agreement, orient
from meristem.report.view import View


def test_few_nodes_have_a_panel_each(small_view: View, parse_svg) -> None:
    rows = small_view.artefacts.latents
    own = orient(rows[rows["model"] == "binn"])
    figure = draw_latents(small_view, own, agreement(own), "latents")
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    for node in ("A", "S", "CK", "SL", "I"):
        assert node in text
    assert draw_agreement(agreement(own), "agreement") is None


def test_many_nodes_are_bounded_and_the_rest_is_said(
    large_view: View, parse_svg
) -> None:
    own = orient(large_view.artefacts.latents)
    table = agreement(own)
    figure = draw_latents(large_view, own, table, "latents")
    assert figure is not None
    parse_svg(figure.svg)
    assert figure.table["node"].nunique() == SHOWN
    assert f"{SHOWN} of 30 measured nodes" in figure.caption
    histogram = draw_agreement(table, "agreement")
    assert histogram is not None
    parse_svg(histogram.svg)
    assert histogram.table["nodes"].sum() == 30


def test_a_histogram_with_its_median_at_the_edge_fits(parse_svg) -> None:
    table = pd.DataFrame({"agreement": [1.0] * 40})
    figure = draw_agreement(table, "agreement")
    assert figure is not None
    parse_svg(figure.svg)


def test_constant_latents_are_left_out(small_view: View, parse_svg) -> None:
    rows = small_view.artefacts.latents.copy()
    rows.loc[rows["node"] == "A", "latent"] = 1.0
    own = orient(rows[rows["model"] == "binn"])
    figure = draw_latents(small_view, own, agreement(own), "latents")
    assert figure is not None
    parse_svg(figure.svg)
    assert "A" not in set(figure.table["node"])


def test_without_latents(small_view: View) -> None:
    own = orient(small_view.artefacts.latents.head(0))
    assert draw_latents(small_view, own, agreement(own), "latents") is None


def test_several_kinds_of_omics_are_named(small_view: View, parse_svg) -> None:
    rows = small_view.artefacts.latents
    other = rows.assign(omics="transcripts")
    own = orient(pd.concat([rows, other]))
    figure = draw_latents(small_view, own, agreement(own), "latents")
    assert figure is not None
    assert "transcripts" in "".join(parse_svg(figure.svg).itertext())
    assert replace(figure, name="x").name == "x"
