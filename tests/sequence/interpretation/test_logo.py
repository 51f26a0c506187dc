import xml.etree.ElementTree as ET

import numpy as np
from tests.sequence.toys import motifs

from meristem.pages.svg import Canvas
from meristem.sequence.interpretation.logo import draw_letter, draw_map, draw_motif


def test_maps_and_motifs_are_drawings_with_a_letter_per_base() -> None:
    value = np.zeros((4, 12))
    value[0, 3], value[2, 7] = 1.5, -0.5
    svg = draw_map(value, "map")
    assert ET.fromstring(svg).tag.endswith("svg")
    assert svg.count("<path") == 2
    assert "A4: 1.500" in svg
    assert ET.fromstring(draw_motif(motifs()[0])).tag.endswith("svg")


def test_every_base_has_a_letter() -> None:
    canvas = Canvas(10, 10, "x")
    for letter in "ACGT":
        draw_letter(canvas, letter, (0, 0, 10, 10))
    assert canvas.to_svg().count("evenodd") == 4
