import numpy as np
import pandas as pd
from benchmarks.accuracy.expression import planted


def test_heads_are_judged_apart_on_the_three_questions(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(planted, "N_LINE", 60)
    monkeypatch.setattr(planted, "N_GENE", 40)
    monkeypatch.setattr(planted, "FOLDS", 2)
    text = planted.run_planted(
        tmp_path / "out", models=("ridge", "shared_ridge"), seed=3
    )
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    own = table[table["model"] == "shared_ridge"]
    assert set(own["question"]) == {"new lines", "new genes", "both new"}
    assert set(table.loc[table["model"] == "ridge", "question"]) == {"new lines"}
    mean = table.groupby(["model", "question"])["median"].mean()
    assert mean["ridge", "new lines"] > 0.6
    assert abs(mean["ridge permuted", "new lines"]) < 0.3
    assert "new genes" in text
    again = planted.run_planted(
        tmp_path / "out", models=("ridge", "shared_ridge"), seed=3
    )
    assert again == text


def test_constant_predictions_count_as_zero() -> None:
    genetic = np.array([[0.0, 1, 2, 5, 3], [1, 1, 1, 1, 1], [2, 1, 1, 3, 0]]).T
    predicted = np.stack([genetic[:, 0] * 2, np.arange(5), np.full(5, 7.0)], axis=1)
    np.testing.assert_allclose(planted._r(predicted, genetic), [1, 0])
