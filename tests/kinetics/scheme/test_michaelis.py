"""Michaelis constants: the textbook's formulas, and how often intervals hold."""

from dataclasses import replace

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.kinetics.scheme.assay import Constants, fit_constants, simulate_assay
from meristem.kinetics.scheme.catalog import cas9, two_substrate_enzyme
from meristem.kinetics.scheme.michaelis import has_michaelis, michaelis_constants

SCHEME = two_substrate_enzyme()
TRUTH = {"kcat": 10.0, "Ka": 2.5, "Kb": 5.0, "Kia": 2.0, "Ki": 0.5}


def test_formulas_at_the_true_constants() -> None:
    found = Constants(SCHEME, {}, np.array(SCHEME.log_rates), 0.1, np.eye(7), 50)
    table = michaelis_constants(found).set_index("constant")
    assert table["value"].to_dict() == pytest.approx(TRUTH)
    assert (table["low"] < table["value"]).all()


def test_another_scheme_has_none() -> None:
    chain = cas9(4)
    found = Constants(chain, {}, np.zeros(7), 0.1, np.eye(7), 50)
    assert not has_michaelis(found)
    with pytest.raises(ConfigError, match="two-substrate"):
        michaelis_constants(found)


def test_other_steps_of_the_same_names_are_another_enzyme() -> None:
    """An inhibitor of the complex: its Ki is no constant of the free enzyme."""
    steps = tuple(
        replace(r, **{end: "EA" for end in ("source", "target") if ends[end] == "E"})
        if r.name.endswith("_I")
        else r
        for r in SCHEME.reactions
        for ends in [vars(r)]
    )
    other = replace(SCHEME, reactions=steps)
    found = Constants(other, {}, np.array(other.log_rates), 0.1, np.eye(7), 50)
    assert not has_michaelis(found)


@pytest.mark.slow
def test_nine_of_ten_intervals_hold_the_truth() -> None:
    grid = {
        "A": np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0]),
        "B": np.array([0.1, 0.5, 2.0, 8.0, 30.0]),
        "I": np.array([0.0, 0.5, 2.0]),
    }
    held = []
    for seed in range(100):
        rng = np.random.default_rng([17, seed])
        table = simulate_assay(SCHEME, grid, rng=rng, noise=0.05)
        found = fit_constants(SCHEME, table, rng=rng, starts=4)
        shown = michaelis_constants(found, level=0.9).set_index("constant")
        held.append(
            [shown.loc[n, "low"] <= t <= shown.loc[n, "high"] for n, t in TRUTH.items()]
        )
    share = np.mean(held, axis=0)
    assert ((share >= 0.83) & (share <= 0.97)).all(), share
    assert 0.85 <= share.mean() <= 0.95
