"""Pairs of wheat environments, lines tested in one of two, beside published figures.

Cuevas et al. 2016, Plant Genome 9(3), Table 1: means of 50 random partitions. Here 180
of 599 lines are tested in one environment of the pair alone, half of them in each; the
correlation is that of the cells left out, within environments.

    python -m benchmarks.accuracy.trials.wheat_pairs DATA OUT --partitions 50
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import pandas as pd
from bed_reader import open_bed

from meristem.genetics.distance import gaussian, scaled_distance
from meristem.mixed.reml import decompose, estimate, precision
from meristem.mixed.trials.covariance import Unstructured
from meristem.mixed.trials.fit import fit_trials
from meristem.mixed.trials.likelihood import Records

PUBLISHED = {  # GBLUP, RKHS with an averaged kernel, per environment of the pair
    (2, 3): ((0.650, 0.576), (0.689, 0.673)),
    (2, 4): ((0.542, 0.493), (0.523, 0.551)),
    (3, 4): ((0.461, 0.498), (0.498, 0.563)),
}


def read_wheat(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with open_bed(str(folder / "genotypes.bed")) as bed:
        dosage, line = bed.read(dtype="float64"), bed.iid.astype(str)
    table = pd.read_csv(folder / "phenotypes.csv.gz", dtype={"line": str})
    wide = table.pivot(index="line", columns="env", values="grain_yield_std")
    return dosage, wide.loc[line].to_numpy()


def kernels(dosage: np.ndarray) -> dict[str, np.ndarray]:
    z = (dosage - dosage.mean(axis=0)) / dosage.std(axis=0, ddof=1)
    linear = z @ z.T / z.shape[1]
    distance, _ = scaled_distance(z @ z.T)
    return {"linear": linear, "gaussian": gaussian(distance, 1.0)}


def together(
    kernel: np.ndarray, y: np.ndarray, hidden: np.ndarray, residual: bool = True
) -> np.ndarray:
    """Return predictions of all cells by unstructured covariances."""
    n, t = y.shape
    line, place = np.nonzero(~hidden)
    records = Records(line, place, y[line, place], np.ones(line.size), t)
    free = Unstructured(t)
    fit = fit_trials(records, kernel, free, free, errors=False)
    weight = np.zeros((n, t))
    weight[line, place] = fit.dual
    off = fit.residual * (1 - np.eye(t)) * residual
    return kernel @ weight @ fit.genetic + weight @ off


def alone(kernel: np.ndarray, y: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return predictions of all cells, environment by environment."""
    found = np.empty(y.shape)
    for t in range(y.shape[1]):
        seen = np.flatnonzero(~hidden[:, t])
        split, ones = decompose(kernel[np.ix_(seen, seen)]), np.ones((seen.size, 1))
        fit = estimate(split, y[seen, t], ones)
        dual = fit.genetic * precision(split, ones, fit).apply(y[seen, t])
        found[:, t] = kernel[:, seen] @ dual
    return found


def partitions(n: int, t: int, number: int) -> list[np.ndarray]:
    """Return masks: 180 lines, each hidden in one environment, equally often."""
    found = []
    for seed in range(number):
        rng = np.random.default_rng([2016, seed])
        chosen = rng.permutation(n)[: 180 - 180 % t]
        hidden = np.zeros((n, t), dtype=bool)
        hidden[chosen, np.arange(chosen.size) % t] = True
        found.append(hidden)
    return found


def compare(
    y: np.ndarray, kernel: dict, number: int, questions: list[tuple[int, ...]]
) -> list[tuple]:
    rows = []
    for places in questions:
        own = y[:, np.array(places) - 1]
        for seed, hidden in enumerate(partitions(y.shape[0], len(places), number)):
            for name, among in kernel.items():
                ways = {
                    "alone": alone(among, own, hidden),
                    "together": together(among, own, hidden),
                }
                for way, value in ways.items():
                    for t, place in enumerate(places):
                        cells = hidden[:, t]
                        r = np.corrcoef(value[cells, t], own[cells, t])[0, 1]
                        pair = "-".join(map(str, places))
                        rows.append((pair, place, name, way, seed, r))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--partitions", type=int, default=50)
    parser.add_argument("--four", action="store_true", help="all four environments")
    asked = parser.parse_args()
    dosage, y = read_wheat(asked.data)
    questions: list[tuple[int, ...]] = [*PUBLISHED]
    if asked.four:
        questions = [(1, 2, 3, 4)]
    rows = compare(y, kernels(dosage), asked.partitions, questions)
    columns = ["environments", "environment", "kernel", "model", "partition", "r"]
    frame = pd.DataFrame(rows, columns=columns)
    table = frame.groupby(columns[:4])["r"].agg(["mean", "sem", "count"]).reset_index()
    asked.out.mkdir(parents=True, exist_ok=True)
    table.round(4).to_csv(
        asked.out / "results.csv", index=False, quoting=csv.QUOTE_MINIMAL
    )
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
