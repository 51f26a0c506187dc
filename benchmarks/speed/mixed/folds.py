"""GBLUP with REML in five folds, predictions and their errors, beside rivals.

All sides in one run, one thread, process CPU time; the rivals get the same folds.
`fixed` is the least that a GBLUP can do: one kernel product per fold and one Cholesky
at a given lambda, no variance components, no errors. `ridge_cv` is scikit-learn's
RidgeCV with 20 penalties by leave-one-out in float32. The GBLUP of gsbench (a given
lambda) and of genoselect (REML) take part where these packages are installed.

    python benchmarks/speed/mixed/folds.py --json folds.json
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.linalg
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits

from meristem.config.models import GBLUPOptions
from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.evaluate.crossval import cross_validate
from meristem.genetics.products import with_products
from meristem.models.linear.gblup import GBLUP
from meristem.records import Dataset, Genotypes, Phenotypes, VariantTable
from meristem.stats.folds import random_splits

PEERS = {"gsbench": "models.gblup", "genoselect": "gblup"}
SHAPES = {"soynam": (2_000, 4_329), "wide": (2_000, 50_000)}


def panel(n, p, seed=11):
    """Return dosages and a phenotype of h2 one half, as a data set."""
    rng = np.random.default_rng(seed)
    calls = rng.binomial(2, rng.uniform(0.1, 0.9, p), (n, p)).astype(np.int8)
    g = (calls[:, :200] - 1.0) @ rng.normal(size=200)
    y = g / g.std() + rng.normal(size=n)
    ids = np.array([f"l{i}" for i in range(n)])
    blank = np.full(p, "")
    names = np.array([f"m{j}" for j in range(p)])
    table = VariantTable(names, blank, np.zeros(p, dtype=np.int64), blank, blank)
    one = np.array(["y"]), np.array([""])
    phenotypes = Phenotypes(ids, *one, y[:, None], np.ones((n, 1)))
    return Dataset(Genotypes(ids, table, calls), phenotypes)


def ours(dataset, splits):
    shared = replace(dataset, genotypes=with_products(dataset.genotypes))
    model = (("gblup", GBLUP(GBLUPOptions())),)
    found = cross_validate(
        shared, model, splits, config=EvaluateConfig(), filters=FilterConfig(), seed=1
    )
    return [result.predicted[:, 0] for result in found.results]


def fixed(dataset, splits):
    calls, y = dataset.genotypes.call_dosage, dataset.phenotypes.value[:, 0]
    found = []
    for split in splits:
        z = calls[split.train].astype(np.float32)
        mean = z.mean(axis=0)
        z -= mean
        kernel = (z @ z.T).astype(np.float64)
        kernel /= np.trace(kernel) / kernel.shape[0]
        centre = y[split.train].mean()
        kernel.flat[:: kernel.shape[0] + 1] += 1.0
        factor = scipy.linalg.cho_factor(kernel, overwrite_a=True)
        dual = scipy.linalg.cho_solve(factor, y[split.train] - centre)
        scale = float((z * z).sum()) / z.shape[0]
        effect = z.T @ dual.astype(np.float32) / scale
        found.append(centre + (calls[split.test] - mean) @ effect)
    return found


def ridge_cv(dataset, splits):
    calls, y = dataset.genotypes.call_dosage, dataset.phenotypes.value[:, 0]
    found = []
    for split in splits:
        z = calls[split.train].astype(np.float32)
        mean = z.mean(axis=0)
        z -= mean
        alphas = float(z.var(axis=0).sum()) * np.logspace(-2, 2, 20)
        centre = y[split.train].mean()
        model = RidgeCV(alphas=alphas, fit_intercept=False)
        model.fit(z, (y[split.train] - centre).astype(np.float32))
        found.append(centre + model.predict(calls[split.test] - mean.astype("f4")))
    return found


def peer(module, name):
    """Return the folds by a peer's own model, or None where it is not installed."""
    if importlib.util.find_spec(module.split(".")[0]) is None:
        return None
    made = getattr(importlib.import_module(module), name)

    def work(dataset, splits):
        calls = dataset.genotypes.call_dosage.astype(float)
        y = dataset.phenotypes.value[:, 0]
        found = []
        for split in splits:
            model = made()
            model.fit(calls[split.train], y[split.train])
            found.append(model.predict(calls[split.test]))
        return found

    return work


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--shape", choices=[*SHAPES], nargs="*", default=[*SHAPES])
    asked = parser.parse_args()
    rows = []
    for name in asked.shape:
        dataset = panel(*SHAPES[name])
        splits = random_splits(dataset.n_sample, 5, np.random.default_rng(2))
        sides = {"ours": ours, "fixed": fixed, "ridge_cv": ridge_cv}
        for rival in ("gsbench", "genoselect"):
            if (work := peer(f"{rival}.{PEERS[rival]}", "GBLUP")) is not None:
                sides[rival] = work
        spent = {side: [] for side in sides}
        with threadpool_limits(limits=1):
            for _ in range(asked.repeats):
                for side, work in sides.items():
                    start = time.process_time()
                    guess = work(dataset, splits)
                    spent[side].append(time.process_time() - start)
                    y = dataset.phenotypes.value[:, 0]
                    r = [
                        np.corrcoef(y[s.test], g)[0, 1]
                        for s, g in zip(splits, guess, strict=True)
                    ]
                    print(name, side, f"{spent[side][-1]:.2f} s, r {np.mean(r):.4f}")
        median = {side: float(np.median(t)) for side, t in spent.items()}
        for side in [side for side in sides if side != "ours"]:
            ratio = median["ours"] / median[side]
            print(f"{name}: ours / {side} = {ratio:.2f}")
            row = {"shape": name, "rival": side, "ratio": ratio, **median}
            rows.append({**row, "repeats": asked.repeats})
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
