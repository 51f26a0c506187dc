"""Shares that rows left out inside a training set give, and those of rows outside it.

The parts of the mixture are fitted on the training rows of every fold of a public
panel. Their shares, as the mixture takes them from its inner folds, are compared with
the shares of least squared error (none negative, at most 1 in all) on the test rows of
all folds of the repeat. Where inner rows say neither too much nor too little of shares,
the outer ones rise by 1 where the inner ones do: the slope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import scipy.stats

from benchmarks.accuracy.cells import Row, open_table, refuse_unknown
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.real.panel_list import AUTO, PANELS
from benchmarks.accuracy.real.panels import panel_config, panel_folds
from meristem.config.stages import AnalysisConfig
from meristem.evaluate.fold import FoldTask, fit_fold
from meristem.mixed.averaging.shares import model_shares
from meristem.models.mixture.fit import part_noise
from meristem.models.mixture.parts import Part, simple_parts
from meristem.models.mixture.problem import make_problem
from meristem.models.mixture.settings import MixtureSettings
from meristem.models.protocol import Predictor
from meristem.pipeline.analysis import Analysis
from meristem.prepare.adjust import observed_values
from meristem.prepare.training import training_set
from meristem.records import Dataset, FloatArray, Split, Splits
from meristem.runs.folder import RunFolder
from meristem.runs.progress import Notify, silent

COLUMNS = (
    *("panel", "trait", "environment", "replicate", "part"),
    *("prior", "inner", "outer", "rows"),
)
SUMMARY_COLUMNS = ("part", "pairs", "inner", "outer", "slope", "low", "high")
ALL = "all"
NO_PRIOR = 1e3
"""How far shares of outer rows may be from those beforehand: anywhere."""


@dataclass(frozen=True)
class Weighed:
    """The parts of a mixture, fitted, and their shares by inner rows."""

    parts: tuple[Part, ...]
    prior: FloatArray  # (n_part,)
    share: FloatArray  # (n_part, n_target)


@dataclass(frozen=True)
class _Parts:
    """Fits the parts alone, as the mixture does."""

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits
    ) -> Weighed:
        settings = MixtureSettings()
        problem = make_problem(dataset, inner, len(inner), rng)
        parts = simple_parts(problem, settings.parts, rng)
        prior = settings.beforehand([part.name for part in parts])
        held, known = np.stack([part.held for part in parts]), dataset.phenotypes
        found = model_shares(
            *(known.value, known.weight, held, problem.label, rng),
            noise=part_noise(parts),
            prior=prior,
            sd=settings.sd,
        )
        return Weighed(parts, prior, found.weight)


def run_weights(
    data: Path,
    out: Path,
    *,
    panels: Sequence[str] = tuple(PANELS),
    replicates: int = 1,
    seed: int = 1,
    examples: Path = Path("examples"),
    progress: Notify = silent,
) -> str:
    """Weigh the parts on inner and on outer rows; write `results.csv`, `summary.csv`.

    Parameters
    ----------
    panels
        Some of `panel_list.PANELS`.
    replicates
        Repeats of the folds.
    seed
        Of lines drawn from large panels, folds and parts.
    """
    refuse_unknown(panels, tuple(PANELS), "panels")
    table = open_table(out, {"seed": seed}, COLUMNS, ("panel", "replicate"))
    for name in panels:
        config = panel_config(name, data, examples, replicates=replicates, seed=seed)
        analysis = Analysis(config, RunFolder(out / "work" / name))
        dataset, splits = panel_folds(name, analysis)
        work = partial(_repeat, dataset, splits, config)
        cells = [(name, r) for r in dict.fromkeys(s.replicate for s in splits)]
        table.fill(cells, work, partial(progress, name))
    summary = summary_rows(table.rows)
    table.summarise(SUMMARY_COLUMNS, summary)
    return summary_text(summary)


def _repeat(
    dataset: Dataset,
    every: Sequence[Split],
    config: AnalysisConfig,
    panel: str,
    repeat: int,
) -> list[Row]:
    """Return inner shares, means over folds, and the outer ones of all test rows."""
    splits = [split for split in every if split.replicate == repeat]
    filters, seed = config.genotypes.filter, config.run.seed
    observed, predicted, shares = [], [], []
    for split in splits:
        task = FoldTask(AUTO, cast(Predictor, _Parts()), split)
        found = fit_fold(dataset, task, config.evaluate, filters, seed)
        fitted, keep = cast(Weighed, found[0]), found[1]
        test = dataset.take(split.test)
        taken = training_set(dataset, split.train)[1]
        y = observed_values(dataset.phenotypes, split.train, split.test)
        genotypes = test.take_variants(keep).genotypes
        value = [part.fitted.predict(genotypes).value for part in fitted.parts]
        observed.append(centred(y - taken.offset(test)))
        predicted.append(np.stack([centred(one) for one in value]))
        shares.append(fitted.share)
    y, z = np.concatenate(observed), np.concatenate(predicted, axis=1)
    outer = model_shares(
        *(y, np.ones_like(y), z, np.arange(y.shape[0])[None]),
        np.random.default_rng(seed),
        prior=fitted.prior,
        sd=NO_PRIOR,
    ).weight
    rows = []
    for t in range(y.shape[1]):
        for k, part in enumerate(fitted.parts):
            rows.append(
                {
                    "trait": str(dataset.phenotypes.trait_name[t]),
                    "environment": str(dataset.phenotypes.environment_name[t]),
                    "part": part.name,
                    "prior": number(fitted.prior[k]),
                    "inner": number(float(np.mean([one[k, t] for one in shares]))),
                    "outer": number(float(outer[k, t])),
                    "rows": str(int(np.isfinite(y[:, t]).sum())),
                }
            )
    return rows


def centred(value: FloatArray) -> FloatArray:  # (n, n_target)
    """Return columns less their mean: no share explains the level of a fold."""
    return value - np.nanmean(value, axis=0)


def summary_rows(rows: Sequence[Row]) -> list[Row]:
    """Return mean shares and slopes, of every part and of all of them.

    The slope is that of outer on inner shares, over panels, traits and repeats, with
    the 95 % interval of least squares; of all parts, of the differences of both to the
    share beforehand.
    """
    found = []
    for part in (*dict.fromkeys(row["part"] for row in rows), ALL):
        own = [row for row in rows if part in (row["part"], ALL)]
        prior, inner, outer = (
            np.array([float(row[name]) for row in own])
            for name in ("prior", "inner", "outer")
        )
        x, y = (inner - prior, outer - prior) if part == ALL else (inner, outer)
        slope = low = high = np.nan
        if x.size > 2 and np.ptp(x) > 0:
            fit = scipy.stats.linregress(x, y)
            half = fit.stderr * scipy.stats.t.ppf(0.975, x.size - 2)
            slope, low, high = fit.slope, fit.slope - half, fit.slope + half
        found.append(
            {
                "part": part,
                "pairs": str(x.size),
                "inner": number(float(inner.mean())),
                "outer": number(float(outer.mean())),
                "slope": number(slope),
                "low": number(low),
                "high": number(high),
            }
        )
    return found


def summary_text(rows: Sequence[Row]) -> str:
    """Return the summary as a text table."""
    lines = [f"{'part':18}{'pairs':>7}{'inner':>8}{'outer':>8}{'slope':>26}"]
    for row in rows:
        slope = ""
        if row["slope"]:
            names = ("slope", "low", "high")
            slope = "{:.2f} ({:.2f} to {:.2f})".format(*(float(row[o]) for o in names))
        inner, outer = float(row["inner"]), float(row["outer"])
        lines.append(
            f"{row['part']:18}{row['pairs']:>7}{inner:8.2f}{outer:8.2f}{slope:>26}"
        )
    return "\n".join(lines)
