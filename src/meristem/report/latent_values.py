"""Latents of different folds on one scale, and how well they agree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.report.artefacts import Artefacts

KEYS = ["model", "node", "omics", "replicate", "fold"]


def latent_models(artefacts: Artefacts) -> list[str]:
    """Return the models whose latents were measured, the explained one first."""
    labels = list(dict.fromkeys(artefacts.latents["model"].tolist()))
    explained = set(artefacts.nodes["model"])
    return sorted(labels, key=lambda label: label not in explained)


def orient(latents: pd.DataFrame) -> pd.DataFrame:
    """Return the complete rows with `oriented`, the latent in sd of its fold.

    A latent has neither scale nor sign of its own, and both may differ between
    folds: each fold is centred, scaled to sd 1, and turned so that it rises with the
    measurement. `r` is the correlation of its fold, before turning.
    """
    rows = latents[np.isfinite(latents["latent"]) & np.isfinite(latents["measured"])]
    keys = [key for key in KEYS if key in rows.columns]
    group = rows.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    x, y = rows["latent"].to_numpy(), rows["measured"].to_numpy()
    x, sd_x = _centred(x, group)
    y, sd_y = _centred(y, group)
    count = np.bincount(group) if group.size else np.zeros(0)
    product = np.bincount(group, weights=x * y) if group.size else np.zeros(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = product / (count * sd_x * sd_y)
        z = x / sd_x[group]
    r[count < 3] = np.nan
    sign = np.where(np.nan_to_num(r) < 0, -1.0, 1.0)
    return rows.assign(oriented=z * sign[group], r=r[group])


def _centred(
    values: np.ndarray,  # (n_row,)
    group: np.ndarray,  # (n_row,)
) -> tuple[np.ndarray, np.ndarray]:
    """Return deviations from the mean of the group (n_row,), and sds (n_group,)."""
    if group.size == 0:
        return values, np.zeros(0)
    count = np.bincount(group)
    centred = values - (np.bincount(group, weights=values) / count)[group]
    return centred, np.sqrt(np.bincount(group, weights=centred**2) / count)


def agreement(oriented: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over folds of |r| per node and omics, best first.

    Columns: node, omics, lines, folds, agreement.
    """
    keys = [key for key in KEYS if key in oriented.columns]
    folds = oriented.drop_duplicates(keys)
    folds = folds.assign(size=folds["r"].abs())
    pair = [key for key in ("node", "omics") if key in oriented.columns]
    grouped = folds.groupby(pair, sort=True)["size"].agg(["count", "mean"])
    lines = oriented.groupby(pair, sort=True)["sample_id"].nunique()
    table = grouped.rename(columns={"count": "folds", "mean": "agreement"})
    table.insert(0, "lines", lines)
    table = table[table["folds"] > 0].reset_index()
    return table.sort_values(
        ["agreement", "node"], ascending=[False, True], ignore_index=True
    )
