"""Yeast: a hidden gene from its neighbours, against no network and shuffled ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.cells import CellTable, Progress, Row, open_table
from benchmarks.accuracy.figures import mean_interval, number
from benchmarks.accuracy.representation.yeast import read_yeast
from meristem.records import FloatArray
from meristem.representation.gene_network import GeneNetwork
from meristem.representation.genes.coexpression import (
    learn_coexpression,
    shuffle_network,
)
from meristem.representation.genes.inference import infer_genes
from meristem.representation.genes.shared_sets import join_by_sets
from meristem.representation.sets.membership import feature_sets
from meristem.runs.seeds import derived_rng

COLUMNS = ("seed", "method", "network", "r")
N_GENE = 1200
WAYS = (
    ("weighted", "none"),
    ("weighted", "learned"),
    ("weighted", "shuffled"),
    ("ridge", "none"),
    ("ridge", "learned"),
    ("ridge", "shuffled"),
    ("convolution", "learned"),
    ("convolution", "shuffled"),
    ("sage", "learned"),
    ("sage", "shuffled"),
    ("attention", "learned"),
    ("attention", "shuffled"),
    ("weighted", "sets"),
    ("weighted", "sets shuffled"),
    ("ridge", "sets"),
    ("ridge", "sets shuffled"),
)


def run_neighbours(
    data: Path, out: Path, *, seeds: Sequence[int], progress: Progress | None = None
) -> str:
    """Hide a tenth of the genes in lines held out; network learned on the others.

    sets: genes of the same GO-slim processes.

    weighted: ridge on all genes with a penalty per gene, neighbours with more weight;
    ridge: with one penalty for all genes, or on the neighbours alone.

    r is the mean over hidden genes of the correlation over lines held out.
    """
    table = open_table(
        out, {"job": "neighbours", "genes": N_GENE}, COLUMNS, COLUMNS[:3]
    )
    yeast = read_yeast(data)
    genes = np.linspace(0, yeast.gene.size - 1, N_GENE).astype(int)
    value, gene = yeast.glucose[:, genes], yeast.gene[genes]
    own = feature_sets(yeast.table(yeast.glucose).take_features(genes), yeast.sets)
    shared = join_by_sets(own.member, gene)
    cells = [(seed, *way) for seed in seeds for way in WAYS]

    def work(seed: int, method: str, network: str) -> list[Row]:
        fixed = shared if network.startswith("sets") else None
        r = _cell(value, gene, fixed, seed, method, network)
        return [{"r": number(r)}]

    table.fill(cells, work, progress)
    return _summary(table)


def _cell(
    value: FloatArray,
    gene: np.ndarray,
    fixed: GeneNetwork | None,
    seed: int,
    method: str,
    network: str,
) -> float:
    rng = derived_rng(seed, "neighbours")
    order = rng.permutation(value.shape[0])
    test, train = order[:27], order[27:]
    target = rng.permutation(value.shape[1])[: value.shape[1] // 10]
    mean, sd = value[train].mean(axis=0), value[train].std(axis=0)
    x = (value - mean) / sd
    known = None
    if network != "none":
        known = fixed or learn_coexpression(x[train], gene)
        if network.endswith("shuffled"):
            known = shuffle_network(known, derived_rng(seed, "shuffle"))
    said = infer_genes(
        x[train],
        x[test],
        target,
        known,
        method=method,  # type: ignore[arg-type]
        rng=derived_rng(seed, "fit"),
    )
    truth = x[np.ix_(test, target)]
    a, b = said - said.mean(axis=0), truth - truth.mean(axis=0)
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return float(((a * b).sum(axis=0) / np.maximum(size, 1e-12)).mean())


def _summary(table: CellTable) -> str:
    base = {
        r["seed"]: float(r["r"])
        for r in table.rows
        if (r["method"], r["network"]) == ("weighted", "none")
    }
    lines = []
    for method, network in WAYS:
        rows = table.of({"method": method, "network": network})
        own = {
            r["seed"]: float(r["r"])
            for r in rows
            if r["method"] == method and r["network"] == network
        }
        mean, low, high = mean_interval([own[s] - base[s] for s in own if s in base])
        lines.append(
            f"{method}  {network}  r {np.mean(list(own.values())):.3f}  "
            f"over no network {mean:+.3f} ({low:+.3f} to {high:+.3f})"
        )
    return "\n".join(lines)
