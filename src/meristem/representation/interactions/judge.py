"""Predictor and rivals on pairs of proteins that training never saw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from meristem.config.interactions import InteractionsConfig
from meristem.representation.interactions.pairs import NEW, Fold, Pairs
from meristem.representation.interactions.predictor import fit_predictor
from meristem.representation.interactions.proteins import Proteins
from meristem.representation.interactions.rivals import degree_score, similarity_score
from meristem.stats.classes import auc
from meristem.stats.intervals import mean_interval
from meristem.stats.metrics import spearman

MODELS = ("predictor", "degree", "similarity")
_LEAST = 10  # pairs of a class, of both kinds, without which nothing is said


def held_out(
    config: InteractionsConfig,
    proteins: Proteins,
    pairs: Pairs,
    folds: list[Fold],
    *,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
) -> pd.DataFrame:
    """Return one row per held-out pair: its level and what each model says.

    A pair of proteins of two folds is held out in both, one of its proteins new.
    """
    rows = []
    name = proteins.name
    for number, fold in enumerate(folds):
        progress(number, len(folds))
        train = pairs.take(fold.train)
        if train.level.min(initial=1) > 0 or train.n_level == 0:
            continue
        fitted = fit_predictor(
            proteins.features,
            train,
            hidden=config.hidden,
            epochs=config.epochs,
            seeds=config.seeds,
            rng=rng,
        )
        for kind in NEW:
            test = pairs.take(fold.test[kind])
            ends = test.first, test.second
            chance = fitted.chances(proteins.features, *ends)
            rows.append(
                pd.DataFrame(
                    {
                        "protein_1": name[test.first],
                        "protein_2": name[test.second],
                        "fold": number,
                        "new": kind,
                        "level": test.level,
                        "chance": chance[:, 0],
                        "predictor": chance.sum(axis=1),
                        "degree": degree_score(train, name.size, *ends),
                        "similarity": similarity_score(
                            train, proteins.similarity, *ends
                        ),
                    }
                )
            )
    progress(len(folds), len(folds))
    return pd.concat(rows, ignore_index=True)


def score_pairs(said: pd.DataFrame) -> pd.DataFrame:
    """Return AUC (recorded or not) and rank correlation with the level, by class.

    Means over folds; `beyond` is the paired difference of the AUC of the predictor to
    each rival with its 95 % interval.
    """
    cells = []
    for (kind, fold), rows in said.groupby(["new", "fold"], sort=True):
        level = rows["level"].to_numpy(dtype=np.float64)
        real = np.where(level > 0, 1.0, 0.0)
        if min(real.sum(), (1 - real).sum()) < _LEAST:
            continue
        for model in MODELS:
            value = rows[model].to_numpy()
            flat = np.ptp(value) == 0
            rank = 0.0 if flat else spearman(level, value)
            cells.append((kind, fold, model, auc(real, value), rank, len(rows)))
    table = pd.DataFrame(
        cells, columns=["new", "fold", "model", "auc", "spearman", "n_pair"]
    )
    found = []
    for kind in [k for k in NEW if k in set(table["new"])]:
        own = table[table["new"] == kind].drop(columns="new")
        here = own.pivot(index="fold", columns="model")
        for model in MODELS:
            gap = (here["auc"]["predictor"] - here["auc"][model]).to_numpy()
            beyond, low, high = mean_interval(gap if model != "predictor" else ())
            found.append(
                {
                    "new": kind,
                    "model": model,
                    "auc": here["auc"][model].mean(),
                    "spearman": here["spearman"][model].mean(),
                    "beyond": beyond,
                    "low": low,
                    "high": high,
                    "n_pair": int(here["n_pair"][model].sum()),
                    "n_fold": gap.size,
                }
            )
    return pd.DataFrame(found)


def verdict(scores: pd.DataFrame) -> str:
    """Say whether the predictor is above both rivals on pairs of two new proteins."""
    if scores.empty:
        return "too few held-out pairs to tell anything"
    kind = NEW[1] if NEW[1] in set(scores["new"]) else NEW[0]
    here = scores[scores["new"] == kind].set_index("model")
    rivals = here.loc[["degree", "similarity"]]
    best = str(rivals["auc"].idxmax())
    reached = here["auc"].to_dict()
    told = (
        f"pairs with {kind}: AUC {float(reached['predictor']):.3f} against "
        f"{float(reached[best]):.3f} of {best}"
    )
    if (rivals["low"] > 0).all():
        return f"{told}: the sequences add something"
    return f"{told}: not told apart from the baseline, or below it"
