"""What a run folder holds, read once: the only way the report sees a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from meristem.errors import DataError
from meristem.runs.folder import RunFolder

_TEXT = tuple(
    """
    sample_id trait environment model split fold group metric node kind
    measured_in omics control network ingredient variant_id contig gene
    gwas_variant found_by term label method genes node_1 node_2 between role
    supervision fit component quantity covariate category
    """.split()
)

REQUIRED: dict[str, tuple[str, ...]] = {
    "scores": ("model", "trait", "fold", "metric", "value"),
    "predictions": ("sample_id", "trait", "model", "observed", "predicted"),
    "structure": ("sample_id", "pc1", "pc2"),
    "nodes": ("node", "sensitivity"),
    "variants": ("variant_id", "contig", "position"),
    "genes": ("gene", "contig", "position"),
    "latents": ("node", "latent", "measured"),
    "candidates": ("sample_id", "trait", "model", "predicted"),
    "intervals": ("model", "trait", "level", "half_width", "coverage"),
    "controls": ("control", "trait", "difference", "low", "high"),
    "evidence": ("gene", "trait", "sensitivity", "network_p", "gwas_p", "found_by"),
    "enrichment": ("term", "method", "trait", "n_genes", "score", "p", "q"),
    "interactions": ("node_1", "node_2", "trait", "signed", "absolute"),
    "stability": ("trait", "between", "agreement", "low", "high"),
    "gain": ("trait", "node", "r_node", "r_sources", "gain"),
    "line_explanations": (
        "sample_id",
        "trait",
        "node",
        "contribution",
        "line_rank",
        "rank",
    ),
    "agreement_by_sensitivity": ("trait", "sensitivity", "agreement", "rank_r"),
    "attribution": ("kind", "name", "trait", "integrated", "deeplift"),
    "parts": ("model", "trait", "fit", "network_share", "linear_share"),
    "latent_validation": ("model", "node", "trait", "sensitivity", "agreement"),
    "convergence": ("model", "trait", "quantity", "mean", "sd", "rhat", "ess_bulk"),
    "variant_inclusion": ("model", "trait", "variant_id", "inclusion"),
    "variant_classes": ("model", "trait", "class", "rate", "enrichment", "share"),
    "shares": ("model", "trait", "part", "share", "low", "high"),
    "variance_components": ("model", "trait", "component", "value", "se"),
    "tuning": ("model", "generation", "reward", "chosen", "options"),
    "representation": ("model", "omics", "kind", "gives", "factors", "rows"),
    "covariate_effects": ("trait", "covariate", "category", "effect", "se", "n"),
    "relatedness": ("split", "replicate", "fold", "train", "test", "mean", "low"),
}
"""Columns without which a table cannot be shown; others may be absent."""

_TABLES = tuple(f"{name}.csv" for name in REQUIRED)
_RECORDS = ("data.json", "knowledge.json", "network.json", "verdicts.json")
SELECTION = "selection/selection.json"
_REMEDY = "start the command that wrote this folder again: it makes what is absent"

_NUMBERS = tuple(
    """
    value observed predicted spread low high difference top_probability
    reliability relatedness level half_width coverage pc1 pc2 pc3 pc4 sensitivity
    sensitivity_low sensitivity_high null_q gradient agreement agreement_low
    agreement_high agreement_p n_variants n_parents position effect effect_network
    effect_polygenic effect_total gwas_beta gwas_p latent measured null_high
    held_slope held_p held_q inclusion inclusion_fdr network_p network_q gwas_q
    twas_p twas_q n_genes score p q signed absolute n_sources r_node r_sources
    gain line_rank rank contribution latent_sd rank_r null_mean rank_agreement
    network_share linear_share scan_share products_share integrated deeplift
    integrated_gap deeplift_gap se share mean sd rhat ess_bulk ess_tail
    window_inclusion reward train test factors rows variants rate rate_low rate_high
    enrichment enrichment_low enrichment_high share_low share_high
    """.split()
)

_OPTIONAL_TEXT = tuple(
    """
    trait environment model group kind split ingredient
    """.split()
)


@dataclass(frozen=True)
class Artefacts:
    """The artefacts of one run; None or an empty table where a file is absent."""

    folder: Path
    run: dict[str, Any]
    data: dict[str, Any] | None
    knowledge: dict[str, Any] | None
    network: dict[str, Any] | None
    verdicts: list[dict[str, Any]]
    scores: pd.DataFrame
    predictions: pd.DataFrame
    structure: pd.DataFrame
    nodes: pd.DataFrame
    variants: pd.DataFrame
    genes: pd.DataFrame
    latents: pd.DataFrame
    candidates: pd.DataFrame
    intervals: pd.DataFrame
    controls: pd.DataFrame
    evidence: pd.DataFrame
    enrichment: pd.DataFrame
    interactions: pd.DataFrame
    stability: pd.DataFrame
    gain: pd.DataFrame
    attribution: pd.DataFrame
    line_explanations: pd.DataFrame
    agreement_by_sensitivity: pd.DataFrame
    latent_validation: pd.DataFrame
    parts: pd.DataFrame
    convergence: pd.DataFrame
    variant_inclusion: pd.DataFrame
    variant_classes: pd.DataFrame
    shares: pd.DataFrame
    variance_components: pd.DataFrame
    covariate_effects: pd.DataFrame
    tuning: pd.DataFrame
    representation: pd.DataFrame
    relatedness: pd.DataFrame
    absent: tuple[str, ...]  # names of the files that are not there
    selection: dict[str, Any] | None = None  # what `meristem select` decided


def read_artefacts(folder: str | Path) -> Artefacts:
    """Read every artefact of a run folder that the report shows.

    Parameters
    ----------
    folder
        A run folder (see `docs/run_folder.md`); only `run.json` must be there.

    Returns
    -------
    Artefacts
        Tables have every text column as `str`, empty where missing.

    Raises
    ------
    ConfigError
        If the folder holds no `run.json`, or a damaged one.
    DataError
        If a file is not as it was written, is damaged or lacks a column.
    """
    run = RunFolder.open(folder)
    folder = run.path
    record = run.record()
    # what lies deeper (models, data set) is checked by those who read it
    run.refuse_damaged(n for n in record.get("artefacts", {}) if "/" not in n)
    tables = {name: _read_table(folder / f"{name}.csv", name) for name in REQUIRED}
    records = {
        name: _read_json(folder / f"{name}.json")
        for name in ("data", "knowledge", "network", "verdicts")
    }
    return Artefacts(
        folder=folder,
        run=record,
        data=_as_dict(records["data"], folder / "data.json"),
        knowledge=_as_dict(records["knowledge"], folder / "knowledge.json"),
        network=_as_dict(records["network"], folder / "network.json"),
        verdicts=_as_list(records["verdicts"], folder / "verdicts.json"),
        selection=_as_dict(_read_json(folder / SELECTION), folder / SELECTION),
        absent=tuple(
            name
            for name in (*_TABLES, *_RECORDS)
            if not (folder / name).is_file() and _expected(name, record)
        ),
        **tables,
    )


def _expected(name: str, record: dict[str, Any]) -> bool:
    """Tell whether a run may have the file: what it is of is in the configuration."""
    config = record.get("config") or {}
    if name == "covariate_effects.csv":
        return bool(config.get("covariates"))
    if name == "representation.csv":
        tables = config.get("omics") or []
        return any(one.get("represent", "none") != "none" for one in tables)
    return True


def _wrong(path: Path, what: str) -> DataError:
    return DataError(what, where=path, remedy=f"remove it, then {_REMEDY}")


def _read_json(path: Path) -> object:
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(path, f"cannot be read as JSON ({error})") from error


def _as_dict(content: object, path: Path) -> dict[str, Any] | None:
    if content is None or isinstance(content, dict):
        return content
    raise _wrong(path, "holds no JSON object")


def _as_list(content: object, path: Path) -> list[dict[str, Any]]:
    if content is None:
        return []
    if isinstance(content, list) and all(isinstance(item, dict) for item in content):
        return content
    raise _wrong(path, "is no list of JSON objects")


def _read_table(path: Path, name: str) -> pd.DataFrame:
    """Return a table with its text columns as text; empty if the file is absent."""
    if not path.is_file():
        return _absent(name).copy()
    try:
        frame = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str), low_memory=False)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise _wrong(path, f"cannot be read as a table ({error})") from error
    missing = [column for column in REQUIRED[name] if column not in frame.columns]
    if missing:
        raise _wrong(path, f"lacks the columns {', '.join(missing)}")
    _check_numbers(frame, path)
    for column in _OPTIONAL_TEXT:
        if column not in frame.columns:
            frame[column] = ""
    present = [column for column in _TEXT if column in frame.columns]
    frame[present] = frame[present].fillna("")
    return _typed(frame) if frame.empty else frame


@cache
def _absent(name: str) -> pd.DataFrame:
    columns = dict.fromkeys([*REQUIRED[name], *_OPTIONAL_TEXT])
    types = {
        column: float if column in _NUMBERS else str if column in _TEXT else object
        for column in columns
    }
    return pd.DataFrame({c: pd.Series(dtype=one) for c, one in types.items()})


def _typed(empty: pd.DataFrame) -> pd.DataFrame:
    """Return an empty table whose columns have the types that rows would give them."""
    types = {
        column: float if column in _NUMBERS else str
        for column in empty.columns
        if column in _NUMBERS or column in _TEXT
    }
    return empty.astype(types)


def _check_numbers(frame: pd.DataFrame, path: Path) -> None:
    for column in _NUMBERS:
        if not frame.empty and column in frame and not is_numeric_dtype(frame[column]):
            raise DataError(
                f"the column {column} holds text where numbers belong",
                where=path,
                remedy=f"remove it, then {_REMEDY}",
            )
