"""One training set of the recovery panel, and every model that is fitted on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from benchmarks.accuracy.cells import Row
from meristem.config.models import (
    AutoOptions,
    FeatureBLUPOptions,
    GBLUPOptions,
    KernelOptions,
    MeasuredOmicsOptions,
    MediatedOptions,
    ModelOptions,
    WeightedGBLUPOptions,
)
from meristem.config.stages import EvaluateConfig
from meristem.evaluate.controls import control_arms
from meristem.evaluate.splits import inner_splits
from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.models.catalog import build, needs
from meristem.models.protocol import Fitted, Predictor
from meristem.plan.compile import make_plan
from meristem.records import (
    Dataset,
    FloatArray,
    Genotypes,
    IntArray,
    NetworkPlan,
    Phenotypes,
    SampleGroups,
)
from meristem.runs.seeds import derived_rng
from meristem.simulate.recovery import RecoveryConfig, RecoveryPanel, simulate_recovery

NETWORK = AutoOptions(name="binn", omics="soft")
"""The default network with its soft omics loss."""

OPTIONS: dict[str, ModelOptions] = {
    "gblup": GBLUPOptions(),
    "rkhs": KernelOptions(),
    "goblup": MediatedOptions(method="goblup"),
    "one_kernel": MediatedOptions(method="one_kernel"),
    "predicted_expression": MediatedOptions(method="predicted_expression"),
    "pathway_reml": MediatedOptions(method="pathway_reml"),
    "pathway_average": MediatedOptions(method="pathway_average"),
    "gfblup": FeatureBLUPOptions(),
    "gwablup": WeightedGBLUPOptions(),
    "measured_omics": MeasuredOmicsOptions(),
    NETWORK.label: NETWORK,
}
"""Options of the models."""

CONTROLS = (
    "binn-shuffled-graph",
    "binn-random-graph",
    "binn-dense-equal",
    "binn-shuffled-omics",
    "binn-no-omics",
)
"""Controls of the network, as `evaluate.controls` makes them."""

MODELS = (*OPTIONS, *CONTROLS)
DEFAULT_MODELS = (*OPTIONS, "binn-shuffled-graph", "binn-no-omics")
NOT_DEPLOYABLE = tuple(
    label for label, chosen in OPTIONS.items() if not needs(chosen).deployable
)

KEY = ("replicate", "n", "test", "measured", "trait")
"""Columns that name a setting."""


@dataclass(frozen=True)
class Setting:
    """One training set of one panel."""

    replicate: int
    n: int
    test: Literal["within", "across"]
    measured: float
    trait: Literal["pathways", "additive"]

    @property
    def key(self) -> Row:
        """The columns that name the setting, as written."""
        return {
            "replicate": str(self.replicate),
            "n": str(self.n),
            "test": self.test,
            "measured": f"{self.measured:g}",
            "trait": self.trait,
        }


@dataclass(frozen=True)
class Task:
    """What every model of a setting is given."""

    panel: RecoveryPanel
    plan: NetworkPlan
    train: Dataset
    test: Dataset  # measured omics for the reference that is not deployable
    truth: FloatArray  # (n_test,) genetic value


def fit_model(setting: Setting, label: str, seed: int, task: Task) -> Fitted:
    """Fit one model of the benchmark on the training lines of a setting.

    Inner splits ask the outer question and are the same for all models.
    """
    scheme: Literal["group", "kfold"] = "group" if setting.test == "across" else "kfold"
    group = "subpopulation" if scheme == "group" else ""
    question = EvaluateConfig(scheme=scheme, group=group)
    name = tuple(setting.key.values())
    inner = inner_splits(task.train, question, derived_rng(seed, "inner", *name))
    predictor = make_predictor(label, task.plan)
    rng = derived_rng(seed, "fit", label, *name)
    return predictor.fit(task.train, rng=rng, inner=inner)


def make_predictor(label: str, plan: NetworkPlan) -> Predictor:
    """Return the model called `label`: one of `OPTIONS`, or a control of the BINN."""
    if label in OPTIONS:
        return build(OPTIONS[label], plan)
    return dict(control_arms(NETWORK, plan, build))[label]


def panel_plan(panel: RecoveryPanel) -> NetworkPlan:
    """Return what is known of a panel: cis windows of genes, genes of pathways."""
    variants = panel.train.genotypes.variants
    kinds = dict.fromkeys(map(str, panel.genes.gene_id), "gene")
    kinds |= dict.fromkeys((name for name, _ in panel.pathways), "term")
    edges = [(gene, name) for name, genes in panel.pathways for gene in genes]
    claims = [
        (str(gene), str(variant))
        for gene, window in zip(panel.genes.gene_id, panel.cis_window, strict=True)
        for variant in variants.variant_id[window]
    ]
    graph = make_graph(
        kinds, [gene for gene, _ in edges], [term for _, term in edges], claims=claims
    )
    return make_plan(Knowledge(graph), variants)


@lru_cache(maxsize=1)
def make_task(setting: Setting, seed: int, base: RecoveryConfig) -> Task:
    """Simulate the panel of a setting and choose its lines."""
    others = base.n_subpopulation - 1
    needed = setting.n
    if setting.test == "across":
        needed = -(-setting.n // others) * base.n_subpopulation
    config = replace(
        base,
        n_train=max(base.n_train, needed),
        measured_share=setting.measured,
        trait=setting.trait,
    )
    rng = derived_rng(seed, "panel", setting.replicate, setting.trait)
    panel = simulate_recovery(config, rng=rng)
    train, test = _lines(setting, panel)
    everyone = _all_lines(panel)
    return Task(
        panel,
        panel_plan(panel),
        everyone.take(train),
        everyone.take(test),
        panel.truth.genetic[test],
    )


def _lines(setting: Setting, panel: RecoveryPanel) -> tuple[IntArray, IntArray]:
    config = panel.config
    n_line = config.n_train + config.n_test
    if setting.test == "within":
        return np.arange(setting.n), np.arange(config.n_train, n_line)
    group = np.arange(n_line) % config.n_subpopulation
    out = (setting.replicate - 1) % config.n_subpopulation
    kept = np.flatnonzero(group[: config.n_train] != out)
    return kept[: setting.n], np.flatnonzero(group == out)


def _all_lines(panel: RecoveryPanel) -> Dataset:
    """Return training and test lines as one dataset; test phenotypes are unknown."""
    train, test = panel.train, panel.test
    names = np.concatenate([train.sample_id, test.sample_id])
    known, omics = train.phenotypes, train.omics[0]
    label = panel.test_groups.label
    if train.groups is not None:
        label = np.concatenate([train.groups.label, label])
    dosage = np.concatenate([train.genotypes.call_dosage, test.call_dosage])
    value = np.concatenate([known.value, np.full((test.n_sample, 1), np.nan)])
    measured = np.concatenate([omics.value, panel.test_expression.value])
    return Dataset(
        Genotypes(names, test.variants, dosage, source=test.source),
        Phenotypes(
            names, known.trait_name, known.environment_name, value, np.ones(value.shape)
        ),
        (replace(omics, sample_id=names, value=measured),),
        SampleGroups(names, panel.test_groups.group_name, label),
    )
