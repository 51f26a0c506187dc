"""Scores by class of pair, the interval to each rival, and what is said."""

import numpy as np
import pandas as pd

from meristem.representation.interactions.judge import score_pairs, verdict


def said(seed: int, skill: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 3, 400)
    return pd.DataFrame(
        {
            "fold": np.repeat(np.arange(4), 100),
            "new": np.where(np.arange(400) % 2, "one new", "both new"),
            "level": level,
            "predictor": skill * level + rng.normal(size=400),
            "degree": 0.0,
            "similarity": rng.normal(size=400),
        }
    )


def test_a_predictor_is_praised_only_above_its_rivals() -> None:
    scores = score_pairs(said(1, 2.0))
    assert len(scores) == 6
    flat = scores[scores["model"] == "degree"]
    assert (flat["auc"] == 0.5).all()
    assert (scores["n_pair"] == 200).all()
    assert "add something" in verdict(scores)
    rivals = scores[scores["model"].isin(["degree", "similarity"])]
    weaker = rivals.groupby("model")["auc"].mean().idxmin()  # its interval counts too
    uncertain = scores.assign(low=scores["low"].where(scores["model"] != weaker, -0.1))
    assert "not told apart" in verdict(uncertain)
    assert "not told apart" in verdict(score_pairs(said(2, 0.0)))
    assert "too few" in verdict(score_pairs(said(3, 1.0).head(8)))
