"""The targets of the project, held against the tables of the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.accuracy.branching.node_order import replicate_agreement
from benchmarks.accuracy.cells import Row, read_rows

WITHOUT, WITH, DENSE = "binn", "binn+metabolites", "dense"
NODES_WELL, NODES_HARD = ("A", "S", "I"), ("CK", "SL")


@dataclass(frozen=True)
class Verdict:
    """One target and what was found."""

    what: str
    target: str
    found: str
    reached: bool


def judge_targets(data: Path) -> list[Verdict]:
    """Return every target whose tables are below `data`.

    Parameters
    ----------
    data
        Folder of the benchmarks' folders.
    """
    verdicts: list[Verdict] = []
    for folder, table, judge in _JUDGES:
        rows = read_rows(data / folder / table)
        if rows:
            verdicts += judge(rows)
    return verdicts


def _mean(rows: Sequence[Row], figure: str, **where: str) -> float:
    own = [o for o in rows if all(o[name] == text for name, text in where.items())]
    return float(np.mean([float(o[figure]) for o in own])) if own else float("nan")


def _sizes(rows: Sequence[Row]) -> list[str]:
    return sorted({row["n"] for row in rows}, key=int)


def _listed(sizes: Sequence[str], values: Sequence[float], form: str = "{:.0%}") -> str:
    pairs = zip(sizes, values, strict=True)
    return ", ".join(f"{form.format(value)} (n {n})" for n, value in pairs)


def _smaller(rows: Sequence[Row], model: str, than: str, **where: str) -> list[float]:
    """Return by which share the error of a model is below that of another, per n."""
    found = []
    for n in _sizes(rows):
        other = _mean(rows, "relative_mse", model=than, n=n, **where)
        found.append(1 - _mean(rows, "relative_mse", model=model, n=n, **where) / other)
    return found


def _shoot(rows: Sequence[Row]) -> list[Verdict]:
    sizes = _sizes(rows)
    clean, noisy = {"h2": "1", "labels": "1"}, {"h2": "0.3", "labels": "1"}
    found = []
    for model, least, words in (
        (WITHOUT, 0.85, "without metabolites"),
        (WITH, 0.90, "with metabolites"),
    ):
        gain = _smaller(rows, model, DENSE, **clean)
        found.append(
            Verdict(
                f"shoot branching, H2 = 1, {words}: error below the dense net's",
                f"at least {least:.0%} at every n",
                _listed(sizes, gain),
                bool(np.nanmin(gain) >= least) and not np.isnan(gain).any(),
            )
        )
    worse = [-value for value in _smaller(rows, WITHOUT, "ridge", **noisy)]
    found.append(
        Verdict(
            "H2 = 0.3, without metabolites: error above ridge's",
            "at most 3 % at every n",
            _listed(sizes, worse, "{:+.0%}"),
            bool(np.nanmax(worse) <= 0.03) and not np.isnan(worse).any(),
        )
    )
    gain = _smaller(rows, WITH, "ridge", **noisy)
    half = _smaller(rows, WITH, "ridge", h2="0.3", labels="0.5")
    by_size, half_by_size = (dict(zip(sizes, g, strict=True)) for g in (gain, half))
    for n, least in (("100", 0.25), ("500", 0.45)):
        if n in by_size and not np.isnan(by_size[n]):
            found.append(
                Verdict(
                    f"H2 = 0.3, n = {n}, noise-free metabolites: error below ridge's",
                    f"at least {least:.0%}",
                    f"{by_size[n]:.0%}",
                    by_size[n] >= least,
                )
            )
    known = [n for n in sizes if not np.isnan(half_by_size[n])]
    share = [half_by_size[n] / by_size[n] for n in known]
    if known:
        found.append(
            Verdict(
                "H2 = 0.3, metabolites on half of the rows: share of that gain",
                "at least 80 %",
                _listed(known, share),
                bool(np.min(share) >= 0.8),
            )
        )
    return found


def _latents(rows: Sequence[Row]) -> list[Verdict]:
    where = {"model": WITHOUT, "h2": "1", "n": "500", "labels": "0"}
    found = []
    for nodes, least in ((NODES_WELL, 0.95), (NODES_HARD, 0.85)):
        r = [_mean(rows, "r", node=node, **where) for node in nodes]
        if not np.isnan(r).any():
            listed = ", ".join(f"{o} {v:.3f}" for o, v in zip(nodes, r, strict=True))
            found.append(
                Verdict(
                    "latents without labels, H2 = 1, n = 500: mean absolute r",
                    f"above {least:g}",
                    listed,
                    min(r) > least,
                )
            )
    return found


def _order(rows: Sequence[Row]) -> list[Verdict]:
    found = []
    for among, agreed in replicate_agreement(rows).items():
        sucrose = sum(first == "S" for first, _, _ in agreed)
        truly = sum(true == "S" for _, true, _ in agreed)
        rank = float(np.mean([r for _, _, r in agreed]))
        found += [
            Verdict(
                f"order of the {among}: sucrose first",
                "in 9 of 10 replicates",
                f"{sucrose} of {len(agreed)} (by the true sensitivities {truly})",
                sucrose >= 0.9 * len(agreed),
            ),
            Verdict(
                f"order of the {among}: rank correlation with the true sensitivities",
                "above 0.9",
                f"{rank:.3f}",
                rank > 0.9,
            ),
        ]
    return found


def _recovery(rows: Sequence[Row]) -> list[Verdict]:
    plain = {"test": "within", "measured": "1", "trait": "pathways"}
    own = [o for o in rows if all(o[k] == v for k, v in plain.items())]
    found = []
    for n, least in (("300", 0.25), ("450", 0.44), ("600", 0.44)):
        r = _mean(own, "mean", model="binn", n=n)
        if not np.isnan(r):
            found.append(
                Verdict(
                    f"recovery, n = {n}: r",
                    f"at least {least:g}",
                    f"{r:.3f}",
                    r >= least,
                )
            )
    gap = [
        (o["n"], float(o["binn_minus"]))
        for o in own
        if o["best_rival"] and o["binn_minus"]
    ]
    if gap:
        sizes, values = [n for n, _ in gap], [value for _, value in gap]
        found.append(
            Verdict(
                "recovery: difference to the best deployable rival",
                "never below -0.01",
                _listed(sizes, values, "{:+.3f}"),
                min(values) >= -0.01,
            )
        )
    for trait, label in (("pathways", "controls"), ("additive", "additive trait")):
        found += _near_gblup(rows, trait, label)
    return found


def _near_gblup(rows: Sequence[Row], trait: str, label: str) -> list[Verdict]:
    own = [o for o in rows if o["trait"] == trait and o["test"] == "within"]
    models = (
        ("binn",) if trait == "additive" else ("binn-shuffled-graph", "binn-no-omics")
    )
    found = []
    for model in models:
        sizes = [
            n for n in _sizes(own) if not np.isnan(_mean(own, "mean", model=model, n=n))
        ]
        gap = [
            _mean(own, "mean", model=model, n=n)
            - _mean(own, "mean", model="gblup", n=n)
            for n in sizes
        ]
        if not gap:
            continue
        additive = trait == "additive"
        found.append(
            Verdict(
                f"recovery, {label}: {model} minus GBLUP",
                "at least -0.005" if additive else "within 0.02",
                _listed(sizes, gap, "{:+.3f}"),
                min(gap) >= -0.005 if additive else max(map(abs, gap)) <= 0.02,
            )
        )
    return found


_FDR = 0.10
"""False share up to which a recall was found at the rate that was asked for."""


def _causal(rows: Sequence[Row]) -> list[Verdict]:
    where = {"n": "450", "level": "pathways", "test": "within", "measured": "1"}
    methods = ("binn", "gwas", "twas", "elastic_net")
    recall = {m: _mean(rows, "recall", method=m, **where) for m in methods}
    wrong = {m: _mean(rows, "false_share", method=m, **where) for m in methods}
    if np.isnan(recall["binn"]):
        return []
    listed = ", ".join(f"{m} {recall[m]:.2f} (false {wrong[m]:.2f})" for m in methods)
    return [
        Verdict(
            "recovery, n = 450: recall of causal pathways at 10 % FDR",
            "above GWAS- and TWAS-based enrichment, the rate held",
            listed,
            recall["binn"] > max(recall["gwas"], recall["twas"])
            and wrong["binn"] <= _FDR,
        )
    ]


def _controls(rows: Sequence[Row]) -> list[Verdict]:
    found = []
    own = [o for o in rows if o["benchmark"] == "shoot-branching"]
    for model, words in (
        ("binn-30%-wrong", "30 % wrong edges"),
        ("binn-50%-missing", "half of the true edges missing"),
    ):
        pairs = {
            n: (
                _mean(own, "mean", model=model, n=n),
                _mean(own, "mean", model=DENSE, n=n),
            )
            for n in dict.fromkeys(o["n"] for o in own)
        }
        pairs = {n: pair for n, pair in pairs.items() if not np.isnan(pair).any()}
        if pairs:
            found.append(
                Verdict(
                    f"shoot branching, H2 = 1, {words}: relative error",
                    "at most the dense net's at every n",
                    ", ".join(
                        f"{a:.3f} of {b:.3f} (n {n})" for n, (a, b) in pairs.items()
                    ),
                    all(a <= b for a, b in pairs.values()),
                )
            )
    return found


def _panels(rows: Sequence[Row]) -> list[Verdict]:
    """Judge the mixture: a gain on average, and no panel that pays for it."""
    found = []
    for against, least, worst in (
        ("gblup", 0.05, -0.003),
        ("elsewhere", 0.0, -0.01),
        ("hindsight", -0.005, -0.015),
    ):
        own = [row for row in rows if row["against"] == against]
        each = [float(o["difference"]) for o in own if o["panel"] != "all"]
        if not each:
            continue
        for what, wanted, value in (
            ("mean", least, sum(each) / len(each)),
            ("worst panel", worst, min(each)),
        ):
            found.append(
                Verdict(
                    f"{len(each)} public panels, auto minus {against}: {what}",
                    f"at least {wanted:+.3f}",
                    f"{value:+.3f}",
                    value >= wanted,
                )
            )
    return found


def _null(rows: Sequence[Row]) -> list[Verdict]:
    """Judge the mixture where linear models have found all there is."""
    found = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm and row["best"]]
        each = [float(row["auto_minus"]) for row in own]
        found.append(
            Verdict(
                f"null panels, {arm} traits: auto minus the best linear model",
                "not below -0.003",
                ", ".join(
                    f"{float(row['auto_minus']):+.4f} ({row['panel']})" for row in own
                ),
                min(each) >= -0.003,
            )
        )
    return found


def _weights(rows: Sequence[Row]) -> list[Verdict]:
    """Judge whether inner rows say of shares what outer ones do."""
    own = next(row for row in rows if row["part"] == "all")
    slope, low, high = (float(own[name]) for name in ("slope", "low", "high"))
    what = "shares that outer rows choose, on those of inner rows: slope"
    found = f"{slope:.2f} ({low:.2f} to {high:.2f})"
    return [Verdict(what, "0.8 to 1.2", found, 0.8 <= slope <= 1.2)]


def _priors(rows: Sequence[Row]) -> list[Verdict]:
    own = [o for o in rows if o["share"] == "0.7"]
    found = []
    for model, column, limit, target in (
        ("true", "gain_low", 0.0, "the interval above 0 at every n"),
        ("permuted", "gain", -0.005, "not below -0.005 at any n"),
    ):
        here = [row for row in own if row["model"] == model]
        if not here:
            continue
        figures = [float(row[column]) for row in here]
        gains = [float(row["gain"]) for row in here]
        listed = _listed([row["n"] for row in here], gains, "{:+.3f}")
        words = f"regulatory panel, {model} scores: difference to GBLUP"
        found.append(Verdict(words, target, listed, min(figures) >= limit))
    return found


_JUDGES: tuple[tuple[str, str, Callable[[Sequence[Row]], list[Verdict]]], ...] = (
    ("shoot_branching", "results.csv", _shoot),
    ("shoot_branching", "latents.csv", _latents),
    ("node_order", "sensitivity.csv", _order),
    ("recovery", "summary.csv", _recovery),
    ("recovery", "causal.csv", _causal),
    ("controls", "summary.csv", _controls),
    ("panels", "summary.csv", _panels),
    ("null", "summary.csv", _null),
    ("weights", "summary.csv", _weights),
    ("priors", "summary.csv", _priors),
)
