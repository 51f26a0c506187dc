from dataclasses import replace

import pandas as pd
from benchmarks.accuracy.expression import into_prediction
from benchmarks.accuracy.expression.into_prediction import FILLED, MEASURED

from meristem.simulate.recovery import RecoveryConfig

SMALL = RecoveryConfig(
    n_train=80,
    n_test=40,
    n_chromosome=2,
    variants_per_chromosome=100,
    n_gene=24,
    window=8,
    n_regulator=4,
    n_pathway=6,
    pathway_size=8,
    causal_genes_per_pathway=4,
    measured_share=0.5,
)


def test_both_tables_are_tried_on_the_same_panel(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(into_prediction, "PANEL", SMALL)
    told = into_prediction.run_into_prediction(tmp_path, panels=2, seed=3)
    rows = pd.read_csv(tmp_path / "results.csv")
    assert rows["omics"].tolist() == [MEASURED, FILLED] * 2
    assert rows["r"].nunique() == 4
    assert MEASURED in told
    # what is there is not done again
    monkeypatch.setattr(into_prediction, "PANEL", replace(SMALL, n_gene=30))
    assert into_prediction.run_into_prediction(tmp_path, panels=2, seed=3) == told


def test_differences_are_paired() -> None:
    frame = pd.DataFrame(
        {
            "panel": ["0", "0", "1", "1"],
            "omics": [MEASURED, FILLED] * 2,
            "r": ["0.5", "0.52", "0.1", "0.12"],
        }
    )
    told = into_prediction.into_prediction_table(frame)
    assert "+0.0200 [+0.0200, +0.0200]" in told
