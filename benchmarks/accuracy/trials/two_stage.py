"""Adjusted means with the covariance of their errors, or with weights alone.

Lines in incomplete blocks, of known variances. Stage 1 gives means of lines (fixed)
and their covariance; stage 2 is GBLUP on 240 of 300 lines. r is with true breeding
values, of the 60 lines left out and of the others.

    python -m benchmarks.accuracy.trials.two_stage OUT --replicates 40
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.config.models import GBLUPOptions
from meristem.models.catalog import build
from meristem.prepare.error_covariance import with_error_weights
from meristem.records import (
    Dataset,
    ErrorCovariance,
    Genotypes,
    Phenotypes,
    VariantTable,
)

N, N_NEW, P = 300, 60, 300
BLOCK, PLOT = 1.0, 0.3
"""Variances of blocks and plots; that of breeding values is 1."""

DESIGNS = {"p-rep, blocks of 4": (0.2, 90), "p-rep, blocks of 20": (0.2, 18)}
DESIGNS["two plots each, blocks of 20"] = (1.0, 30)
"""Share of lines with a second plot, and blocks."""


def simulate(
    rng: np.random.Generator, share: float, n_block: int
) -> tuple[Dataset, np.ndarray, np.ndarray]:  # means, their covariance, true values
    """Return means of a first stage."""
    dosage = rng.binomial(2, rng.uniform(0.1, 0.9, P), (N, P)).astype(np.int8)
    value = (dosage - dosage.mean(axis=0)) @ rng.standard_normal(P)
    value /= value.std()
    line = np.concatenate([np.arange(N), rng.choice(N, int(share * N), replace=False)])
    # every block has as many plots, lines at random
    block = rng.permutation(np.arange(line.size) % n_block)
    z, b = np.eye(N)[line], np.eye(n_block)[block]
    y = value[line] + np.sqrt(BLOCK) * b @ rng.standard_normal(n_block)
    y += np.sqrt(PLOT) * rng.standard_normal(line.size)
    precision = np.linalg.inv(BLOCK * b @ b.T + PLOT * np.eye(line.size))
    errors = np.linalg.inv(z.T @ precision @ z)
    means = errors @ z.T @ precision @ y
    names = np.array([f"l{k}" for k in range(N)])
    markers = np.array([f"v{k}" for k in range(P)])
    table = VariantTable(
        markers, np.full(P, "1"), np.arange(1, P + 1), np.full(P, "A"), np.full(P, "C")
    )
    phenotypes = Phenotypes(
        names, np.array(["y"]), np.array([""]), means[:, None], np.ones((N, 1))
    )
    return Dataset(Genotypes(names, table, dosage), phenotypes), errors, value


def read_as(data: Dataset, errors: np.ndarray, how: str) -> Dataset:
    """Return the means with what a model is told of their errors."""
    if how == "nothing":
        return data
    given = ErrorCovariance(errors, np.arange(N), how == "covariance")
    told = with_error_weights(replace(data.phenotypes, errors=(given,)))
    if how == "weights":
        told = replace(told, errors=())
    return replace(data, phenotypes=told)


HOW = ("nothing", "weights", "covariance up to a factor", "covariance")


def main() -> None:
    """Write `results.csv`: means over replicates and 95 % intervals."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--replicates", type=int, default=40)
    asked = parser.parse_args()
    rows = []
    for design, (share, n_block) in DESIGNS.items():
        for seed in range(asked.replicates):
            rng = np.random.default_rng([15, seed])
            data, errors, value = simulate(rng, share, n_block)
            train, new = np.arange(N - N_NEW), np.arange(N - N_NEW, N)
            for how in HOW:
                told = read_as(data, errors, how)
                fitted = build(GBLUPOptions()).fit(told.take(train), rng=rng)
                for lines, which in (("new", new), ("tested", train)):
                    found = fitted.predict(told.take(which).genotypes).value[:, 0]
                    r = np.corrcoef(found, value[which])[0, 1]
                    rows.append((design, lines, seed, how, r))
    frame = pd.DataFrame(rows, columns=["design", "lines", "seed", "errors", "r"])
    wide = frame.pivot_table(
        index=["design", "lines", "seed"], columns="errors", values="r"
    )
    gain = wide.sub(wide["weights"], axis=0)
    groups = ["design", "lines"]
    table = pd.concat(
        {
            "r": wide.groupby(groups).mean(),
            "gain": gain.groupby(groups).mean(),
            "half": 1.96 * gain.groupby(groups).sem(),
        },
        axis=1,
    ).stack(future_stack=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    table.round(4).reset_index().to_csv(asked.out / "results.csv", index=False)
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
