"""Figures are well-formed and carry their table."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from meristem.kinetics.commands.figures import (
    draw_bars,
    draw_heat,
    draw_inclusion,
    draw_observed,
    draw_search,
)
from meristem.pages.page import Figure

RNG = np.random.default_rng(0)


def bars() -> Figure:
    table = pd.DataFrame(
        {"state": ["a<b", "c"], "value": [0.3, np.nan], "low": [0.1, np.nan]}
    ).assign(high=[0.4, np.nan])
    return draw_bars(table, "state", "bars", "Where & when", "share")


def observed() -> Figure:
    table = pd.DataFrame(
        {
            "observed": RNG.normal(size=30),
            "censored": RNG.random(30) < 0.3,
            "model": RNG.normal(size=30),
        }
    )
    return draw_observed(table, "model")


def heat() -> Figure:
    table = pd.DataFrame(
        {"position": [0, 1, 0, 1], "edit": ["x", "x", "y", "y"]}
    ).assign(change=[-1.0, 0.5, 0.0, -2.0])
    return draw_heat(table, "heat", "Map", "caption")


def inclusion() -> Figure:
    table = pd.DataFrame(
        {"reaction": "on", "position": range(6), "inclusion": [0, 0.2, 1, 1, 0.5, 0]}
    )
    windows = pd.DataFrame({"reaction": ["on"], "true_start": [2], "true_stop": [4]})
    return draw_inclusion(table, windows)


def search() -> Figure:
    table = pd.DataFrame({"generation": [0, 0, 1, 1], "reward": [0.1, 0.2, 0.25, 0.15]})
    return draw_search(table)


@pytest.mark.parametrize("make", [bars, observed, heat, inclusion, search])
def test_figure(make) -> None:
    figure = make()
    root = ET.fromstring(figure.svg)
    assert root.tag.endswith("svg")
    assert "nan" not in figure.svg
    assert len(figure.table)


def test_best_so_far_never_falls() -> None:
    assert search().table["best"].tolist() == [0.2, 0.25]
