"""Measure the kinetic targets: python benchmarks/kinetics.py NAME [--data FOLDER].

NAME is one of cross-guide, published, simulated, speed, zero-shot, transfer, score.
Each prints a table and writes it as CSV into --out (default runs/kinetics).
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from meristem.kinetics.assess import score_predictions
from meristem.kinetics.baselines import fit_cnn, ridge_prediction
from meristem.kinetics.catalog import cas9
from meristem.kinetics.encode import count_edits, encode_pairs
from meristem.kinetics.features import Window
from meristem.kinetics.fit import fit_kinns
from meristem.kinetics.kinn import Architecture, FitOptions
from meristem.kinetics.metrics import compare_scores
from meristem.kinetics.mpkp import measurements, read_rates
from meristem.kinetics.nested import (
    GroupedReward,
    fit_ensemble,
    grouped_folds,
    kind_folds,
    pearson,
    predict_ensemble,
)
from meristem.kinetics.off_target import read_sites
from meristem.kinetics.posterior import covers_truth, window_posterior
from meristem.kinetics.score import Scorer, score_file
from meristem.kinetics.search import best_trials, make_optimiser, run_search
from meristem.kinetics.settings import (
    TransferSettings,
    TransferTrain,
    TrunkSettings,
)
from meristem.kinetics.simulate import planted_benchmark, simulate
from meristem.kinetics.space import find_space, simulated_space
from meristem.kinetics.store import read_kinns, write_kinns
from meristem.kinetics.transfer_run import transfer_run

SHARED = Path(__file__).parents[1] / ".." / "shared" / "data" / "crispr"
FULL = FitOptions(limits=(-5.0, math.inf))
QUICK = replace(
    FULL, epochs=80, patience=12, batch=1024, learning_rate=0.02, decay_steps=65
)

PUBLISHED = {
    1: (
        Window(0, 3, 3, 2, "valid"),
        Window(0, 3, 3, 2, "valid"),
        Window(3, 15, 7, 1),
        Window(3, 8, 1, 2),
        Window(14, 19, 5, 3),
        Window(12, 24, 7, 3),
        Window(16, 20, 5, 1),
    ),
    2: (
        Window(0, 3, 3, 3, "valid"),
        Window(0, 3, 3, 2, "valid"),
        Window(3, 18, 3, 3),
        Window(5, 20, 3, 3),
        Window(16, 24, 5, 1),
        Window(17, 24, 5, 1),
        Window(16, 23, 1, 3),
    ),
}


def show(table: pd.DataFrame, out: Path, name: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    table.to_csv(out / f"{name}.csv", index=False)
    print(table.round(4).to_string(index=False), flush=True)


def cross_guide(args: argparse.Namespace) -> None:
    """Search within one guide, fit, test on the other; one row per seed."""
    tables = read_rates(args.data / "mpkp" / "rates.csv.gz")
    space = find_space(args.space)
    rows = []
    for number in args.guides:
        train = measurements(tables[number], channels="chemistry")
        test = measurements(tables[3 - number], channels="chemistry", unique=False)
        edits = baseline_edits(tables[3 - number])
        ridge = pearson(ridge_prediction(train, test), test.y)
        for seed in range(args.first_seed, args.first_seed + args.seeds):
            begin = time.perf_counter()
            rng = np.random.default_rng(seed)
            sequences, held = grouped_folds(train, 5, rng), kind_folds(train, 4, rng)
            quick = sequences[:1]
            optimiser = make_optimiser(args.method, space, rng)
            trials = run_search(
                optimiser,
                space,
                GroupedReward(space.scheme, train, quick, rng, QUICK),
                generations=args.generations,
                size=args.size,
                state=args.out / f"search_{args.space}_{number}_{seed}.json",
            )
            best = best_trials(trials, args.shortlist, apart=args.apart)
            architectures = [space.build(trial.point) for trial in best]
            folds = np.concatenate([sequences[1:3], held])
            value = GroupedReward(space.scheme, train, folds, rng, QUICK)(architectures)
            order = np.argsort(-value)
            chosen = [architectures[i] for i in order]
            single = fit_ensemble(
                space.scheme,
                chosen[:1],
                train,
                copies=5,
                rng=rng,
                options=FULL,
                bootstrap=False,
            )
            several = fit_ensemble(
                space.scheme,
                chosen[1 : args.top],
                train,
                copies=2,
                rng=rng,
                options=FULL,
                bootstrap=False,
            )
            one = [pearson(kinn.predict(test.x), test.y) for kinn in single]
            members = (*single[:2], *several)
            both = predict_ensemble(members, test.x)
            scored = score_predictions(test.y, test.group, {"ensemble": both}, rng=rng)
            write_kinns(members, args.out / f"model_{number}_{seed}.json")
            row = {
                "train_guide": number,
                "seed": seed,
                "validated": value[order[0]],
                "single": np.mean(one),
                "ensemble": pearson(both, test.y),
                "low": scored["low"].iloc[0],
                "high": scored["high"].iloc[0],
                "ridge": ridge,
                "edit_count": pearson(-edits, test.y),
                "seconds": time.perf_counter() - begin,
            }
            print({k: round(float(v), 4) for k, v in row.items()}, flush=True)
            rows.append(row)
    show(pd.DataFrame(rows), args.out, f"cross_guide_{args.space}")


def baseline_edits(table) -> np.ndarray:
    target = table.target[~table.control].tolist()
    return count_edits(encode_pairs([table.guide] * len(target), target)).astype(float)


def published(args: argparse.Namespace) -> None:
    """The published protocol: stop early on the other guide. For comparison only."""
    tables = read_rates(args.data / "mpkp" / "rates.csv.gz")
    rows = []
    for number in (1, 2):
        train = measurements(tables[number], unique=False)
        other = measurements(tables[3 - number], unique=False)
        n, m = len(train.y), len(other.y)
        both = type(train)(
            np.concatenate([train.x, other.x]),
            np.concatenate([train.y, other.y]),
            np.concatenate([train.censored, other.censored]),
            np.arange(n + m),
            "edits",
        )
        for seed in range(args.seeds):
            rng = np.random.default_rng(seed)
            stop = rng.random(m) < 0.8
            copies = args.copies
            weight = np.append(np.ones(n), np.zeros(m))
            valid = np.append(np.zeros(n), stop.astype(float))
            fit = fit_kinns(
                cas9(4),
                [Architecture(PUBLISHED[number])] * copies,
                both,
                np.tile(weight, (copies, 1)),
                np.tile(valid, (copies, 1)),
                rng=rng,
                options=replace(FULL, start_scale=args.start_scale),
            )
            reward = [
                pearson(k.predict(other.x[stop]), other.y[stop]) for k in fit.kinns
            ]
            left = [
                pearson(k.predict(other.x[~stop]), other.y[~stop]) for k in fit.kinns
            ]
            best = int(np.argmax(reward))
            rows.append(
                {
                    "train_guide": number,
                    "seed": seed,
                    "reward": reward[best],
                    "hold_out": left[best],
                    "published_hold_out": {1: 0.858, 2: 0.838}[number],
                }
            )
    show(pd.DataFrame(rows), args.out, "published")


def simulated(args: argparse.Namespace) -> None:
    """Planted windows: the search against random search at the same budget."""
    rows, cover = [], []
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        rng = np.random.default_rng(seed)
        simulation = planted_benchmark(rng)
        _, data = simulate(simulation, args.rows, n_change=(4,), rng=rng)
        held = grouped_folds(data, 5, rng)
        train = data.take(np.flatnonzero(held[0] == 0))
        test = data.take(np.flatnonzero(held[0] > 0))
        truth = [(rate.start, rate.stop) for rate in simulation.rates]
        space = simulated_space(simulation.scheme, tuple(a for a, _ in truth))
        options = FitOptions(
            limits=(-math.inf, math.inf),
            learning_rate=0.05,
            epochs=args.epochs,
            patience=5,
            batch=1024,
            decay_steps=60,
        )
        folds = grouped_folds(train, 5, rng)[:1]
        for method in args.methods:
            begin = time.perf_counter()
            search_rng = np.random.default_rng(1000 + seed)
            trials = run_search(
                make_optimiser(method, space, search_rng),
                space,
                GroupedReward(simulation.scheme, train, folds, search_rng, options),
                generations=args.generations,
                size=args.size,
                state=args.out / f"sim_{method}_{seed}.json",
            )
            best = space.build(best_trials(trials, 1)[0].point)
            kinn = fit_kinns(
                simulation.scheme,
                [best],
                train,
                1 - folds,
                folds,
                rng=search_rng,
                options=replace(options, epochs=200, patience=20),
            ).kinns[0]
            posterior = window_posterior(space, trials, top=args.top)
            table = covers_truth(posterior, truth).assign(method=method, seed=seed)
            cover.append(table)
            rows.append(
                {
                    "seed": seed,
                    "method": method,
                    "best_reward": max(t.reward for t in trials),
                    "test_r": pearson(kinn.predict(test.x), test.y),
                    "windows_covered": int(table["covered"].sum()),
                    "starts_covered": int(table["start_covered"].sum()),
                    "stops_covered": int(table["stop_covered"].sum()),
                    "width": float((table["stop_high"] - table["start_low"]).mean()),
                    "ridge": pearson(ridge_prediction(train, test), test.y),
                    "seconds": time.perf_counter() - begin,
                }
            )
            print(rows[-1], flush=True)
    show(pd.DataFrame(rows), args.out, "simulated")
    pd.concat(cover).to_csv(args.out / "simulated_windows.csv", index=False)


def speed(args: argparse.Namespace) -> None:
    """One fit alone, and many architectures as one batch against one by one."""
    table = read_rates(args.data / "mpkp" / "rates.csv.gz")[1]
    data = measurements(table, channels="chemistry", unique=False)
    rng = np.random.default_rng(0)
    space = find_space("finkelstein")
    points = make_optimiser("random", space, rng).ask(args.architectures)
    architectures = [space.build(point) for point in points]
    held = grouped_folds(data, 10, rng)[:1]
    rows = []
    begin = time.perf_counter()
    fit = fit_kinns(
        space.scheme,
        [Architecture(PUBLISHED[1])],
        data,
        1 - held,
        held,
        rng=rng,
        options=FULL,
    )
    seconds = time.perf_counter() - begin
    rows.append({"what": "one fit", "seconds": seconds, "epochs": fit.epochs})
    options = replace(FULL, epochs=args.epochs, patience=10**6)
    n = len(architectures)
    begin = time.perf_counter()
    fit_kinns(
        space.scheme,
        architectures,
        data,
        np.tile(1 - held, (n, 1)),
        np.tile(held, (n, 1)),
        rng=rng,
        options=options,
    )
    batch = time.perf_counter() - begin
    begin = time.perf_counter()
    alone = architectures[: args.alone]
    for architecture in alone:
        fit_kinns(
            space.scheme,
            [architecture],
            data,
            1 - held,
            held,
            rng=rng,
            options=options,
        )
    one_by_one = (time.perf_counter() - begin) * n / len(alone)
    rows.append({"what": f"{n} as one batch", "seconds": batch, "epochs": args.epochs})
    rows.append(
        {"what": f"{n} one by one", "seconds": one_by_one, "epochs": args.epochs}
    )
    rows.append({"what": "times faster", "seconds": one_by_one / batch})
    show(pd.DataFrame(rows), args.out, "speed")


def zero_shot(args: argparse.Namespace) -> None:
    """Networks fitted in vitro rank off-target sites that they never saw."""
    tables = read_rates(args.data / "mpkp" / "rates.csv.gz")
    kinns = [k for path in args.models for k in read_kinns(path)]
    rng = np.random.default_rng(0)
    cnns = []
    for table in tables.values():
        keep = ~table.control
        target = table.target[keep].tolist()
        x = encode_pairs([table.guide] * len(target), target)
        for _ in range(args.copies):
            y = table.log10_rate[keep, 0]
            cnns.append(fit_cnn(x, y, rng=rng, limit=-5.0))
    out = []
    for name in ("site_seq", "circle_seq"):
        sites = read_sites(args.data / "in_vivo" / f"{name}.csv.gz")
        scores: dict[str, list[np.ndarray]] = {"kinetic": [], "cnn": [], "edits": []}
        seed_edits = []
        scorer = Scorer(kinns)
        for i in range(0, len(sites.target), 50_000):
            part = sites.take(np.arange(i, min(i + 50_000, len(sites.target))))
            x = encode_pairs(part.guide, part.target)
            scores["kinetic"].append(scorer.score(x).log10_rate)
            scores["cnn"].append(np.mean([cnn.predict(x) for cnn in cnns], axis=0))
            scores["edits"].append(-count_edits(x).astype(float))
            seed_edits.append(count_edits(x[:, 3:]))
        joined = {key: np.concatenate(value) for key, value in scores.items()}
        near = np.concatenate(seed_edits) <= 6
        gapped = sites.gapped
        parts = {
            "all": np.ones(len(near), bool),
            "ungapped": ~gapped,
            "gapped": gapped,
            "near": near & ~gapped,
        }
        for part_name, rows in parts.items():
            if len(np.unique(sites.label[rows])) < 2:
                continue
            table = compare_scores(
                sites.label[rows],
                {key: value[rows] for key, value in joined.items()},
                reference="edits",
                rng=rng,
                n_bootstrap=args.bootstraps,
            )
            table.insert(0, "part", part_name)
            table.insert(0, "table", name)
            out.append(table)
            print(table.round(4).to_string(index=False), flush=True)
    show(pd.concat(out), args.out, "zero_shot")


def transfer(args: argparse.Namespace) -> None:
    """Correct the networks with labelled sites; guides held out; paired intervals."""
    tables = tuple(
        args.data / "in_vivo" / f"{name}.csv.gz" for name in ("circle_seq", "site_seq")
    )
    parts = []
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        settings = TransferSettings(
            seed=seed,
            model=args.models[0],
            tables=tables,
            members=args.copies,
            bootstraps=args.bootstraps,
            trunk=TrunkSettings(first=args.trunk, first_width=32, dense=64),
            train=TransferTrain(epochs=args.epochs, negatives=args.negatives),
        )
        folder = args.out / f"transfer_{seed}"
        transfer_run(settings, folder)
        parts.append(pd.read_csv(folder / "ranking.csv").assign(seed=seed))
        print(parts[-1].round(4).to_string(index=False), flush=True)
    show(pd.concat(parts), args.out, "transfer")


def score(args: argparse.Namespace) -> None:
    """Write a million sites, score them, and say how long and how much memory."""
    guide = "GACGCATAAAGATGAGACGCNGG"
    path = args.out / "sites.tsv"
    args.out.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        rng = np.random.default_rng(0)
        letters = np.array(list(guide.replace("N", "T")))
        with path.open("w") as handle:
            handle.write("guide\ttarget\tlocation\n")
            for i in range(args.rows):
                drawn = letters.copy()
                drawn[rng.integers(0, 21, 4)] = rng.choice(list("ACGT"), 4)
                handle.write(f"{guide}\t{''.join(drawn)}\tchr1:{i}\n")
    kinns = [k for model in args.models for k in read_kinns(model)]
    begin = time.perf_counter()
    n = score_file(Scorer(kinns), path, args.out / "scores.tsv")
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    row = {"sites": n, "members": len(kinns), "seconds": seconds, "peak_gb": peak}
    show(pd.DataFrame([row]), args.out, "score")


def main() -> None:
    jobs = {
        "cross-guide": cross_guide,
        "published": published,
        "simulated": simulated,
        "speed": speed,
        "zero-shot": zero_shot,
        "transfer": transfer,
        "score": score,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=list(jobs))
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--out", type=Path, default=Path("runs/kinetics"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--guides", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--space", default="finkelstein")
    parser.add_argument("--method", default="evolution")
    parser.add_argument(
        "--methods", nargs="+", default=["evolution", "distribution", "random"]
    )
    parser.add_argument("--generations", type=int, default=20)
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--shortlist", type=int, default=16)
    parser.add_argument("--apart", type=int, default=8)
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--start-scale", type=float, default=0.01)
    parser.add_argument("--architectures", type=int, default=100)
    parser.add_argument("--alone", type=int, default=10)
    parser.add_argument("--trunk", default="k3")
    parser.add_argument("--negatives", type=int, default=10)
    parser.add_argument("--bootstraps", type=int, default=100)
    parser.add_argument("--models", type=Path, nargs="+", default=[])
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    jobs[args.job](args)


if __name__ == "__main__":
    main()
