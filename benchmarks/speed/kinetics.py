"""Speed of the kinetic networks: one fit, many as one batch, a million sites.

Rows are simulated; `--rates` takes the real table (rates.csv.gz) instead. Accuracy is
measured by `meristem bench kinetics`.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Kinn, Measurements
from meristem.kinetics.network.mpkp import GUIDES, measurements, read_rates
from meristem.kinetics.network.store import write_kinns
from meristem.kinetics.search.folds import sequence_folds
from meristem.kinetics.search.space import find_space
from meristem.kinetics.transfer.net import Calibration, TransferFit, TransferNet
from meristem.kinetics.transfer.store import write_transfer
from meristem.kinetics.transfer.trunk import Trunk
from meristem.tune.optimisers import make_optimiser

FULL = FitOptions(limits=(-5.0, math.inf))
MEMBERS = 10
CORRECTED = 8


def changed(guide: str, n: int, rng: np.random.Generator) -> list[str]:
    letters = np.tile(np.array(list(guide.replace("N", "T"))), (n, 1))
    place = rng.integers(0, len(guide) - 2, (n, 4))
    letters[np.arange(n)[:, None], place] = rng.choice(list("ACGT"), (n, 4))
    return ["".join(row) for row in letters]


def simulated_rows(n: int, rng: np.random.Generator) -> Measurements:
    """Rows of a random network: rates fall with the edits in its windows."""
    space = find_space("finkelstein")
    target = changed(GUIDES[1], n, rng)
    encoding = encode_pairs([GUIDES[1]] * n, target)
    x = kinetic_channels(encoding, "chemistry")
    weights = rng.normal(0.0, 1.0, (7, *x.shape[1:]))
    architecture = space.build(make_optimiser("random", space, rng).ask(1)[0])
    truth = Kinn(
        space.scheme, architecture, weights, np.zeros(7), -20.0, (-math.inf, math.inf)
    )
    value = truth.log10_rate(x) - 1.0 + rng.normal(0.0, 0.2, n)
    _, group = np.unique(target, return_inverse=True)
    y = np.maximum(value, -5.0)
    return Measurements(x, y, y <= -5.0, group, "chemistry")


def architectures_of(n: int, rng: np.random.Generator) -> list[Architecture]:
    space = find_space("finkelstein")
    return [space.build(point) for point in make_optimiser("random", space, rng).ask(n)]


def fit(data, architectures, held, options, seed=0):
    n = len(architectures)
    begin = time.process_time()
    found = fit_kinns(
        find_space("finkelstein").scheme,
        architectures,
        data,
        np.tile(1 - held, (n, 1)),
        np.tile(held, (n, 1)),
        rng=np.random.default_rng(seed),
        options=options,
    )
    return time.process_time() - begin, found


def write_corrected(kinns, folder: Path) -> None:
    """Write an ensemble of corrections as they are before training."""
    nets = [TransferNet(Trunk(), kinns, seed=seed) for seed in range(CORRECTED)]
    fits = [TransferFit(net.eval(), np.zeros(1)) for net in nets]
    write_transfer(fits, Calibration(1.0, 0.0), folder)


def score_sites(n: int, kinns, *, corrected: bool = False) -> tuple[float, float]:
    """Return seconds and gigabytes of the command on a table of `n` sites."""
    rng = np.random.default_rng(0)
    guide = "GACGCATAAAGATGAGACGCNGG"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = folder / ("transfer" if corrected else "model.json")
        (write_corrected if corrected else write_kinns)(kinns, model)
        with (folder / "sites.tsv").open("w") as handle:
            handle.write("guide\ttarget\tlocation\n")
            for i, target in enumerate(changed(guide, n, rng)):
                handle.write(f"{guide}\t{target}\tchr1:{i}\n")
        command = [sys.executable, "-m", "meristem", "kinetics", "score", "--quiet"]
        command += ["--model", str(model), "--targets"]
        command += [str(folder / "sites.tsv"), "--out", str(folder / "scores.tsv")]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return used, after.ru_maxrss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rates", type=Path, help="real table instead of simulated")
    parser.add_argument("--rows", type=int, default=7000)
    parser.add_argument("--architectures", type=int, default=100)
    parser.add_argument("--alone", type=int, default=8, help="fitted one by one")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--sites", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("fit", "score", "corrected"), help="a part")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    if arguments.rates is None:
        data = simulated_rows(arguments.rows, rng)
    else:
        table = read_rates(arguments.rates)[1]
        data = measurements(table, channels="chemistry", unique=False)
    held = sequence_folds(data, 10, rng)[0]
    architectures = architectures_of(arguments.architectures, rng)
    fixed = replace(FULL, epochs=arguments.epochs, patience=10**6)
    records = []
    if arguments.only in (None, "fit"):
        few = arguments.alone
        records += fitting(data, architectures, held, fixed, few)
    _, found = fit(data, architectures[:MEMBERS], held, replace(fixed, epochs=5))
    if arguments.only in (None, "score"):
        records += scoring(arguments.sites, found.kinns, "members")
    if arguments.only in (None, "corrected"):
        records += scoring(arguments.sites, found.kinns[:2], "corrected")
    for row in records:
        print(
            f"{row['what']:<42}{row['value']:9.2f} {row['unit']:<6}{row['wanted']:>8}: "
            f"{'met' if row['met'] else 'MISSED'}"
        )
    if arguments.json is not None:
        content = {
            "benchmark": "kinetics",
            "rows": len(data.y),
            "real": arguments.rates is not None,
            "threads": 1,
            "clock": "process CPU time",
            "versions": {
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
            "results": kept_results(arguments.json, records),
        }
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


def kept_results(path: Path, records: list[dict]) -> list[dict]:
    """Return earlier figures of the file that were not measured now, then these."""
    earlier = json.loads(path.read_text())["results"] if path.exists() else []
    measured = {row["what"] for row in records}
    return [row for row in earlier if row["what"] not in measured] + records


def fitting(data, architectures, held, options, few) -> list[dict]:
    alone, n = architectures[:few], len(architectures)
    full = [fit(data, [one], held, FULL)[0] for one in alone[:3]]
    together, _ = fit(data, architectures, held, options)
    singly = float(np.mean([fit(data, [one], held, options)[0] for one in alone]))
    ratio = singly * n / together
    return [
        record(f"one fit, {len(data.y)} rows", np.median(full), "s", "<", 3.0),
        record(f"{n} as one batch against one by one", ratio, "times", ">=", 8.0),
    ]


def scoring(n: int, kinns, what: str) -> list[dict]:
    corrected = what == "corrected"
    seconds, gigabytes = score_sites(n, kinns, corrected=corrected)
    most = 90.0 if corrected else 60.0
    name = f"{n} sites, {CORRECTED if corrected else len(kinns)} {what}"
    return [
        record(name, seconds, "s", "<", most),
        record(f"memory, {name}", gigabytes, "GB", "<", 1.0),
    ]


def record(what: str, value: float, unit: str, sign: str, wanted: float) -> dict:
    value = float(value)
    return {
        "what": what,
        "value": round(value, 3),
        "unit": unit,
        "wanted": f"{sign} {wanted:g}",
        "met": value < wanted if sign == "<" else value >= wanted,
    }


if __name__ == "__main__":
    main()
