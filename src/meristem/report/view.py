"""A run as the report speaks of it: its targets, its models, their verdicts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from meristem.report.artefacts import Artefacts

ADDITIVE = {
    "gblup",
    "ridge",
    "elastic_net",
    "gfblup",
    "gwablup",
    "prior_gblup",
    "mediated",
}
"""Kinds whose prediction is a sum of marker effects: a GEBV."""

ALL = "all"
"""Trait or environment of a value over all of them."""

SUBSAMPLE = r":[np]=\d+$"
"""Ends the splits of a learning curve: `kfold:n=100` lines, `kfold:p=500` markers."""

BETTER, WORSE, SAME = "better", "worse", "not distinguishable"


ARMS: dict[str, tuple[str, str]] = {
    "no-network": ("no network", "models of all variants, and nothing else"),
    "shuffled-graph": ("shuffled graph", "same degrees, wrong connections"),
    "random-graph": ("random graph", "same size, random connections"),
    "dense-equal": ("dense network", "as many parameters, no graph"),
    "shuffled-omics": ("shuffled omics", "measurements of other lines"),
    "no-omics": ("no omics", "the same network without them"),
    "no-omics-loss": ("no omics loss", "graph learned, latents left free"),
}
"""Suffix of a control's label -> what it is called, and what it is."""


@dataclass(frozen=True)
class Target:
    """A trait, in an environment where there are several."""

    trait: str
    environment: str

    @property
    def name(self) -> str:
        """Name in headings and tabs."""
        return f"{self.trait}, {self.environment}" if self.environment else self.trait


@dataclass(frozen=True)
class Model:
    """A model under its label."""

    label: str
    kind: str  # empty when unknown
    deployable: bool
    is_reference: bool
    is_control: bool
    omics: str  # how a network uses omics in training; empty when unknown
    learns_graph: bool = False  # from omics of the training lines


@dataclass(frozen=True)
class Verdict:
    """How a model compares with the reference on one target."""

    model: str
    target: Target
    metric: str
    mean: float
    reference: str
    reference_mean: float
    difference: float
    low: float
    high: float
    n_folds: int
    verdict: str
    line: str


@dataclass(frozen=True)
class View:
    """Everything the sections share."""

    artefacts: Artefacts
    targets: tuple[Target, ...]
    models: tuple[Model, ...]
    verdicts: tuple[Verdict, ...]
    reference: str
    node_label: dict[str, str]  # node -> readable name, where it differs

    def of(self, frame: pd.DataFrame, target: Target) -> pd.DataFrame:
        """Return the rows of a table that belong to a target, subsamples left out."""
        if frame.empty:
            return frame
        mask = frame["trait"] == target.trait
        if "split" in frame.columns:
            mask &= ~frame["split"].str.contains(SUBSAMPLE)
        if (frame.loc[mask, "environment"] != "").any():
            mask &= frame["environment"] == target.environment
        return frame[mask]

    def node_name(self, node: str) -> str:
        """Return the readable name of a node."""
        return self.node_label.get(node, node)

    def model(self, label: str) -> Model:
        """Return the model called `label`."""
        for model in self.models:
            if model.label == label:
                return model
        return Model(label, "", True, False, False, "")

    def verdict(self, label: str, target: Target) -> Verdict | None:
        """Return the verdict on a model for a target, if there is one."""
        for verdict in self.verdicts:
            if verdict.model == label and verdict.target == target:
                return verdict
        return None

    def headline(self, label: str) -> Verdict | None:
        """Return the verdict on a model over all targets, or on the only one."""
        verdicts = [verdict for verdict in self.verdicts if verdict.model == label]
        overall = [verdict for verdict in verdicts if verdict.target.trait == ALL]
        if overall:
            return overall[0]
        return verdicts[0] if len(verdicts) == 1 else None

    @property
    def metric(self) -> str:
        """The metric on which the models are compared."""
        return self.verdicts[0].metric if self.verdicts else "pearson"

    @property
    def contenders(self) -> tuple[str, ...]:
        """Labels of the models that are no controls."""
        return tuple(m.label for m in self.models if not m.is_control)


def make_view(artefacts: Artefacts) -> View:
    """Return the targets, models and verdicts of a run, in a stable order."""
    targets = _targets(artefacts)
    verdicts = tuple(_verdict(item) for item in artefacts.verdicts)
    reference = _reference(artefacts, verdicts)
    nodes = (artefacts.network or {}).get("nodes") or []
    labels = {str(n["name"]): str(n["label"]) for n in nodes if n.get("label")}
    models = _models(artefacts, reference)
    return View(artefacts, targets, models, verdicts, reference, labels)


def _targets(artefacts: Artefacts) -> tuple[Target, ...]:
    described = (artefacts.data or {}).get("phenotypes") or []
    pairs = [
        (str(i.get("trait", "")), str(i.get("environment") or "")) for i in described
    ]
    tables = (artefacts.scores, artefacts.predictions, artefacts.candidates)
    measured: list[tuple[str, str]] = []
    for table in tables:
        if not table.empty:
            both = table[["trait", "environment"]].drop_duplicates()
            measured += list(both.itertuples(index=False, name=None))
    seen = {pair: None for pair in measured if ALL not in pair}
    ordered = [pair for pair in pairs if pair in seen]
    ordered += [pair for pair in seen if pair not in set(ordered)]
    return tuple(Target(*pair) for pair in (ordered or pairs))


def _verdict(item: dict[str, Any]) -> Verdict:
    bounds = item.get("interval") or (None, None)
    if isinstance(bounds, dict):
        bounds = (bounds.get("low"), bounds.get("high"))
    return Verdict(
        model=str(item.get("model", "")),
        target=Target(str(item.get("trait", "")), str(item.get("environment") or "")),
        metric=str(item.get("metric") or "pearson"),
        mean=_real(item.get("mean")),
        reference=str(item.get("reference") or ""),
        reference_mean=_real(item.get("reference_mean")),
        difference=_real(item.get("difference")),
        low=_real(bounds[0]),
        high=_real(bounds[1]),
        n_folds=int(item.get("n_folds") or 0),
        verdict=str(item.get("verdict") or ""),
        line=str(item.get("line") or ""),
    )


def _real(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _reference(artefacts: Artefacts, verdicts: tuple[Verdict, ...]) -> str:
    for verdict in verdicts:
        if verdict.reference:
            return verdict.reference
    config = artefacts.run.get("config") or {}
    return str((config.get("evaluate") or {}).get("reference") or "gblup")


def _listed(artefacts: Artefacts) -> dict[str, dict[str, Any]]:
    """Return label -> options of the models of the configuration.

    A model without a name has a label of its own (gxe_fa), which stands beside it in
    `run.json`.
    """
    config = artefacts.run.get("config") or {}
    options = config.get("models") or []
    told = artefacts.run.get("models") or []
    if len(told) == len(options):
        labels = [str(one.get("label")) for one in told]
    else:
        labels = [str(one.get("name") or one.get("kind")) for one in options]
    return dict(zip(labels, options, strict=True))


def _models(artefacts: Artefacts, reference: str) -> tuple[Model, ...]:
    listed = _listed(artefacts)
    kinds = {label: str(options.get("kind")) for label, options in listed.items()}
    omics = {
        label: str(options["omics"])
        for label, options in listed.items()
        if options.get("omics")
    }
    refused = {
        str(item.get("label"))
        for item in artefacts.run.get("models") or []
        if item.get("deployable") is False
    } | {
        str(item.get("model"))
        for item in artefacts.verdicts
        if item.get("deployable") is False
    }
    labels = dict.fromkeys(kinds)
    for table in (artefacts.scores, artefacts.predictions, artefacts.candidates):
        labels.update(dict.fromkeys(table["model"].unique().tolist()))
    labels.update(dict.fromkeys(str(item.get("model")) for item in artefacts.verdicts))
    return tuple(
        Model(
            label=label,
            kind=kinds.get(label, ""),
            deployable=label not in refused,
            is_reference=label == reference,
            is_control=label not in kinds and arm_of(label)[0] in kinds,
            omics=omics.get(label, ""),
            learns_graph=listed.get(label, {}).get("graph") in ("learned", "both"),
        )
        for label in labels
    )


def arm_of(label: str) -> tuple[str, str]:
    """Return the network that a control belongs to, and which control it is.

    Examples
    --------
    >>> arm_of("binn-no-omics"), arm_of("gblup")
    (('binn', 'no-omics'), ('gblup', ''))
    """
    for suffix in ARMS:
        if label.endswith(f"-{suffix}"):
            return label[: -len(suffix) - 1], suffix
    return label, ""


def figure_name(family: str, view: View, target: Target) -> str:
    """Return the file name of a target's figure: unique, plain ASCII.

    Examples
    --------
    >>> slug("Grain yield (t/ha), Köln")
    'grain-yield-t-ha-k-ln'
    """
    if len(view.targets) == 1:
        return family
    number = view.targets.index(target) + 1
    return f"{family}_{number:02d}_{slug(target.name)}"


def slug(text: str) -> str:
    """Return a text as part of a file name, in plain ASCII."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-") or "x"
