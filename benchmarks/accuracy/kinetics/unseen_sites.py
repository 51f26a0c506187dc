"""Off-target sites never trained on, and sites of guides held out from a transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy.cells import CellTable, Progress, Row, open_folder
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.kinetics.cross_guide import rates_path
from meristem.kinetics.cas9.bulges import encode_sites
from meristem.kinetics.cas9.encode import count_edits, encode_pairs
from meristem.kinetics.cas9.sites import Sites, read_sites
from meristem.kinetics.commands.settings import TransferSettings
from meristem.kinetics.commands.transfer import transfer_run
from meristem.kinetics.network.kinn import Kinn
from meristem.kinetics.network.mpkp import read_rates
from meristem.kinetics.network.store import read_kinns, write_kinns
from meristem.kinetics.scoring.score import Scorer
from meristem.kinetics.transfer.baselines import CnnRegression, fit_cnn
from meristem.records import FloatArray
from meristem.runs.destination import Destination
from meristem.stats.ranking import compare_scores

TABLES = ("site_seq", "circle_seq")
ASSAYS = (*TABLES, "pdh_haeussler", "pkd_cd33")
"""Assays that are left out in turn; the last two are of cells."""

METRICS = (
    "score",
    "metric",
    "value",
    "low",
    "high",
    "gain",
    "gain_low",
    "gain_high",
    "n",
    "positives",
)
NEAR = 6
BLOCK = 50_000
TRANSFER = {"bootstraps": 60, "members": 3}
"""Settings of the transfer other than the defaults: members are minutes."""


def run_zero_shot(
    data: Path,
    models: Sequence[Path],
    out: Path,
    *,
    seed: int,
    cnns: int = 2,
    bootstraps: int = 60,
    progress: Progress | None = None,
) -> str:
    """Rank the sites of two assays by networks that were fitted to rates alone.

    Beside the kinetic networks stand plain CNNs fitted to the same rates and the edit
    count; gains are over the edit count and paired, of the kinetic networks over the
    CNN as well.

    Parameters
    ----------
    data
        Folder with ``mpkp`` and ``in_vivo``.
    models
        Kinetic networks; predictions of all members are averaged.
    out
        Folder of `results.csv`; a table of sites already there is not scored again.
    seed
        Of the CNNs and the intervals.
    cnns
        CNNs per guide.
    bootstraps
        Resamples of the rows for the intervals.
    """
    settings = {
        "job": "zero-shot",
        "models": [path.name for path in models],
        "seed": seed,
        "cnns": cnns,
        "bootstraps": bootstraps,
    }
    open_folder(out, settings)
    columns = ("table", "rows", "against", *METRICS)
    table = CellTable(out / "results.csv", columns, ("table",))
    scorer = Scorer([kinn for path in models for kinn in read_kinns(path)])
    rng = np.random.default_rng(seed)
    plain = _cnns(data, cnns, rng)

    def work(name: str) -> list[Row]:
        sites = read_sites(_sites_path(data, name))
        scores, near = _scores(sites, scorer, plain)
        return _parts(name, sites, scores, near, rng, bootstraps)

    table.fill([(name,) for name in TABLES], work, progress)
    return _text(table.rows)


def _cnns(data: Path, n: int, rng: np.random.Generator) -> list[CnnRegression]:
    out = []
    for table in read_rates(rates_path(data)).values():
        kept = ~table.control
        target = table.target[kept].tolist()
        x = encode_pairs([table.guide] * len(target), target)
        y = table.log10_rate[kept, 0]
        out += [fit_cnn(x, y, rng=rng, limit=-5.0) for _ in range(n)]
    return out


def _scores(
    sites: Sites, scorer: Scorer, cnns: Sequence[CnnRegression]
) -> tuple[dict[str, FloatArray], NDArray[np.bool_]]:
    """Return every score of every site, and which have few mismatches."""
    names = ("kinetic", "cnn", "edits", "edits as written")
    parts: dict[str, list[FloatArray]] = {name: [] for name in names}
    near = []
    for i in range(0, len(sites.target), BLOCK):
        some = sites.take(np.arange(i, min(i + BLOCK, len(sites.target))))
        written = encode_pairs(some.guide, some.target)
        x = encode_sites(some.guide, some.target)
        parts["kinetic"].append(scorer.score(x).log10_rate)
        parts["cnn"].append(np.mean([cnn.predict(x) for cnn in cnns], axis=0))
        parts["edits"].append(-count_edits(x).astype(float))
        parts["edits as written"].append(-count_edits(written).astype(float))
        near.append(count_edits(written) <= NEAR)
    joined = {name: np.concatenate(part) for name, part in parts.items()}
    return joined, np.concatenate(near)


def _parts(
    name: str,
    sites: Sites,
    scores: Mapping[str, FloatArray],
    near: NDArray[np.bool_],
    rng: np.random.Generator,
    bootstraps: int,
) -> list[Row]:
    """Compare on all rows, on those with and without bulge, and on the near ones."""
    gapped = sites.gapped
    parts = {
        "all": np.ones(len(near), dtype=bool),
        "no bulge": ~gapped,
        "bulge": gapped,
        f"no bulge, <= {NEAR} mismatches": near & ~gapped,
    }
    out: list[Row] = []
    for part, kept in parts.items():
        if len(np.unique(sites.label[kept])) < 2:
            continue
        if part == "no bulge" and kept.all():
            continue
        for against in ("edits", "cnn"):
            found = compare_scores(
                sites.label[kept],
                {key: value[kept] for key, value in scores.items()},
                reference=against,
                rng=rng,
                n_bootstrap=bootstraps,
            )
            if against == "cnn":
                found = found[found["score"] == "kinetic"]
            out += _rows(found, {"table": name, "rows": part, "against": against})
    return out


def _rows(table: pd.DataFrame, cell: Row) -> list[Row]:
    out = []
    for values in table[list(METRICS)].to_dict("records"):
        row = dict(cell)
        for key, value in values.items():
            row[str(key)] = number(value) if isinstance(value, float) else str(value)
        out.append(row)
    return out


def run_transfer(
    data: Path,
    models: Sequence[Path],
    out: Path,
    *,
    seeds: Sequence[int],
    settings: Mapping[str, object] = TRANSFER,
    assays: bool = False,
    progress: Progress | None = None,
) -> str:
    """Transfer to labelled sites, each seed with other guides held out, or each assay.

    Parameters
    ----------
    data
        Folder with ``in_vivo``.
    models
        Kinetic networks to correct, all together. Of files with several the first and
        the last member are taken: the best searched one and the smoothest.
    out
        Folder of `results.csv`, of the ``networks.json`` that are corrected, and of one
        run folder per cell.
    seeds
        Each draws its own guides for the test and for the folds, and its own trunks.
    settings
        Fields of `TransferSettings` other than the tables, model and seed.
    assays
        Leave out every one of four assays (`ASSAYS`) in turn, and train on the others,
        in place of guides of two (`TABLES`).
    """
    given = dict(settings)
    shared = {
        "job": "assays" if assays else "transfer",
        "models": [path.name for path in models],
    }
    open_folder(out, shared | {key: str(value) for key, value in given.items()})
    networks = out / "networks.json"
    write_kinns([kinn for path in models for kinn in _both_ends(path)], networks)
    table = CellTable(
        out / "results.csv", ("seed", "rows", "against", *METRICS), ("seed", "rows")
    )
    parts = ASSAYS if assays else ("all",)
    cells = [(seed, part) for seed in seeds for part in parts]

    def work(seed: int, part: str) -> list[Row]:
        folder = out / f"{part}_{seed}"
        learned = [name for name in (ASSAYS if assays else TABLES) if name != part]
        content = given | {"seed": seed, "model": networks}
        content["tables"] = [_sites_path(data, name) for name in learned]
        if assays:
            content["test_tables"] = [_sites_path(data, part)]
        transfer_run(TransferSettings.model_validate(content), Destination(folder))
        return _cell(folder, str(seed), part)

    table.fill(cells, work, progress)
    return _text(table.rows)


def _both_ends(path: Path) -> list[Kinn]:
    """Return the first and the last member of a file, or the only one."""
    kinns = read_kinns(path)
    return [kinns[i] for i in sorted({0, len(kinns) - 1})]


def _sites_path(data: Path, name: str) -> Path:
    return data / "in_vivo" / f"{name}.csv.gz"


def _cell(folder: Path, seed: str, name: str) -> list[Row]:
    """Return the rows of a cell: on all sites, then without and with bulge."""
    rows = _against(pd.read_csv(folder / "ranking.csv"), seed, name)
    found = pd.read_csv(folder / "ranking_parts.csv")
    if found["part"].nunique() > 1:
        for part, each in found.groupby("part", sort=False):
            rows += _against(each, seed, f"{name}, {part}")
    return rows


def _against(ranking: pd.DataFrame, seed: str, name: str) -> list[Row]:
    """Return the rows of a cell, one block per reference."""
    rows: list[Row] = []
    for reference, part in ranking.groupby("reference", sort=False):
        rows += _rows(part, {"seed": seed, "rows": name, "against": str(reference)})
    return rows


def _text(rows: Sequence[Row]) -> str:
    shown = pd.DataFrame(rows).drop(columns=["low", "high"])
    return shown.to_string(index=False)
