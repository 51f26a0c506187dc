from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.report.figure_latents import SHOWN, agreement, draw_latents
from meristem.report.view import View


def test_agreement_is_the_correlation_best_first(small_view: View) -> None:
    table = agreement(small_view)
    assert table["node"].tolist()[0] == "A"
    assert (np.diff(table["r"]) <= 0).all()
    rows = small_view.artefacts.latents
    part = rows[rows["node"] == "SL"]
    expected = np.corrcoef(part["latent"], part["measured"])[0, 1]
    assert np.isclose(table.set_index("node").loc["SL", "r"], expected)


def test_panels_are_bounded_and_the_rest_is_said(large_view: View, parse_svg) -> None:
    figure = draw_latents(large_view)
    assert figure is not None
    parse_svg(figure.svg)
    assert figure.table["node"].nunique() == SHOWN
    assert f"{SHOWN} of 30 measured nodes" in figure.caption


def test_constant_latents_are_left_out(small_view: View, parse_svg) -> None:
    rows = small_view.artefacts.latents.copy()
    rows.loc[rows["node"] == "A", "latent"] = 1.0
    view = replace(small_view, artefacts=replace(small_view.artefacts, latents=rows))
    figure = draw_latents(view)
    assert figure is not None
    parse_svg(figure.svg)
    assert "A" not in set(figure.table["node"])


def test_without_latents(small_view: View) -> None:
    empty = replace(small_view.artefacts, latents=small_view.artefacts.latents.head(0))
    assert draw_latents(replace(small_view, artefacts=empty)) is None
