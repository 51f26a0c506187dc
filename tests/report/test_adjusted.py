from __future__ import annotations

from dataclasses import replace

import pandas as pd

from meristem.report.adjusted import adjusted_sentence, covariate_tables
from meristem.report.view import View

FOUND = [
    {"name": "sex", "type": "class", "per": "line", "levels": 2, "n": 40, "missing": 0}
    | {"largest": [["F", 21], ["M", 19]]},
    {"name": "age", "type": "number", "per": "record", "n": 30, "missing": 10}
    | {"low": 2.0, "high": 9.5, "levels": 0},
    {"name": "principal components of the markers", "type": "axes", "levels": 3},
]


def with_covariates(view: View) -> View:
    target = view.targets[0]
    rows = [
        (target.trait, target.environment, "sex", "F", -0.5, 0.1, 21),
        (target.trait, target.environment, "age", "", 0.25, float("nan"), 30),
    ]
    columns = ["trait", "environment", "covariate", "category", "effect", "se", "n"]
    artefacts = replace(
        view.artefacts,
        data={**(view.artefacts.data or {}), "covariates": FOUND},
        covariate_effects=pd.DataFrame(rows, columns=columns),
    )
    return replace(view, artefacts=artefacts)


def test_the_sentence_names_every_column(small_view: View) -> None:
    said = adjusted_sentence(with_covariates(small_view))
    assert said.startswith(
        "Values are adjusted for sex, age and 3 principal components of the markers,"
    )
    assert adjusted_sentence(small_view) == ""


def test_tables_show_columns_and_effects(small_view: View) -> None:
    text = "".join(covariate_tables(with_covariates(small_view)))
    assert "class per line" in text
    assert "number per record" in text
    assert "2 levels: F (21), M (19)" in text
    assert "25.0" in text  # percent missing
    assert "3 axes of the training rows" in text
    assert "\u00b1" in text
    assert covariate_tables(small_view) == []
