from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from meristem.report.figures.network.validation import (
    draw_validation,
    in_classes,
    rank_correlation,
    validated,
)
from meristem.report.sections.latents import latents_section
from meristem.report.view import View


def rows(model: str, supervision: str, n: int, trait: str) -> pd.DataFrame:
    rng = np.random.default_rng(n)
    sensitivity = rng.random(n)
    return pd.DataFrame(
        {
            "model": model,
            "supervision": supervision,
            "node": [f"g{k}" for k in range(n)],
            "omics": "expression",
            "trait": trait,
            "environment": "",
            "sensitivity": sensitivity,
            "agreement": np.clip(0.5 * sensitivity + 0.1 * rng.random(n), 0, 1),
            "null_mean": 0.08,
        }
    )


def with_validation(view: View) -> View:
    trait = view.targets[0].trait
    table = pd.concat(
        [
            rows("free", "none", 40, trait),
            rows("taught", "soft", 41, trait),
            rows("small", "soft", 2, trait),
        ]
    )
    artefacts = replace(view.artefacts, latent_validation=table)
    return replace(view, artefacts=artefacts)


def test_every_network_has_a_panel_with_its_null(small_view: View, parse_svg) -> None:
    view = with_validation(small_view)
    target = view.targets[0]
    assert [model for model, _ in validated(view, target)] == ["free", "taught"]
    figure = draw_validation(view, target, "validation")
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    assert "never trained on them" in text
    assert "rank correlation" in text
    assert figure.svg.count("stroke-dasharray") >= 2
    assert (figure.table["what"] == "class").sum() == 10
    section = latents_section(view)
    assert section is not None
    assert "Latent validation" in str(section.blocks)


def test_classes_hold_all_nodes() -> None:
    table = rows("free", "none", 23, "t")
    classes = in_classes(table)
    assert len(classes) == 5
    assert classes["sensitivity"].is_monotonic_increasing
    assert rank_correlation(table) > 0.9
    assert np.isnan(rank_correlation(table.assign(sensitivity=0.0)))


def test_without_measured_nodes(small_view: View) -> None:
    none = small_view.artefacts.latent_validation.head(0)
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, latent_validation=none)
    )
    assert draw_validation(view, view.targets[0], "validation") is None
