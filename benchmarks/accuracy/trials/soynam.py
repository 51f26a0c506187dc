"""SoyNAM: 5,590 lines in 18 environments: time and memory, and what is new to come.

One fit of main effect and G x E to all records; then years forward, environments
never seen (cv0) and new lines there (cv00), by three structures. The covariates are
latitude and longitude of the place that the name of an environment gives: no weather
is in the data. Correlations are within environments; intervals are over them.

    python -m benchmarks.accuracy.trials.soynam DATA OUT [--schemes forward cv0 cv00]

Rows are written as they arrive, and a second call goes on where the first stopped.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
from bed_reader import open_bed

from meristem.config.models import TrialOptions
from meristem.models.trials.spec import LinesByEnvironments, record_labels
from meristem.prepare.by_environment import stack_environments
from meristem.prepare.training import training_set
from meristem.records import Dataset, Environments, Genotypes, Phenotypes, VariantTable

TRAIT = "yield"
STRUCTURES = ("main", "main_gxe", "reaction_norm")
PLACES = {  # degrees north, degrees east, of the town of each university
    "IA": (42.0, -93.6),
    "IL": (40.1, -88.2),
    "IN": (40.4, -86.9),
    "KS": (39.2, -96.6),
    "MI": (42.7, -84.5),
    "MO": (38.9, -92.3),
    "NE": (40.8, -96.7),
    "OHmc": (41.2, -83.8),
    "OHmi": (39.8, -84.2),
}


def read_soynam(folder: Path, trait: str) -> Dataset:
    with open_bed(str(folder / "genotypes.bed")) as bed:
        dosage, line = bed.read(dtype="int8"), bed.iid.astype(str)
        names = bed.sid.astype(str)
    dosage[dosage < 0] = -1
    table = pd.read_csv(folder / "phenotypes_by_env.csv.gz", dtype={"line": str})
    wide = table.pivot(index="line", columns="env", values=trait).reindex(line)
    wide = wide.loc[:, wide.notna().any()]
    p = names.size
    variants = VariantTable(
        names, np.full(p, "1"), np.arange(1, p + 1), np.full(p, "A"), np.full(p, "C")
    )
    value = wide.to_numpy(np.float64)
    t = value.shape[1]
    phenotypes = Phenotypes(
        line, np.full(t, trait), wide.columns.to_numpy(str), value, np.ones(value.shape)
    )
    return stack_environments(Dataset(Genotypes(line, variants, dosage), phenotypes))


Fold = tuple[str, int, np.ndarray, np.ndarray]  # scheme, fold, train rows, test rows


def coordinates(environment: np.ndarray) -> Environments:
    names = np.unique(environment)
    value = np.array([PLACES[name.split("_")[0]] for name in names])
    return Environments(names, np.array(["latitude", "longitude"]), value)


def folds(scheme: str, line: np.ndarray, place: np.ndarray) -> list[Fold]:
    """Return training and test rows among records of these lines and environments."""
    year = np.array([name[-4:] for name in place])
    if scheme == "forward":
        return [
            (scheme, int(t), np.flatnonzero(year < t), np.flatnonzero(year == t))
            for t in ("2012", "2013")
        ]
    rng = np.random.default_rng(42)
    names, lines = np.unique(place), np.unique(line)
    fold_of_place = dict(zip(names, rng.permutation(names.size) % 3, strict=True))
    fold_of_line = dict(zip(lines, rng.permutation(lines.size) % 3, strict=True))
    e = np.array([fold_of_place[name] for name in place])
    g = np.array([fold_of_line[name] for name in line])
    found = []
    for k in range(3):
        train, test = (e != k), (e == k)
        if scheme == "cv00":
            train, test = train & (g != k), test & (g == k)
        found.append((scheme, k, np.flatnonzero(train), np.flatnonzero(test)))
    return found


def judge(
    data: Dataset, fold: Fold, structure: str, nearby: Environments
) -> list[dict[str, object]]:
    """Return the correlation within every environment of the test rows."""
    scheme, number, rows, tested = fold
    train, _ = training_set(data, rows)
    options = TrialOptions.model_validate({"structure": structure})
    model = LinesByEnvironments(options, nearby)
    fitted = model.fit(train, rng=np.random.default_rng(1))
    held = data.take(tested)
    line, place = record_labels(held)
    value = fitted.posterior_at(held.genotypes, line, place).mean[:, 0]
    found: list[dict[str, object]] = []
    for name in np.unique(place):
        here = place == name
        r = np.corrcoef(held.phenotypes.value[here, 0], value[here])[0, 1]
        found.append(
            {
                "scheme": scheme,
                "fold": number,
                "structure": structure,
                "environment": name,
                "n": int(here.sum()),
                "r": r,
            }
        )
    return found


def summarise(results: pd.DataFrame) -> pd.DataFrame:
    """Return means, and differences from `main_gxe` paired by environment."""
    rows = []
    for scheme, part in results.groupby("scheme"):
        wide = part.pivot_table(
            index=["fold", "environment"], columns="structure", values="r"
        )
        for structure in wide:
            r = wide[structure].to_numpy()
            other = r - wide["main_gxe"].to_numpy()
            mean, se = other.mean(), other.std(ddof=1) / np.sqrt(other.size)
            rows.append(
                {
                    "scheme": scheme,
                    "structure": structure,
                    "environments": len(wide),
                    "r": r.mean(),
                    "se": r.std(ddof=1) / np.sqrt(r.size),
                    "minus_main_gxe": mean,
                    "low": mean - 1.96 * se,
                    "high": mean + 1.96 * se,
                }
            )
    return pd.DataFrame(rows).round(4)


def fit_all(data: Dataset, rows: np.ndarray) -> dict[str, object]:
    _, place = record_labels(data)
    start = time.process_time()
    train, _ = training_set(data, rows)
    model = LinesByEnvironments(TrialOptions(structure="main_gxe"))
    fitted = model.fit(train, rng=np.random.default_rng(1))
    spent = time.process_time() - start
    one = fitted.targets[0]
    return {
        "records": int(rows.size),
        "environments": int(np.unique(place[rows]).size),
        "cpu_seconds": round(spent, 1),
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "rounds": one.fit.rounds,
        "components": [*one.components, ("residual", float(one.fit.residual[0, 0]))],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--schemes", nargs="*", default=[])
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    data = read_soynam(asked.data, TRAIT)
    data = data.take(np.flatnonzero(~np.isnan(data.phenotypes.value[:, 0])))
    line, place = record_labels(data)
    about = asked.out / "about.json"
    if not about.exists():
        found = fit_all(data, np.arange(data.n_sample))
        about.write_text(json.dumps(found, indent=1) + "\n")
    table = asked.out / "results.csv"
    known = pd.read_csv(table) if table.exists() else pd.DataFrame()
    nearby = coordinates(place)
    for scheme in asked.schemes:
        for fold in folds(scheme, line, place):
            for structure in STRUCTURES:
                if (
                    len(known)
                    and (
                        known[["scheme", "fold", "structure"]] == [*fold[:2], structure]
                    )
                    .all(axis=1)
                    .any()
                ):
                    continue
                rows = pd.DataFrame(judge(data, fold, structure, nearby))
                known = pd.concat([known, rows], ignore_index=True)
                known.round(5).to_csv(table, index=False)
                print(
                    *fold[:2], structure, round(float(rows["r"].mean()), 4), flush=True
                )
    if len(known):
        summary = summarise(known)
        summary.to_csv(asked.out / "summary.csv", index=False)
        print(summary.to_string())


if __name__ == "__main__":
    main()
