from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.report.figure_controls import control_rows, draw_controls
from meristem.report.view import View


def test_the_worth_of_an_ingredient_is_network_minus_control(small_view: View) -> None:
    rows = control_rows(small_view, small_view.targets[0]).set_index("model")
    assert len(rows) == 6
    assert rows.loc["binn+metabolites", "control"] == ""
    own, other = rows.loc["binn+metabolites"], rows.loc["binn+metabolites-no-omics"]
    assert np.isclose(other["ingredient_worth"], own["mean"] - other["mean"])


def test_drawing(small_view: View, parse_svg) -> None:
    figure = draw_controls(small_view, small_view.targets[0], "controls")
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    for name in ("shuffled graph", "random graph", "shuffled omics", "no omics"):
        assert name in text


def test_without_controls_or_verdicts(small_view: View, large_view: View) -> None:
    assert draw_controls(large_view, large_view.targets[0], "controls") is None
    bare = replace(small_view, verdicts=())
    assert draw_controls(bare, bare.targets[0], "controls") is None
