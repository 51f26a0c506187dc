"""The mixture of `auto` in fits of GBLUP, and its forest beside scikit-learn's.

Both sides in one run, one thread, process CPU time.

    python benchmarks/speed/mixed/mixture.py --json mixture.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from linear import goal, seconds
from sklearn.ensemble import RandomForestRegressor
from threadpoolctl import threadpool_limits

from meristem.config.models import AutoOptions, GBLUPOptions
from meristem.models.catalog import build, cost
from meristem.models.costs.speed import slowness
from meristem.models.trees.grow import Growth, grow_forest
from meristem.records import Dataset, Genotypes, Phenotypes, VariantTable

SHAPES = {"panel": (480, 1_300), "large": (600, 10_000)}
TREES = 50


def lines(n: int, p: int) -> Dataset:
    """Return inbred lines with a trait of many effects, half of the variance."""
    rng = np.random.default_rng(2)
    dosage = (2 * rng.binomial(1, rng.uniform(0.05, 0.5, p), (n, p))).astype(np.int8)
    value = dosage @ rng.normal(size=p)
    value = value / value.std() + rng.normal(size=n)
    name = np.arange(n).astype(str)
    table = VariantTable(
        np.arange(p).astype(str),
        np.full(p, "1"),
        np.arange(1, p + 1),
        np.full(p, "A"),
        np.full(p, "C"),
    )
    single = np.array(["trait"]), np.array([""])
    known = Phenotypes(name, *single, value[:, None], np.ones((n, 1)))
    return Dataset(Genotypes(name, table, dosage), known)


def fit_of(options, dataset):
    """Return a fit as something to call."""
    model = build(options)
    return lambda: model.fit(dataset, rng=np.random.default_rng(0))


def mixtures(repeats: int) -> list[dict]:
    """Return the cost of `auto`, in fits of GBLUP and beside what `check` says."""
    rows = []
    for name, (n, p) in SHAPES.items():
        dataset, options = lines(n, p), AutoOptions()
        fit_of(options, dataset.take(np.arange(40)))()  # imports
        spent = seconds(fit_of(options, dataset), repeats)
        once = seconds(fit_of(GBLUPOptions(), dataset), 5)
        said = cost(options, dataset, None).seconds * slowness()
        what = f"auto without network, {n} x {p:,}"
        if name == "panel":
            fits = f"{what}, in fits of GBLUP"
            rows.append(goal(40, fits, spent / once, 40, "x", at_least=False))
        else:
            rows.append(goal(40, what, spent, 60, "s", at_least=False))
        off = max(said / spent, spent / said)
        rows.append(
            goal(40, f"{what}, off what check says", off, 2, "x", at_least=False)
        )
    return rows


def forests(repeats: int) -> list[dict]:
    """Return how much faster trees of dosages grow than trees of any numbers."""
    rows = []
    for n, p in ((480, 4_300), SHAPES["large"]):
        dataset = lines(n, p)
        dosage = dataset.genotypes.call_dosage
        y = dataset.phenotypes.value[:, 0]
        growth = Growth(trees=TREES, max_features=0.1, min_leaf=3)
        rival = RandomForestRegressor(
            TREES, max_features=0.1, min_samples_leaf=3, oob_score=True, random_state=0
        )
        x, weight = dosage.astype(np.float32), np.ones(n)

        def own(dosage=dosage, y=y, weight=weight, growth=growth):
            return grow_forest(dosage, y, weight, growth, np.random.default_rng(0))

        ours = seconds(own, repeats)
        theirs = seconds(lambda x=x, y=y, rival=rival: rival.fit(x, y), repeats)
        what = f"forest {n} x {p:,}, scikit-learn / ours"
        rows.append(goal(41, what, theirs / ours, 1.5, "x", at_least=True))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    with threadpool_limits(limits=1):
        rows = mixtures(chosen.repeats) + forests(chosen.repeats)
    if chosen.json:
        chosen.json.write_text(json.dumps({"goals": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
