"""A trait of two classes by thresholds, and by Gaussian regression of 0 and 1.

600 training lines of a simulated liability, 2,000 new lines; the same for both.

    python -m benchmarks.accuracy.trials.binary OUT --replicates 12
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from meristem.config.models import BayesOptions, GBLUPOptions
from meristem.models.catalog import build
from meristem.records import Dataset, Genotypes, Phenotypes, VariantTable
from meristem.stats.classes import CLASS_METRICS, liability_h2

N, N_NEW, P, H2 = 600, 2000, 400, 0.5


def simulate(seed: int, share: float) -> tuple[Dataset, np.ndarray]:
    rng = np.random.default_rng([9, seed])
    n = N + N_NEW
    frequency = rng.uniform(0.1, 0.9, P)
    dosage = rng.binomial(2, frequency, (n, P)).astype(np.int8)
    g = (dosage - 2 * frequency) @ rng.standard_normal(P)
    g *= np.sqrt(H2) / g.std()
    liability = g + np.sqrt(1 - H2) * rng.standard_normal(n)
    y = (liability > norm.ppf(1 - share)).astype(float)
    names = np.array([f"l{k}" for k in range(n)])
    markers = np.array([f"v{k}" for k in range(P)])
    table = VariantTable(
        markers, np.full(P, "1"), np.arange(1, P + 1), np.full(P, "A"), np.full(P, "C")
    )
    phenotypes = Phenotypes(
        names, np.array(["y"]), np.array([""]), y[:, None], np.ones((n, 1))
    )
    return Dataset(Genotypes(names, table, dosage), phenotypes), y


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--replicates", type=int, default=12)
    asked = parser.parse_args()
    models = {
        "gaussian": GBLUPOptions(),
        "threshold": BayesOptions(
            prior="brr", response="ordinal", draws=300, most_draws=300
        ),
    }
    rows, h2 = [], []
    for share in (0.5, 0.15):
        for seed in range(asked.replicates):
            data, y = simulate(seed, share)
            train, new = data.take(np.arange(N)), data.take(np.arange(N, N + N_NEW))
            for name, options in models.items():
                rng = np.random.default_rng(seed)
                fitted = build(options).fit(train, rng=rng)
                p = fitted.predict(new.genotypes).value[:, 0]
                for metric, measure in CLASS_METRICS.items():
                    rows.append((share, name, seed, metric, measure(y[N:], p)))
                if name == "gaussian":
                    found = fitted.variance_components()  # type: ignore[attr-defined]
                    factor = liability_h2(1.0, float(y[:N].mean()))
                    h2.append((share, factor * found.h2[0], factor * found.se[0, 2]))
    frame = pd.DataFrame(rows, columns=["share", "model", "seed", "metric", "value"])
    wide = frame.pivot_table(
        index=["share", "metric", "seed"], columns="model", values="value"
    )
    wide["difference"] = wide["threshold"] - wide["gaussian"]
    table = wide.groupby(["share", "metric"]).agg(["mean", "sem"])
    table.columns = ["_".join(pair) for pair in table.columns]
    back = pd.DataFrame(h2, columns=["share", "h2", "se"]).groupby("share").mean()
    asked.out.mkdir(parents=True, exist_ok=True)
    table.round(4).reset_index().to_csv(asked.out / "results.csv", index=False)
    about = {
        "h2_true": H2,
        "liability_h2": back.round(3).reset_index().to_dict("records"),
    }
    (asked.out / "about.json").write_text(json.dumps(about, indent=1) + "\n")
    print(table.round(4).to_string())
    print(about)


if __name__ == "__main__":
    main()
