"""Scores of variants as priors of a genomic model, where the causal ones are known.

Inbred lines of `simulate regulatory`: promoter variants change the occupancy of motifs,
through expression the trait. True scores are those of the factors' own motifs; diluted
scores stand for a collection of motifs most of which the trait knows nothing of: nine
random variants for every true one have a score drawn from the true ones. Test lines are
scored on their genetic value. Every cell is written as it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.accuracy.cells import Progress, Row, open_table, refuse_unknown, untold
from benchmarks.accuracy.figures import correlation, mean_interval, number
from meristem.config.models import (
    BayesOptions,
    GBLUPOptions,
    ModelOptions,
    PriorOptions,
    WeightedGBLUPOptions,
)
from meristem.models.catalog import build
from meristem.records import Dataset, Phenotypes
from meristem.sequence.simulation.regulatory import (
    TRAIT,
    RegulatoryConfig,
    RegulatoryPanel,
    simulate_regulatory,
)
from meristem.stats.folds import random_splits

MODELS = ("gblup", "gwablup", "no-prior", "true", "diluted", "permuted")
BAYES = ("bayes", "bayes-true", "bayes-diluted", "bayes-permuted")
"""BayesC, alone and with classes of variants by scores."""
KEY = ("replicate", "n", "share", "model")
COLUMNS = (*KEY, "r", "chosen")
SUMMARY = (
    *("n", "share", "model", "replicates", "r", "low", "high"),
    *("gain", "gain_low", "gain_high", "least_gain"),
)
_DECOYS = 9
_SHORT: dict[str, Any] = {
    "included": 0.01,
    **{"chains": 2, "burn_in": 500, "thin": 2, "draws": 200, "most_draws": 200},
}
"""Few of many variants act; chains are not prolonged."""


def run_priors(
    n: Sequence[int],
    replicates: int,
    out: Path,
    seed: int = 7000,
    *,
    shares: Sequence[float] = (0.7, 0.3),
    models: Sequence[str] = MODELS,
    n_test: int = 300,
    progress: Progress = untold,
) -> str:
    """Fit every model in every cell and write `results.csv` and `summary.csv`.

    Parameters
    ----------
    n
        Training sizes.
    replicates
        Panels, each with a seed of its own.
    seed
        Of the first panel.
    shares
        Of the genetic variance that runs through motifs.
    models
        Some of `MODELS` and `BAYES`; `no-prior` is the weighted model with GBLUP as
        its only candidate.
    n_test
        Test lines.

    Returns
    -------
    str
        Mean correlation with the genetic value and gain over GBLUP, as a table.
    """
    refuse_unknown(models, MODELS + BAYES, "models")
    results = open_table(out, {"seed": seed, "n_test": n_test}, COLUMNS, KEY)
    settings = [
        (replicate, size, share)
        for replicate in range(1, replicates + 1)
        for size in n
        for share in shares
    ]
    for done, (replicate, size, share) in enumerate(settings):
        cells: list[Row] = [
            {
                "replicate": str(replicate),
                "n": str(size),
                "share": f"{share:g}",
                "model": model,
            }
            for model in models
        ]
        missing = [cell for cell in cells if not results.holds(cell)]
        if missing:
            results.add(_rows(missing, size, share, n_test, seed + replicate))
        progress(done + 1, len(settings))
    summary = _summary(results.rows)
    results.summarise(SUMMARY, summary)
    return _text(summary)


def _rows(cells: list[Row], n: int, share: float, n_test: int, seed: int) -> list[Row]:
    config = RegulatoryConfig(n_train=n, n_test=n_test, regulatory_share=share)
    panel = simulate_regulatory(config, rng=np.random.default_rng(seed))
    rows = []
    with TemporaryDirectory() as folder:
        for cell in cells:
            rng = np.random.default_rng(seed)
            options = _options(cell["model"], panel, Path(folder), rng)
            r, chosen = _fit(options, panel, seed)
            rows.append({**cell, "r": number(r), "chosen": chosen})
    return rows


def _options(
    model: str, panel: RegulatoryPanel, folder: Path, rng: np.random.Generator
) -> ModelOptions:
    if model == "gblup":
        return GBLUPOptions()
    if model == "gwablup":
        return WeightedGBLUPOptions()
    if model == "bayes":
        return BayesOptions(**_SHORT)
    names, score = panel.scores.variant_id, np.abs(panel.scores.score)
    if model.endswith("diluted"):
        every = panel.train.variants.variant_id
        others = np.setdiff1d(every, names)
        decoys = rng.choice(others, _DECOYS * names.size, replace=False)
        names = np.concatenate([names, decoys])
        score = np.concatenate([score, rng.choice(score, decoys.size)])
    lines = (f"{v}\t{s:.6g}\n" for v, s in zip(names, score, strict=True))
    path = folder / f"{model}.tsv"
    path.write_text("variant\tscore\n" + "".join(lines), encoding="utf-8")
    if model == "no-prior":
        return PriorOptions(scores=path, shares=(0.0,))
    permuted = model.endswith("permuted")
    if model in BAYES:
        return BayesOptions(
            annotation="scores", scores=path, permuted=permuted, **_SHORT
        )
    return PriorOptions(scores=path, permuted=permuted)


def _fit(options: ModelOptions, panel: RegulatoryPanel, seed: int) -> tuple[float, str]:
    n = panel.train.n_sample
    phenotypes = Phenotypes(
        panel.train.sample_id,
        np.array([TRAIT]),
        np.array([""]),
        panel.trait[:, None],
        np.ones((n, 1)),
    )
    inner = random_splits(n, 5, np.random.default_rng(seed))
    fitted = build(options, None).fit(
        Dataset(panel.train, phenotypes), rng=np.random.default_rng(seed), inner=inner
    )
    predicted = fitted.predict(panel.test).value[:, 0]
    chosen = getattr(fitted, "tuning", {}).get("share", [""])[0]
    return correlation(predicted, panel.truth.genetic[n:]), str(chosen)


def _summary(rows: list[Row]) -> list[Row]:
    value = {tuple(row[name] for name in KEY): float(row["r"]) for row in rows}
    found = []
    for n, share, model in dict.fromkeys(
        (r["n"], r["share"], r["model"]) for r in rows
    ):
        here = [key for key in value if key[1:] == (n, share, model)]
        r = [value[key] for key in here]
        gain = [
            value[key] - value[*key[:3], "gblup"]
            for key in here
            if (*key[:3], "gblup") in value
        ]
        figures = (*mean_interval(r), *mean_interval(gain), min(gain, default=np.nan))
        names = SUMMARY[4:]
        cells = {
            name: number(figure) for name, figure in zip(names, figures, strict=True)
        }
        found.append(
            {"n": n, "share": share, "model": model, "replicates": str(len(r)), **cells}
        )
    return found


def _text(summary: list[Row]) -> str:
    lines = [
        "| lines | share | model | r | 95 % | gain over GBLUP | 95 % | least |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in summary:
        r, low, high, gain, gain_low, gain_high, least = (
            f"{float(row[name] or 'nan'):.3f}" for name in SUMMARY[4:]
        )
        lines.append(
            f"| {row['n']} | {row['share']} | {row['model']} | {r} | {low} to {high} | "
            f"{gain} | {gain_low} to {gain_high} | {least} |"
        )
    return "\n".join(lines)
