"""PNG beside SVG: size, colours, text; nothing where there is no font."""

from __future__ import annotations

import struct
import zlib

import pytest

from meristem.pages import raster
from meristem.pages.raster import ZOOM, png_of

SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">'
    '<rect width="30" height="20" fill="#12704f"/></svg>'
)


def size(image: bytes) -> tuple[int, int]:
    assert image.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", image[16:24])
    return width, height


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "has_font", lambda: True)
    monkeypatch.setattr(raster, "ZOOM", ZOOM)


def test_the_image_has_the_size_and_colour_of_the_drawing(fonts: None) -> None:
    image = png_of(SQUARE)
    assert image is not None
    assert size(image) == (30 * ZOOM, 20 * ZOOM)
    start = image.index(b"IDAT")
    (length,) = struct.unpack(">I", image[start - 4 : start])
    first_row = zlib.decompress(image[start + 4 : start + 4 + length])
    assert bytes([0x12, 0x70, 0x4F]) in first_row[:16]


def test_no_image_without_a_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "has_font", lambda: False)
    assert png_of(SQUARE) is None
