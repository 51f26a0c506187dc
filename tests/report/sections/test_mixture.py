from __future__ import annotations

from dataclasses import replace

import pandas as pd

from meristem.report.sections.mixture import mixture_section, without
from meristem.report.view import View


def with_shares(view: View, *rows: tuple) -> View:
    columns = ["model", "trait", "environment", "part", "share", "low", "high"]
    table = pd.DataFrame(list(rows), columns=columns)
    return replace(view, artefacts=replace(view.artefacts, shares=table))


def test_shares_have_their_intervals(small_view: View) -> None:
    view = with_shares(
        small_view,
        ("auto", "yield", "", "kernels", 0.75, 0.5, 1.0),
        ("auto", "yield", "", "core", 0.25, 0.0, 0.41),
    )
    section = mixture_section(view)
    assert section is not None
    html = "".join(map(str, section.blocks))
    assert "kernels" in html
    assert "75" in html
    assert "41" in html
    assert "environment" not in html
    assert without(view) == []


def test_a_model_without_a_network_says_so(small_view: View) -> None:
    view = with_shares(
        small_view,
        ("binn", "yield", "dry", "kernels", 1.0, 0.8, 1.0),
        ("core", "yield", "dry", "kernels", 1.0, 0.8, 1.0),
        ("core", "yield", "dry", "core", 0.0, 0.0, 0.1),
    )
    first, second = without(view)
    assert first.startswith("binn has no network")
    assert "kernels" in first
    assert "forest" not in first  # parts that are not there are not named
    assert "network of core has no share" in second
    html = "".join(map(str, mixture_section(view).blocks))
    assert first in html
    assert "dry" in html


def test_without_mixtures_there_is_no_section(small_view: View) -> None:
    assert mixture_section(with_shares(small_view)) is None


def test_an_average_of_listed_models_is_not_told_of_kernels(small_view: View) -> None:
    rows = ("stack", "yield", "", "gblup", 0.6, 0.3, 0.8)
    view = with_shares(small_view, rows)
    models = (replace(small_view.models[0], label="stack", kind="stack"),)
    assert without(replace(view, models=models)) == []
