"""What fitted models say of their posterior: convergence, and which variants act."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from meristem.models.bayes.classes import TOLD
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.fitting import deployable_labels, load_fitted
from meristem.pipeline.prior_scores import with_prior_scores

CONVERGENCE, INCLUSION = "convergence.csv", "variant_inclusion.csv"
CLASSES = "variant_classes.csv"

ORDER = {
    CONVERGENCE: (
        "quantity",
        "mean",
        "sd",
        "rhat",
        "ess_bulk",
        "ess_tail",
        "converged",
    ),
    INCLUSION: (
        *("variant_id", "contig", "position", "effect", "inclusion"),
        *("window", "window_inclusion", "class"),
    ),
    CLASSES: ("class", "variants", *TOLD),
}
"""Columns of the tables after model, trait and environment, where a model has them."""

_METHOD = {
    CONVERGENCE: "convergence",
    INCLUSION: "variant_inclusion",
    CLASSES: "variant_classes",
}


def write_posterior_tables(analysis: Analysis) -> None:
    """Write the tables of models by sampling: chains, variants, classes of variants."""
    frames: dict[str, list[pd.DataFrame]] = {name: [] for name in ORDER}
    phenotypes = analysis.dataset.phenotypes
    for label in deployable_labels(analysis):
        fitted = load_fitted(analysis, label)
        for name, found in frames.items():
            method: Callable[[], pd.DataFrame | None] | None
            method = getattr(fitted, _METHOD[name], None)
            table = None if method is None else method()
            if table is None:
                continue
            target = table["target"].to_numpy()
            table.insert(0, "model", label)
            table.insert(1, "trait", phenotypes.trait_name[target])
            table.insert(2, "environment", phenotypes.environment_name[target])
            known = [column for column in ORDER[name] if column in table]
            found.append(table[["model", "trait", "environment", *known]])
    for name, found in frames.items():
        if found:
            table = pd.concat(found, ignore_index=True)
            if name == INCLUSION:
                table = with_prior_scores(table, analysis.config.priors)
            analysis.folder.write_table(name, table)
        else:
            analysis.folder.drop(name)
