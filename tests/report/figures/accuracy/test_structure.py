from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.report.figures.accuracy.structure import SHOWN_GROUPS, draw_structure
from meristem.report.view import View


def test_axes_carry_their_share(small_view: View, parse_svg) -> None:
    figure = draw_structure(small_view)
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    assert "PC 1 (18.2 % of the variation)" in text
    assert "family D" in text


def test_many_groups_share_grey(large_view: View, parse_svg) -> None:
    figure = draw_structure(large_view)
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    groups = large_view.artefacts.structure["group"].nunique()
    assert f"{groups - SHOWN_GROUPS} other groups" in text


def test_two_axes_without_groups(small_view: View, parse_svg) -> None:
    frame = small_view.artefacts.structure[["sample_id", "pc1", "pc2"]].assign(group="")
    bare = replace(small_view.artefacts, structure=frame, data=None)
    figure = draw_structure(replace(small_view, artefacts=bare))
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    assert "PC 1" in text
    assert "PC 3" not in text
    assert "no group" not in text


def test_nothing_to_draw(small_view: View) -> None:
    empty = replace(
        small_view.artefacts, structure=small_view.artefacts.structure.head(0)
    )
    assert draw_structure(replace(small_view, artefacts=empty)) is None
    nan = small_view.artefacts.structure.assign(pc2=np.nan, pc3=np.nan, pc4=np.nan)
    one = replace(small_view.artefacts, structure=nan)
    assert draw_structure(replace(small_view, artefacts=one)) is None
