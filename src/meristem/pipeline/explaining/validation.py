"""Latent validation: whether networks compute what their nodes are named after.

The published claim is that nodes on which the prediction depends track their quantity
although the network never saw it. So every network of a run is asked, on lines it was
not trained on, and says whether it was supervised by these measurements.
"""

from __future__ import annotations

import pandas as pd

from meristem.config.models import ModelOptions
from meristem.evaluate.compare import SUBSAMPLE
from meristem.evaluate.controls import ARMS
from meristem.evaluate.crossval import CrossValidation
from meristem.interpret.biology.latent_validation import latent_agreement
from meristem.models.catalog import has_nodes
from meristem.pipeline.analysis import Analysis

VALIDATION_COLUMNS = (
    "model",
    "supervision",
    "node",
    "omics",
    "trait",
    "environment",
    "sensitivity",
    "agreement",
    "agreement_low",
    "agreement_high",
    "agreement_p",
    "rank_agreement",
    "null_mean",
    "n_rows",
    "n_folds",
)
UNSUPERVISED = "none"
SHUFFLED = "shuffled"


def latent_validation(analysis: Analysis, result: CrossValidation) -> pd.DataFrame:
    """Return `latent_validation.csv`: agreement and sensitivity of every network.

    Parameters
    ----------
    analysis
        The run.
    result
        Its cross-validation.

    Returns
    -------
    DataFrame
        One row per model, measured node, omics table and target; networks that were
        never trained on the measurements first.
    """
    known = supervision(analysis.config.models)
    moved, all_latents = (
        frame[~frame["split"].str.contains(SUBSAMPLE)]
        for frame in (result.sensitivities, result.latents)
    )
    key = ["model", "node", "trait", "environment"]
    means = moved.groupby(key, sort=False)["sensitivity"].mean().reset_index()
    frames = []
    for model, latents in all_latents.groupby("model", sort=False):
        agreement = latent_agreement(
            latents,
            analysis.rng("validation", str(model)),
            n_permutation=analysis.config.explain.permutations,
        )
        own = means[means["model"] == model]
        table = agreement.merge(own, on="node", how="inner")
        table["supervision"] = known.get(str(model), "")
        frames.append(table)
    if not frames:
        return pd.DataFrame(columns=list(VALIDATION_COLUMNS))
    table = pd.concat(frames, ignore_index=True)
    free = (table["supervision"] != UNSUPERVISED).astype(int)
    order = free.sort_values(kind="stable").index
    return table.loc[order, list(VALIDATION_COLUMNS)].reset_index(drop=True)


def supervision(models: tuple[ModelOptions, ...]) -> dict[str, str]:
    """Return how each network, controls included, was trained on measurements.

    Examples
    --------
    >>> from meristem.config.models import BINNOptions
    >>> supervision((BINNOptions(omics="soft"),))["binn-no-omics"]
    'none'
    """
    found = {}
    for options in models:
        if not has_nodes(options):
            continue
        own = options.supervision
        found[options.label] = own
        for arm in ARMS:
            how = UNSUPERVISED if arm.startswith("no-omics") else own
            if arm == "shuffled-omics" and own != UNSUPERVISED:
                how = SHUFFLED
            found[f"{options.label}-{arm}"] = how
    return found
