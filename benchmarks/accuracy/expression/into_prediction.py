"""Expression measured on half of the training lines, predicted for the other half.

Recovery-like panels; r with the true genetic value of new lines. The other half is
predicted by models fitted on the measured half, and given to GOBLUP beside it, as
`meristem expression predict` fills a table. Against the measured half alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy.cells import Progress, open_table
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.page import markdown_table
from meristem.config.expression.training import ExpressionModel, PreprocessOptions
from meristem.config.models import MediatedOptions
from meristem.expression.lines import ExpressionLines, cis_variants
from meristem.expression.questions.fit import run_holdout, train
from meristem.expression.questions.holdouts import line_holdouts
from meristem.expression.questions.scores import gene_scores
from meristem.expression.use.predicted import filled_table, predicted_table
from meristem.models.omics.mediated import Mediated
from meristem.records import Dataset, GeneTable, OmicsTable
from meristem.runs.seeds import derived_rng
from meristem.simulate.recovery import RecoveryConfig, simulate_recovery
from meristem.stats.bootstrap import percentile_interval

COLUMNS = ("panel", "lines", "omics", "r", "r_expression")
PANEL = RecoveryConfig(
    n_train=300,
    n_test=300,
    n_chromosome=8,
    variants_per_chromosome=400,
    n_gene=400,
    n_regulator=20,
    n_pathway=40,
    pathway_size=15,
    causal_genes_per_pathway=8,
    measured_share=0.5,
)
WINDOW = 150_000  # bp
MODEL: ExpressionModel = "cis_polygenic"
MEASURED = "measured half"
FILLED = "other half predicted"
_DRAWS = 2000


def run_into_prediction(
    out: Path, *, panels: int, seed: int, progress: Progress | None = None
) -> str:
    """Fit GOBLUP with every table on every panel; return the paired differences."""
    table = open_table(
        out, {"job": "into_prediction", "seed": seed}, COLUMNS, ("panel",)
    )
    cells = [(panel,) for panel in range(panels)]
    table.fill(cells, lambda panel: _panel(panel, seed), progress)
    return into_prediction_table(pd.DataFrame(table.rows))


def _panel(panel_number: int, seed: int) -> list[dict[str, str]]:
    panel = simulate_recovery(PANEL, rng=derived_rng(seed, "panel", panel_number))
    data, measured = panel.train, panel.train.omics[0]
    filled, r_expression = _filled(data, panel.genes, measured)
    rows = []
    for name, own in ((MEASURED, measured), (FILLED, filled)):
        fitted = Mediated(MediatedOptions(method="goblup")).fit(
            replace(data, omics=(own,)), rng=derived_rng(seed, "fit", panel_number)
        )
        told = fitted.predict(panel.test).value[:, 0]
        rows.append(
            {
                "lines": str(data.n_sample),
                "omics": name,
                "r": number(float(np.corrcoef(told, panel.test_genetic)[0, 1])),
                "r_expression": number(r_expression),
            }
        )
    return rows


def _filled(
    data: Dataset, genes: GeneTable, measured: OmicsTable
) -> tuple[OmicsTable, float]:
    """Return the table with the other lines predicted, and the median r by folds."""
    names = measured.feature_id
    cis, contig = cis_variants(data.genotypes.variants, genes, names.tolist(), WINDOW)
    lines = ExpressionLines(data.genotypes, names, measured.value, cis, contig)
    known, others = np.flatnonzero(lines.measured), np.flatnonzero(~lines.measured)
    part, options = lines.take(known), PreprocessOptions()
    held = line_holdouts(known.size, names.size, folds=5, repeats=1, seed=1)
    found = [(one, run_holdout(part, one, MODEL, options, 4, 1)) for one in held]
    r = gene_scores(found, names)["r"].fillna(0.0).to_numpy()
    trained = train(part, MODEL, options, inner_folds=4, seed=1)
    told = trained.predict(lines.take(others))
    predicted = predicted_table(
        measured.name,
        measured.sample_id[others],
        names,
        measured.node_name,
        told,
        r,
        min_r=-1.0,
    )
    return filled_table(measured, predicted), float(np.median(r))


def into_prediction_table(frame: pd.DataFrame) -> str:
    """Return the mean of both, and their paired difference, in Markdown."""
    wide = frame.assign(r=frame["r"].astype(float)).pivot(
        index="panel", columns="omics", values="r"
    )
    counts = np.random.default_rng(1).multinomial(
        len(wide), np.full(len(wide), 1 / len(wide)), _DRAWS
    )
    gap = (wide[FILLED] - wide[MEASURED]).to_numpy()
    low, high = percentile_interval(counts @ gap / len(wide), 0.95)
    text = f"{gap.mean():+.4f} [{low:+.4f}, {high:+.4f}]"
    body = [
        [MEASURED, f"{wide[MEASURED].mean():.3f}", ""],
        [FILLED, f"{wide[FILLED].mean():.3f}", text],
    ]
    return markdown_table(["expression", "mean r", "minus measured half"], body)
