"""Read a drawing back, and check what every drawing owes its reader."""

from __future__ import annotations

from xml.etree import ElementTree

from meristem.pages.svg import text_width

SVG = "{http://www.w3.org/2000/svg}"


def parse(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("aria-label")
    _, _, width, height = (float(part) for part in root.get("viewBox", "").split())
    texts = []
    for item in root.iter(f"{SVG}text"):
        shown = (item[-1].tail if len(item) else item.text) or ""
        if item.get("transform"):
            continue
        left, right, y, size = extent(item, shown)
        assert left >= -1, f"{shown!r} starts left of the drawing"
        assert right <= width + 1, f"{shown!r} ends right of the drawing"
        assert size * 0.6 <= y <= height, f"{shown!r} lies above or below the drawing"
        texts.append((left, right, y, size, shown))
    for number in root.iter():
        for value in number.attrib.values():
            assert "nan" not in value.split(), ElementTree.tostring(number)
    overlaps(texts)
    return root


def extent(item: ElementTree.Element, shown: str) -> tuple[float, float, float, float]:
    x, y = float(item.get("x", "0")), float(item.get("y", "0"))
    size = float(item.get("font-size", "12"))
    width = text_width(shown, size) / 1.06
    start = {"middle": x - width / 2, "end": x - width}.get(
        item.get("text-anchor", "start"), x
    )
    return start, start + width, y, size


def overlaps(texts: list[tuple[float, float, float, float, str]]) -> None:
    ordered = sorted(texts)
    for position, (_, right, y, size, shown) in enumerate(ordered):
        for other_left, _, other_y, other_size, other in ordered[position + 1 :]:
            if other_left >= right - 1:
                break
            apart = abs(y - other_y) >= 0.72 * min(size, other_size)
            assert apart, f"{shown!r} and {other!r} overlap"
