"""Accuracy of every gene, and what it comes to over genes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import scipy.stats

from meristem.expression.questions.holdouts import Holdout
from meristem.records import FloatArray, StrArray
from meristem.runs.tasks import Arrays
from meristem.stats.bootstrap import draw_counts, percentile_interval
from meristem.stats.correlation import MIN_ROWS, columnwise_r

STRATA = ((-0.01, 0.05), (0.05, 0.15), (0.15, 0.3), (0.3, 0.5), (0.5, 1.0))
"""Bounds of the share of variance near the gene, as estimated in training."""
N_DRAW = 1000


def gene_scores(
    results: Sequence[tuple[Holdout, Arrays]],  # of one question and model
    gene: StrArray,  # (n_gene,)
) -> pd.DataFrame:
    """Score every gene over all that one question holds out.

    Columns: gene, n, r and rho (Pearson and Spearman within folds, averaged: what
    models are judged by), r_pooled (over all lines of a repeat: below 0 where there is
    nothing to predict, since the mean of the training lines, all that is predicted
    then, lies against that of the lines left out), r2 (pooled, 1 - SSE / SST, may be
    negative), sign (share of lines on the side of the training mean that was
    predicted), cis and polygenic (shares of variance in training).
    """
    n_gene = gene.size
    repeats = sorted({held.repeat for held, _ in results})
    rows = [_pooled([x for x in results if x[0].repeat == k], n_gene) for k in repeats]
    frame = pd.DataFrame({"gene": gene, "n": rows[0]["n"]})
    frame["r"] = _mean([(held, _fold_r(a)) for held, a in results], n_gene)
    frame["r_pooled"] = np.mean([row["r_pooled"] for row in rows], axis=0)
    frame["rho"] = _mean([(held, _fold_rho(a)) for held, a in results], n_gene)
    for name in ("r2", "sign"):
        frame[name] = np.mean([row[name] for row in rows], axis=0)
    for name in ("cis", "polygenic"):
        frame[name] = _mean([(held, a[name]) for held, a in results], n_gene)
    return frame


def _fold_r(arrays: Arrays) -> FloatArray:  # (n_test_gene,)
    """Return r within a fold; 0 of a constant prediction, NaN of too few lines."""
    return columnwise_r(np.nan_to_num(arrays["predicted"]), arrays["observed"])


def _fold_rho(arrays: Arrays) -> FloatArray:  # (n_test_gene,)
    observed = arrays["observed"]
    predicted = np.where(np.isnan(observed), np.nan, arrays["predicted"])
    return columnwise_r(np.nan_to_num(_ranks(predicted)), _ranks(observed))


def _pooled(
    results: Sequence[tuple[Holdout, Arrays]], n_gene: int
) -> dict[str, FloatArray]:
    n_line = 1 + max(int(held.test_lines.max()) for held, _ in results)
    predicted = np.full((n_line, n_gene), np.nan)
    observed, centre = predicted.copy(), predicted.copy()
    for held, arrays in results:
        place = np.ix_(held.test_lines, held.test_genes)
        predicted[place] = arrays["predicted"]
        observed[place] = arrays["observed"]
        centre[place] = arrays["centre"]
    observed = np.where(np.isnan(predicted), np.nan, observed)
    seen = ~np.isnan(observed)
    mean = np.nansum(observed, axis=0) / np.maximum(seen.sum(axis=0), 1)
    lost = np.nansum((observed - predicted) ** 2, axis=0)
    total = np.nansum((observed - mean) ** 2, axis=0)
    moved = (predicted != centre) & seen
    agree = np.sign(predicted - centre) == np.sign(observed - centre)
    found = {
        "n": seen.sum(axis=0),
        "r_pooled": columnwise_r(np.nan_to_num(predicted), observed),
        "r2": 1 - lost / np.where(total > 0, total, np.nan),
        "sign": (agree & moved).sum(axis=0) / np.maximum(moved.sum(axis=0), 1),
    }
    found["sign"] = np.where(moved.any(axis=0), found["sign"], np.nan)
    return found


def _ranks(x: FloatArray) -> FloatArray:
    return np.asarray(scipy.stats.rankdata(x, axis=0, nan_policy="omit"))


def _mean(
    results: Iterable[tuple[Holdout, FloatArray]], n_gene: int
) -> FloatArray:  # (n_gene,) over folds in which the gene has a value
    total, count = np.zeros(n_gene), np.zeros(n_gene)
    for held, value in results:
        known = ~np.isnan(value)
        total[held.test_genes[known]] += value[known]
        count[held.test_genes[known]] += 1
    return total / np.where(count > 0, count, np.nan)


def strength_of(scores: pd.DataFrame) -> pd.Series:
    """Return the share of variance near every gene that training saw, by gene.

    Of the model that splits it from the rest, if there is one.
    """
    own = scores[scores["question"] == "new_lines"]
    for model in ("cis_polygenic", "cis_polygenic_published", "cis_ridge"):
        found = own[own["model"] == model]
        if len(found):
            return found.set_index("gene")["cis"]
    return pd.Series(np.nan, index=own["gene"].unique(), dtype=float)


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Return medians, means and shares of genes: all, and by strength near the gene.

    Columns: question, model, strength, genes, then median and mean of r and r_pooled,
    shares of genes with r above 0 and above .3 (and pooled), median rho, r2 and sign.
    """
    strength = strength_of(scores)
    rows = []
    for (question, model), own in scores.groupby(["question", "model"], sort=False):
        share = own["gene"].map(strength)
        parts = [("all", own)]
        for low, high in STRATA:
            name = f"{max(low, 0):.2f}-{high:.2f}"
            parts.append((name, own[(share > low) & (share <= high)]))
        rows += [
            {"question": question, "model": model, "strength": name, **_over(part)}
            for name, part in parts
            if len(part)
        ]
    return pd.DataFrame(rows)


def _over(part: pd.DataFrame) -> dict[str, float]:
    # a gene without any variant is predicted by its mean: r of 0, not left out
    r, pooled = part["r"].fillna(0.0), part["r_pooled"].fillna(0.0)
    return {
        "genes": len(part),
        "median_r": r.median(),
        "mean_r": r.mean(),
        "above_0": (r > 0).mean(),
        "above_0.3": (r > 0.3).mean(),
        "median_r_pooled": pooled.median(),
        "mean_r_pooled": pooled.mean(),
        "above_0_pooled": (pooled > 0).mean(),
        "above_0.3_pooled": (pooled > 0.3).mean(),
        "median_rho": part["rho"].median(),
        "median_r2": part["r2"].median(),
        "median_sign": part["sign"].median(),
    }


def compare(
    scores: pd.DataFrame, contig: pd.Series, rng: np.random.Generator
) -> pd.DataFrame:
    """Compare every model with every earlier one over the genes of a question.

    Columns: question, model, against, genes, difference (mean r), low, high
    (95 %, chromosomes drawn with replacement where there are five, else genes), better
    (share of genes), p (Wilcoxon signed ranks; genes of one pathway are no independent
    witnesses, so the interval counts).
    """
    rows = []
    for question, own in scores.groupby("question", sort=False):
        table = own.pivot(index="gene", columns="model", values="r").fillna(0.0)
        order = list(own["model"].unique())
        unit = contig.reindex(table.index).fillna("").to_numpy(np.str_)
        if np.unique(unit).size < MIN_ROWS:
            unit = table.index.to_numpy(np.str_)
        counts = draw_counts((unit,), N_DRAW, rng)
        for place, model in enumerate(order):
            for against in order[:place]:
                gap = (table[model] - table[against]).to_numpy()
                drawn = counts @ gap / counts.sum(axis=1)
                low, high = percentile_interval(drawn, 0.95)
                p = 1.0
                if (gap != 0).any():
                    p = float(scipy.stats.wilcoxon(gap).pvalue)
                rows.append(
                    {
                        "question": question,
                        "model": model,
                        "against": against,
                        "genes": gap.size,
                        "difference": gap.mean(),
                        "low": low,
                        "high": high,
                        "better": (gap > 0).mean(),
                        "p": p,
                    }
                )
    columns = "question model against genes difference low high better p".split()
    return pd.DataFrame(rows, columns=columns)
