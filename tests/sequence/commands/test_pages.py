"""Drawings and pages of runs; the pages as wholes are tested with the commands."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from meristem.errors import ConfigError
from meristem.sequence.commands.design_report import build_design
from meristem.sequence.commands.explain_report import build_explanation
from meristem.sequence.commands.figures import (
    draw_courses,
    draw_fit,
    draw_models,
    draw_weights,
    plain_name,
)
from meristem.sequence.commands.search_report import build_search, draw_shape
from meristem.sequence.models.options import NetworkOptions


def test_figures_are_drawings_of_their_tables() -> None:
    models = pd.DataFrame(
        {"model": ["a", "b"], "r": [0.2, 0.5], "low": [0.1, 0.4], "high": [0.3, 0.6]}
    )
    rng = np.random.default_rng(1)
    fit = pd.DataFrame(
        {"observed": rng.normal(size=9), "predicted": rng.normal(size=9)}
    )
    courses = pd.DataFrame(
        {
            "model": "net",
            "member": [0, 0, 1, 1],
            "epoch": [0, 1, 0, 1],
            "train": [1.0, 0.5, 1.1, 0.6],
            "held_out": [1.0, 0.8, 1.0, 0.9],
            "kept": [False, True, False, True],
        }
    )
    weights = pd.DataFrame(
        {"model": "m", "task": "t", "feature": ["A", "C"], "weight": [0.2, -0.1]}
    )
    figures = (
        draw_models(models, "models", "x"),
        draw_fit(fit, "fit", "x"),
        draw_courses(courses, "net"),
        draw_weights(weights, "m", "t"),
    )
    for figure in figures:
        assert ET.fromstring(figure.svg).tag.endswith("svg")
        assert len(figure.table)
    assert plain_name("a b", "c/d") == "a_b_c_d"


def test_shapes_show_every_layer() -> None:
    svg = draw_shape(NetworkOptions(depth=3).model_dump(), "cnn", "x")
    assert svg.count("cnn ") == 3


@pytest.mark.parametrize("build", [build_design, build_explanation, build_search])
def test_pages_need_a_run_folder(build, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a run folder"):
        build(tmp_path)
