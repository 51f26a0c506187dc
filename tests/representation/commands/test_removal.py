from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.representation.commands.removal import (
    Removal,
    better_removal,
    removals,
)
from meristem.representation.confound.confounders import Confounder

N, P = 66, 40


def judged(method: str) -> pd.DataFrame:
    value, _ = low_rank(N, P)
    rng = np.random.default_rng(1)
    batch = np.array(["a", "b"])[rng.integers(0, 2, N)]
    date = rng.normal(size=N)
    value += 3.0 * np.outer(batch == "b", rng.normal(size=P))
    value += 2.0 * np.outer(date, rng.normal(size=P))
    about = [
        Confounder("batch", batch),
        Confounder("date", np.char.mod("%f", date), date),
    ]
    options = RepresentOptions.model_validate(
        {
            "represent": "pca",
            "confounders": ("batch", "date"),
            "deconfound": method,
        }
    )
    removal = Removal(table_of(value), options, 5, about, None, 4)
    return removals(removal, np.arange(N), np.random.default_rng(2))


def test_what_is_left_and_kept_stands_side_by_side() -> None:
    table = judged("regression")
    assert table["confounder"].tolist() == ["batch", "date"] * 5
    assert set(table.loc[table["chosen"], "method"]) == {"regression"}
    level = table.set_index(["confounder", "method"])
    assert level.loc[("batch", "none"), "linear"] > 0.9
    assert level.loc[("date", "none"), "linear"] > 0.8
    assert level.loc[("batch", "regression"), "linear"] < 0.65
    assert level.loc[("date", "regression"), "linear"] < 0.3
    assert level.loc[("date", "none"), "chance"] == 0
    assert level.loc[("batch", "regression"), "kept"] > 0.8


@pytest.mark.parametrize(
    ("own", "better"),
    [("components", "combat"), ("combat", ""), ("alignment", "")],
)
def test_a_better_way_is_named(own: str, better: str) -> None:
    names = ("none", "regression", "combat", "alignment", "components")
    table = pd.DataFrame(
        {
            "method": names,
            "chosen": [name == own for name in names],
            "confounder": "batch",
            "chance": 0.5,
            "linear": [1.0, 0.5, 0.5, 0.5, 0.6],
            "radial": [1.0, 0.91, 0.90, 0.65, 0.91],
            "kept": [0.88, 0.89, 0.90, 0.81, 0.82],
        }
    )
    assert better_removal(table) == better


def test_a_way_that_is_worse_for_one_of_two_confounders_is_not_better() -> None:
    rows = [
        *(
            ("regression", True, "batch", 0.9, 0.8),
            ("regression", True, "date", 0.3, 0.8),
        ),
        *(("combat", False, "batch", 0.6, 0.8), ("combat", False, "date", 0.35, 0.8)),
    ]
    columns = ["method", "chosen", "confounder", "linear", "kept"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.assign(radial=table["linear"], chance=[0.5, 0.0, 0.5, 0.0])
    assert better_removal(table) == ""  # the larger trace, of the batch, is less
    table.loc[3, ["linear", "radial"]] = 0.3
    assert better_removal(table) == "combat"
