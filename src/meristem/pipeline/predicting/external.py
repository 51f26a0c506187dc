"""Lines of another population whose values are known: predictions scored as folds are.

Nothing is learned from their values; they are read after every model is fitted.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.config.stages import AnalysisConfig
from meristem.errors import DataError
from meristem.evaluate.scores import score
from meristem.evaluate.table import PredictionTable
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.inputs import read_phenotypes
from meristem.records import Genotypes

EXTERNAL = "external_scores.csv"
SPLIT = "external"


def external_values(config: AnalysisConfig, genotypes: Genotypes) -> pd.DataFrame:
    """Return sample_id, trait, environment, observed of the new lines.

    Raises
    ------
    DataError
        If none of them has a value of a trait of the run.
    """
    path = config.predict.phenotypes
    section = config.phenotypes.model_copy(
        update={"path": path, "error_covariance": None}
    )
    plain = {"phenotypes": section, "covariates": None}
    table = read_phenotypes(config.model_copy(update=plain), genotypes)
    rows = [
        pd.DataFrame(
            {
                "sample_id": table.sample_id,
                "trait": str(trait),
                "environment": str(environment),
                "observed": table.value[:, target],
            }
        )
        for target, (trait, environment) in enumerate(
            zip(table.trait_name, table.environment_name, strict=True)
        )
    ]
    found = pd.concat(rows, ignore_index=True).dropna(subset=["observed"])
    found = found[found["sample_id"].isin(genotypes.sample_id)]
    if found.empty:
        raise DataError(
            "none of the new lines has a value",
            where=path or "predict.phenotypes",
            remedy="use the ids of predict.genotypes, or set fold_ids",
        )
    return found


def write_external(
    analysis: Analysis, candidates: pd.DataFrame, genotypes: Genotypes
) -> None:
    """Write `external_scores.csv`: columns and metrics of `scores.csv`.

    Raises
    ------
    DataError
        If no prediction has a value beside it.
    """
    observed = external_values(analysis.config, genotypes)
    both = candidates.merge(observed, on=["sample_id", "trait", "environment"])
    if both.empty:
        traits = ", ".join(sorted(set(observed["trait"])))
        raise DataError(
            f"no trait or environment of the run is among those of the new lines "
            f"({traits})",
            where=analysis.config.predict.phenotypes or "predict.phenotypes",
            remedy="name traits and environments as in phenotypes.path",
        )
    n = len(both)
    table = PredictionTable(
        both["sample_id"].to_numpy(str),
        both["trait"].to_numpy(str),
        both["environment"].to_numpy(str),
        np.full(n, SPLIT),
        np.zeros(n, dtype=np.int64),
        np.zeros(n, dtype=np.int64),
        both["model"].to_numpy(str),
        both["observed"].to_numpy(float),
        both["predicted"].to_numpy(float),
        both["spread"].to_numpy(float),
    )
    frame = score(table, None, analysis.config.evaluate).to_frame()
    analysis.folder.write_table(EXTERNAL, frame)
