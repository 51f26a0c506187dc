from __future__ import annotations

from dataclasses import replace

from meristem.report.figures.network.tracking import draw_tracking
from meristem.report.view import View


def test_few_nodes_are_named(small_view: View, parse_svg) -> None:
    figure = draw_tracking(small_view, small_view.targets[0], "tracking")
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    assert "CK" in text
    assert "polyline" in figure.svg  # the frame
    assert figure.table["what"].tolist() == ["node"] * 5 + ["class"] * 2
    assert "Rank correlation of the two: 0.60" in figure.caption


def test_many_nodes_are_summed_up_in_classes(large_view: View, parse_svg) -> None:
    figure = draw_tracking(large_view, large_view.targets[0], "tracking")
    assert figure is not None
    root = parse_svg(figure.svg)
    circles = [item for item in root.iter() if item.tag.endswith("circle")]
    assert len(circles) == 2
    assert "means of classes" in figure.caption
    assert (figure.table["what"] == "node").sum() > 100


def test_two_measured_nodes_make_no_curve(small_view: View) -> None:
    nodes = small_view.artefacts.nodes
    few = nodes.assign(
        agreement=nodes["agreement"].where(nodes["node"].isin(["A", "S"]))
    )
    view = replace(small_view, artefacts=replace(small_view.artefacts, nodes=few))
    assert draw_tracking(view, view.targets[0], "tracking") is None


def test_without_classes_or_agreement(small_view: View) -> None:
    classes = small_view.artefacts.agreement_by_sensitivity.head(0)
    view = replace(
        small_view,
        artefacts=replace(small_view.artefacts, agreement_by_sensitivity=classes),
    )
    assert draw_tracking(view, view.targets[0], "tracking") is None
    bare = small_view.artefacts.nodes.drop(columns="agreement")
    view = replace(small_view, artefacts=replace(small_view.artefacts, nodes=bare))
    assert draw_tracking(view, view.targets[0], "tracking") is None
