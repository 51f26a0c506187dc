import numpy as np
import pandas as pd
import pytest
import scipy.stats

from meristem.expression.questions.holdouts import line_holdouts
from meristem.expression.questions.scores import (
    compare,
    gene_scores,
    strength_of,
    summarise,
)


def _results(seed=1, n=24, genes=5, repeats=2):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(n, genes))
    y[3, 1] = np.nan
    found = []
    for held in line_holdouts(n, genes, folds=3, repeats=repeats, seed=4):
        own = y[held.test_lines]
        predicted = np.nan_to_num(own) + rng.normal(size=own.shape)
        predicted[:, 4] = 0.25
        found.append(
            (
                held,
                {
                    "observed": own,
                    "predicted": predicted,
                    "centre": np.array([0.0, 0.1, 0.0, 0.0, 0.25]),
                    "cis": np.array([0.1, 0.2, np.nan, 0.4, 0.6]),
                    "polygenic": np.full(genes, np.nan),
                },
            )
        )
    return found, y


def test_scores_are_those_of_plain_formulas() -> None:
    results, y = _results()
    frame = gene_scores(results, np.array(list("abcde"))).set_index("gene")
    r, pooled, rho, r2, sign = [], [], [], [], []
    for repeat in range(2):
        own = [x for x in results if x[0].repeat == repeat]
        p = np.empty(24)
        for held, arrays in own:
            p[held.test_lines] = arrays["predicted"][:, 0]
            told, truth = arrays["predicted"][:, 0], y[held.test_lines, 0]
            r.append(np.corrcoef(told, truth)[0, 1])
            rho.append(scipy.stats.spearmanr(told, truth)[0])
        pooled.append(np.corrcoef(p, y[:, 0])[0, 1])
        total = ((y[:, 0] - y[:, 0].mean()) ** 2).sum()
        r2.append(1 - ((p - y[:, 0]) ** 2).sum() / total)
        sign.append(np.mean(np.sign(p) == np.sign(y[:, 0])))
    row = frame.loc["a"]
    assert row["r"] == pytest.approx(np.mean(r))
    assert row["r_pooled"] == pytest.approx(np.mean(pooled))
    assert row["rho"] == pytest.approx(np.mean(rho))
    assert row["r2"] == pytest.approx(np.mean(r2))
    assert row["sign"] == pytest.approx(np.mean(sign))
    assert frame.loc["b", "n"] == 23
    # a constant tells nothing: r of 0, and no side to take
    assert frame.loc["e", "r"] == 0
    assert np.isnan(frame.loc["e", "sign"])
    assert frame["cis"].tolist() == pytest.approx(
        [0.1, 0.2, np.nan, 0.4, 0.6], nan_ok=True
    )


def _scores():
    rng = np.random.default_rng(2)
    frames = []
    for model, shift in (("cis_top", 0.0), ("cis_polygenic", 0.2)):
        r = rng.uniform(0, 0.5, 60) + shift
        frames.append(
            pd.DataFrame(
                {
                    "question": "new_lines",
                    "model": model,
                    "gene": [f"g{i}" for i in range(60)],
                    "n": 20,
                    "r": r,
                    "r_pooled": r - 0.05,
                    "rho": r,
                    "r2": r**2,
                    "sign": 0.6,
                    "cis": np.linspace(0, 0.9, 60) if shift else np.nan,
                    "polygenic": 0.1,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def test_strength_is_that_of_the_model_that_splits_it() -> None:
    scores = _scores()
    assert strength_of(scores)["g59"] == pytest.approx(0.9)
    table = summarise(scores)
    own = table[(table["model"] == "cis_top") & (table["strength"] != "all")]
    assert own["genes"].sum() == 60
    whole = table[(table["model"] == "cis_polygenic") & (table["strength"] == "all")]
    r = scores.loc[scores["model"] == "cis_polygenic", "r"]
    assert whole["median_r"].item() == pytest.approx(r.median())
    assert whole["above_0.3"].item() == pytest.approx((r > 0.3).mean())


def test_models_are_compared_over_the_same_genes() -> None:
    scores = _scores()
    contig = pd.Series([f"c{i % 7}" for i in range(60)], [f"g{i}" for i in range(60)])
    row = compare(scores, contig, np.random.default_rng(1)).iloc[0]
    wide = scores.pivot(index="gene", columns="model", values="r")
    gap = wide["cis_polygenic"] - wide["cis_top"]
    assert (row["model"], row["against"]) == ("cis_polygenic", "cis_top")
    assert row["difference"] == pytest.approx(gap.mean())
    assert row["low"] < gap.mean() < row["high"]
    assert row["p"] == pytest.approx(scipy.stats.wilcoxon(gap).pvalue)
