"""The shoot-branching benchmark: networks against lines where the truth is known.

An F2 with 40 causal loci and known hidden nodes; test plants are scored on their
noise-free bud delay. Every cell (replicate, n, h2, labels, model) is written as it
is done; a run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn.linear_model import RidgeCV

from benchmarks.accuracy.cells import (
    CellTable,
    Progress,
    Row,
    open_table,
    refuse_unknown,
    untold,
)
from benchmarks.accuracy.figures import correlation
from meristem.config.models import BINNOptions, DenseOptions, GBLUPOptions
from meristem.knowledge.build import Knowledge
from meristem.knowledge.files.handwritten import parse_toml_graph
from meristem.knowledge.source import SourceText
from meristem.models.binn.spec import BINN
from meristem.models.linear.gblup import GBLUP
from meristem.models.networks.dense import Dense
from meristem.models.protocol import FittedNetwork, as_network
from meristem.plan.compile import make_plan
from meristem.records import FloatArray, NetworkPlan
from meristem.simulate.bud_equations import NODES
from meristem.simulate.shoot_branching import (
    ShootBranching,
    domain_graph_toml,
    plant_dataset,
    plant_genotypes,
    simulate_shoot_branching,
)

MODELS = ("ridge", "gblup", "dense", "binn", "binn+metabolites")
"""Models of the benchmark; the last one only where labels are given."""

KEY = ("replicate", "n", "h2", "labels", "model")
RESULT_COLUMNS = (*KEY, "relative_mse", "r")
LATENT_COLUMNS = (*KEY, "node", "r", "rank_r")

_PENALTIES = np.logspace(-2, 4, 20)


@dataclass(frozen=True)
class Cell:
    """One fit of the benchmark."""

    replicate: int
    n: int
    h2: float
    labels: float
    model: str

    @property
    def key(self) -> Row:
        """The columns that name the cell, as written."""
        return {
            "replicate": str(self.replicate),
            "n": str(self.n),
            "h2": f"{self.h2:g}",
            "labels": f"{self.labels:g}",
            "model": self.model,
        }


def run_shoot_branching(
    n: Sequence[int],
    h2: Sequence[float],
    replicates: int,
    labels: Sequence[float],
    out: Path,
    seed: int = 1,
    *,
    models: Sequence[str] = MODELS,
    n_test: int = 2000,
    progress: Progress = untold,
) -> str:
    """Fit every model in every cell and write `results.csv` and `latents.csv`.

    Independent loci, uniform effects drawn anew in each replicate, the trait
    clipped at 12 days in training and test, test plants scored on the noise-free
    trait; metabolite labels without noise.

    Parameters
    ----------
    n, h2, labels
        Training sizes, heritabilities, and shares of the training rows with
        metabolites; every combination is a cell.
    replicates
        Populations per cell, numbered from 1.
    seed
        Of everything: effects, genotypes, noise, labels, networks.
    models
        Some of `MODELS`. `binn+metabolites` is left out where labels are 0; the
        other models do not see labels and have the same figures for every share.
    n_test
        Test plants.

    Returns
    -------
    str
        Mean relative mean squared error per setting and model, as a table.

    Raises
    ------
    ConfigError
        If the folder holds results of other settings, or a model is unknown.
    """
    refuse_unknown(models, MODELS, "models")
    results = open_table(
        out, {"seed": seed, "n_test": n_test, "clip": 12.0}, RESULT_COLUMNS, KEY
    )
    latents = CellTable(out / "latents.csv", LATENT_COLUMNS, KEY)
    cells = [
        Cell(replicate, size, heritability, share, model)
        for replicate in range(1, replicates + 1)
        for size in n
        for heritability in h2
        for share in labels
        for model in models
        if share > 0 or model != "binn+metabolites"
    ]
    for number, cell in enumerate(cells):
        if not results.holds(cell.key):
            twin = _same_without_labels(cell, results.rows)
            if twin is None:
                row, nodes = run_cell(cell, seed, n_test)
            else:
                row = {**twin, **cell.key}
                nodes = [{**node, **cell.key} for node in latents.of(twin)]
            # the result last: a cell counts as done when its result is written
            latents.add(nodes)
            results.add([row])
        progress(number + 1, len(cells))
    return summary(results.rows)


def run_cell(cell: Cell, seed: int, n_test: int) -> tuple[Row, list[Row]]:
    """Simulate one population, fit one model, score it on the test plants."""
    population = simulate_shoot_branching(
        n_train=cell.n,
        n_test=n_test,
        h2=cell.h2,
        labels=cell.labels,
        rng=np.random.default_rng([seed, cell.replicate]),
    )
    predicted, fitted = fit_predict(cell, population, seed)
    truth = population.test.genetic
    error = float(np.mean((predicted - truth) ** 2) / truth.var())
    r = correlation(predicted, truth)
    row = cell.key | {"relative_mse": f"{error:.6g}", "r": f"{r:.6g}"}
    return row, [] if fitted is None else _latent_rows(cell, population, fitted)


def benchmark_plan(population: ShootBranching) -> NetworkPlan:
    """Return the domain graph of the simulator, compiled for its variants."""
    text = domain_graph_toml(population)
    source = SourceText(Path("shoot_branching.toml"), text, "", len(text))
    return make_plan(Knowledge(parse_toml_graph(source)), population.variants)


def summary(results: Sequence[Row]) -> str:
    """Return mean relative error per setting and model, as a text table."""
    settings = sorted(
        {(float(o["h2"]), int(o["n"]), float(o["labels"])) for o in results},
        key=lambda s: (-s[0], s[1], s[2]),
    )
    present = {row["model"] for row in results}
    models = [model for model in MODELS if model in present]
    lines = [f"{'H2':>5}{'n':>6}{'labels':>8}" + "".join(f"{m:>18}" for m in models)]
    for h2, n, labels in settings:
        cells = []
        for model in models:
            errors = [
                float(o["relative_mse"])
                for o in results
                if (float(o["h2"]), int(o["n"]), float(o["labels"])) == (h2, n, labels)
                and o["model"] == model
            ]
            cells.append(f"{np.mean(errors):18.4f}" if errors else f"{'':18}")
        lines.append(f"{h2:5g}{n:6d}{labels:8g}" + "".join(cells))
    return "\n".join(lines)


def fit_predict(
    cell: Cell, population: ShootBranching, seed: int
) -> tuple[FloatArray, FittedNetwork | None]:
    """Fit one model; return what it says of the test plants, and a network itself."""
    train = plant_dataset(population, population.train)
    test = plant_genotypes(population, population.test)
    rng = np.random.default_rng([seed, cell.replicate, cell.n, round(cell.h2 * 1000)])
    if cell.model == "ridge":
        ridge = RidgeCV(alphas=_PENALTIES)
        ridge.fit(population.train.dosage - 1.0, population.train.phenotype)
        return ridge.predict(population.test.dosage - 1.0), None
    if cell.model == "gblup":
        linear = GBLUP(GBLUPOptions()).fit(train, rng=rng)
        return linear.predict(test).value[:, 0], None
    if cell.model == "dense":
        dense = Dense(DenseOptions()).fit(train, rng=rng)
        return dense.predict(test).value[:, 0], None
    with_labels = cell.model == "binn+metabolites"
    options = BINNOptions(omics="soft" if with_labels else "none")
    fitted = BINN(options, benchmark_plan(population)).fit(train, rng=rng)
    return fitted.predict(test).value[:, 0], as_network(fitted)


def _latent_rows(
    cell: Cell, population: ShootBranching, fitted: FittedNetwork
) -> list[Row]:
    latents = fitted.latents(plant_genotypes(population, population.test))
    rows = []
    for j, node in enumerate(NODES):
        column = np.flatnonzero(latents.node_name == node)[0]
        found, truth = latents.value[:, column], population.test.node_value[:, j]
        rank = float(abs(spearmanr(found, truth).statistic)) if found.std() else 0.0
        r = abs(correlation(found, truth))
        rows.append(cell.key | {"node": node, "r": f"{r:.6g}", "rank_r": f"{rank:.6g}"})
    return rows


def _same_without_labels(cell: Cell, results: Sequence[Row]) -> Row | None:
    """Return a row that differs in labels alone, for models that see none."""
    if cell.model == "binn+metabolites":
        return None
    key = cell.key
    for row in results:
        if all(row[c] == key[c] for c in ("replicate", "n", "h2", "model")):
            return row
    return None
