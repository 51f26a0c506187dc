"""SoyNAM: 5,590 lines in 18 environments, main and G x E, time, memory, forward.

python -m benchmarks.accuracy.trials.soynam DATA OUT [--forward]
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
from meristem.records import Dataset, Genotypes, Phenotypes, VariantTable

TRAIT = "yield"


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
        names,
        np.full(p, "1"),
        np.arange(1, p + 1),
        np.full(p, "A"),
        np.full(p, "C"),
    )
    value = wide.to_numpy(np.float64)
    t = value.shape[1]
    phenotypes = Phenotypes(
        line,
        np.full(t, trait),
        wide.columns.to_numpy(str),
        value,
        np.ones(value.shape),
    )
    return stack_environments(Dataset(Genotypes(line, variants, dosage), phenotypes))


def within(data: Dataset, rows: np.ndarray, predicted: np.ndarray) -> pd.Series:
    """Return the correlation within every environment of test rows."""
    _, place = record_labels(data)
    frame = pd.DataFrame(
        {"e": place[rows], "y": data.phenotypes.value[rows, 0], "f": predicted}
    ).dropna()
    return frame.groupby("e")[["y", "f"]].apply(lambda x: x["y"].corr(x["f"]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--forward", action="store_true")
    asked = parser.parse_args()
    data = read_soynam(asked.data, TRAIT)
    _, place = record_labels(data)
    measured = ~np.isnan(data.phenotypes.value[:, 0])
    rows = np.flatnonzero(measured)
    found: dict = {
        "records": int(rows.size),
        "environments": int(np.unique(place).size),
    }
    start = time.process_time()
    train, _ = training_set(data, rows)
    model = LinesByEnvironments(TrialOptions(structure="main_gxe"))
    fitted = model.fit(train, rng=np.random.default_rng(1))
    found["cpu_seconds"] = time.process_time() - start
    found["rounds"] = fitted.targets[0].fit.rounds
    found["components"] = [
        *fitted.targets[0].components,
        ("residual", float(fitted.targets[0].fit.residual[0, 0])),
    ]
    found["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps(found), flush=True)
    if asked.forward:
        year = np.array([name[-4:] for name in place])
        for tested in ("2012", "2013"):
            early = np.flatnonzero(measured & (year < tested))
            test = np.flatnonzero(measured & (year == tested))
            for structure in ("main", "main_gxe"):
                model = LinesByEnvironments(TrialOptions(structure=structure))
                part, _ = training_set(data, early)
                fitted = model.fit(part, rng=np.random.default_rng(1))
                held = data.take(test)
                value = fitted.posterior_at(held.genotypes, *record_labels(held))
                r = within(data, test, value.mean[:, 0])
                found[f"forward {tested} {structure}"] = [r.mean(), r.sem(), len(r)]
                print(tested, structure, r.mean(), r.sem(), flush=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "about.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
