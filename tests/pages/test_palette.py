from __future__ import annotations

import numpy as np

from meristem.pages import palette


def luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance."""
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(
        channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_colours_can_be_read_on_paper() -> None:
    for colour in (
        palette.INK,
        palette.SOFT,
        palette.ACCENT,
        palette.WARN,
        palette.NEUTRAL,
    ):
        assert contrast(colour, palette.PAPER) >= 4.5, colour


def test_names_can_be_read_on_every_fill_of_a_node() -> None:
    for share in np.linspace(0, 1, 101):
        assert contrast(palette.ink_on(share), palette.ramp(share)) >= 3.9, share


def test_the_ramp_darkens_steadily_and_has_ends() -> None:
    light = [luminance(palette.ramp(share)) for share in np.linspace(0, 1, 21)]
    assert all(a > b for a, b in zip(light, light[1:], strict=False))
    assert palette.ramp(-1) == palette.ramp(0)
    assert palette.ramp(2) == palette.ramp(1)


def test_categories_differ_and_run_out_into_grey() -> None:
    assert len(set(palette.CATEGORIES)) == len(palette.CATEGORIES)
    assert palette.category(len(palette.CATEGORIES)) == palette.OTHER


def test_diverging_colours_meet_in_white() -> None:
    assert palette.diverge(0.0) == "#ffffff"
    assert palette.diverge(-1.0) == palette.diverge(-7.0) == palette.WARN
    assert palette.diverge(1.0) == palette.ACCENT
    assert palette.diverge(0.5) != palette.diverge(-0.5)
