from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from meristem.pages.svg import Canvas, coordinate, shorten, text_width, wrap

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(ANY_TEXT, ANY_TEXT)
def test_any_text_gives_well_formed_xml(text: str, tip: str) -> None:
    canvas = Canvas(100, 50, text)
    canvas.text(1, 20, text, width=40, halo=True)
    canvas.circle(3, 3, 2, tip, fill='"<&>')
    root = ElementTree.fromstring(canvas.to_svg())
    assert root.tag.endswith("svg")


@given(ANY_TEXT, st.floats(20, 400))
def test_shortened_text_fits(text: str, width: float) -> None:
    cut = shorten(text, 12, width)
    assert text_width(cut, 12) <= max(width, text_width("…", 12))
    if text_width(text, 12) <= width:
        assert cut == text


def test_a_shortened_text_keeps_the_whole_in_its_tip() -> None:
    canvas = Canvas(100, 50, "t")
    canvas.text(0, 10, "a very long name indeed", 12, 60)
    assert "<title>a very long name indeed</title>" in canvas.to_svg()


def test_wrap_breaks_at_spaces_and_cuts_the_last_line() -> None:
    lines = wrap("carbohydrate metabolic process of the cell", 12, 90)
    assert len(lines) == 2
    assert lines[0] == "carbohydrate"
    assert lines[1].startswith("metabolic")
    assert lines[1].endswith("…")
    assert all(text_width(line, 12) <= 90 for line in lines)
    assert wrap("short", 12, 90) == ["short"]
    # a name without spaces breaks after the signs within it, and keeps its number
    assert wrap("pathway_0001", 12, 70) == ["pathway_", "0001"]
    assert wrap("GO:0005975 and", 12, 200) == ["GO:0005975 and"]


def test_equal_dots_are_drawn_once() -> None:
    canvas = Canvas(10, 10, "t")
    canvas.dots([1, 1.01, 2], [1, 1.02, 2], 2, "#000")
    assert canvas.to_svg().count("h0") == 2


def test_no_dots_no_element() -> None:
    canvas = Canvas(10, 10, "t")
    canvas.dots([], [], 2, "#000")
    assert "path" not in canvas.to_svg()


def test_coordinates_are_short() -> None:
    assert coordinate(12.04) == "12"
    assert coordinate(12.26) == "12.3"


def test_rotation_and_anchor() -> None:
    canvas = Canvas(10, 10, "t")
    canvas.text(5, 6, "x", rotate=-90, anchor="middle")
    assert 'transform="rotate(-90 5 6)"' in canvas.to_svg()
    assert 'text-anchor="middle"' in canvas.to_svg()
