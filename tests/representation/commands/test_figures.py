from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.representation.commands.figures import draw_about, draw_factors

TABLE = pd.DataFrame(
    {"sample_id": list("abcd"), "f.1": [0.1, 1, np.nan, 2], "f.2": [1.0, 2, 3, 4]}
)


def test_samples_without_factors_are_not_drawn() -> None:
    figure = draw_factors(TABLE, "t", np.array(["x", "y", "x", ""]), "batch")
    assert figure.table["sample_id"].tolist() == ["a", "b", "d"]
    assert figure.table["batch"].tolist() == ["x", "y", ""]
    assert draw_factors(TABLE, "t").svg.startswith("<svg")


def test_factors_are_drawn_by_what_they_explain() -> None:
    about = pd.DataFrame(
        {
            "factor": ["f.1", "f.2"],
            "explained": [0.1, 0.3],
            "stability": [0.5, np.nan],
        }
    )
    figure = draw_about(about, "t")
    assert figure.table["factor"].tolist() == ["f.2", "f.1"]
    assert "0.50" in figure.svg
