from __future__ import annotations

from xml.etree import ElementTree

from meristem.pages.rows import WIDTH, draw_rows, label_room

SVG = "{http://www.w3.org/2000/svg}"


def test_labels_and_notes_stand_beside_their_rows_within_the_panel() -> None:
    labels, notes = ["first", "second"], ["a note", "another"]
    drawn = draw_rows("Two", labels, (0, 1), "share", (120, 40, 30), 38, notes=notes)
    root = ElementTree.fromstring(drawn.canvas.to_svg())
    at = {node.text: float(node.get("y", 0)) for node in root.iter(f"{SVG}text")}
    for label, note, middle in zip(labels, notes, drawn, strict=True):
        assert abs(at[label] - middle) < 38 / 2
        assert abs(at[note] - middle) < 38 / 2
    assert drawn.panel.left == 120
    assert drawn.panel.right == WIDTH - 40
    assert drawn.panel.bottom == 30 + 2 * 38
    assert float(root.get("height", 0)) > drawn.panel.bottom + 34  # room for the axis


def test_rules_part_the_rows() -> None:
    args = ("Three", ["a", "b", "c"], (0, 1), "", (90, 20, 10), 20)
    with_rules = draw_rows(*args).canvas.to_svg().count("<line")
    without = draw_rows(*args, rules=False).canvas.to_svg().count("<line")
    assert with_rules - without == 2


def test_the_room_of_labels_has_its_ends() -> None:
    assert label_room(["a" * 200], 300) == 300
    assert label_room(["a"], 270, least=220) == 220
    assert label_room([], 100, pad=14) == 14
