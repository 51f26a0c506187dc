"""Ranking metrics against scikit-learn, with ties and weights; paired intervals."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from meristem.errors import DataError
from meristem.stats.ranking import Ranking, auroc, average_precision, compare_scores


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_equal_to_scikit_learn(ties: bool, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    label = rng.random(400) < 0.2
    score = label + rng.normal(0, 1.5, 400)
    if ties:
        score = np.round(score)
    weight = rng.integers(0, 4, 400).astype(float) if weighted else None
    ranking = Ranking.of(label, score)
    assert auroc(ranking, weight) == pytest.approx(
        roc_auc_score(label, score, sample_weight=weight)
    )
    assert average_precision(ranking, weight) == pytest.approx(
        average_precision_score(label, score, sample_weight=weight)
    )


def test_comparison_is_paired_with_the_edit_count() -> None:
    rng = np.random.default_rng(1)
    label = (rng.random(800) < 0.1).astype(int)
    good = label + rng.normal(0, 0.5, 800)
    scores = {"model": good, "edit count": label + rng.normal(0, 2.0, 800)}
    table = compare_scores(label, scores, reference="edit count", rng=rng)
    assert set(table["metric"]) == {"AUROC", "AUPR"}
    model = table[table["score"] == "model"]
    assert (model["low"] <= model["value"]).all()
    assert (model["value"] <= model["high"]).all()
    assert (model["gain_low"] > 0).all()
    reference = table[table["score"] == "edit count"]
    assert (reference[["gain", "gain_low", "gain_high"]] == 0).all().all()
    with pytest.raises(DataError, match="edit count"):
        compare_scores(label, {"model": good}, reference="edits", rng=rng)


def test_nothing_to_rank() -> None:
    with pytest.raises(DataError, match="equal"):
        Ranking.of(np.ones(3), np.arange(3.0))
    with pytest.raises(DataError, match="not a number"):
        Ranking.of(np.array([0, 1]), np.array([np.nan, 1.0]))
    with pytest.raises(DataError, match="2 labels"):
        Ranking.of(np.array([0, 1]), np.zeros(3))
