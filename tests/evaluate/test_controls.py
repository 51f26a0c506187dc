from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from tests.evaluate.toys import prediction_table
from tests.toys import two_gene_plan

from meristem.config.models import BINNOptions, CoreOptions, DenseOptions, LearnOptions
from meristem.evaluate.controls import (
    ShuffledOmics,
    WithoutOmics,
    control_arms,
    decompose,
    equal_dense,
)
from meristem.evaluate.table import PredictionTable
from meristem.plan.learned.of_options import learned_network
from meristem.plan.network_size import network_parameters


@dataclass(frozen=True)
class Recorder:
    options: object
    plan: object

    def fit(self, dataset, *, rng, inner=()):
        return dataset


@dataclass(frozen=True)
class RecordOptions:
    options: object
    plan: object

    def fit(self, dataset, *, rng, inner=()):
        return self.options


BINN = BINNOptions(name="net", omics="soft", graph="both")


def noisy(models: dict[str, float], seed: int, n: int) -> PredictionTable:
    """Return predictions of models whose errors have the given sd."""
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(n)
    rows = []
    for model, sd in models.items():
        y_hat = y + sd * rng.standard_normal(n)
        rows += [
            (f"l{k}", "y", "", "kfold", 0, k % 5, model, y[k], y_hat[k], np.nan)
            for k in range(n)
        ]
    return prediction_table(rows)


def test_arms_of_a_network_with_omics():
    arms = dict(control_arms(BINN, two_gene_plan(), Recorder))
    assert list(arms) == [
        "net-no-network",
        "net-shuffled-graph",
        "net-random-graph",
        "net-dense-equal",
        "net-shuffled-omics",
        "net-no-omics-loss",
        "net-no-omics",
    ]
    # the graph of the fold is rewired, curated terms included
    assert arms["net-shuffled-graph"].options.graph == "both"
    assert arms["net-shuffled-graph"].options.learn.null == "shuffled"
    assert arms["net-random-graph"].options.learn.null == "random"
    assert arms["net-dense-equal"].options.label == "net"
    assert arms["net-no-omics-loss"].options.omics == "none"
    assert arms["net-no-omics-loss"].options.graph == "both"
    assert arms["net-shuffled-omics"].predictor.options.omics == "soft"
    assert arms["net-no-omics"].predictor.options.omics == "none"
    # a graph learned from omics falls back to the curated one
    assert arms["net-no-omics"].predictor.options.graph == "knowledge"
    bare = arms.pop("net-no-network")
    assert bare.plan is None
    assert bare.options.graph == "none"
    assert bare.options.omics == "soft"
    for label, arm in arms.items():
        inner = getattr(arm, "predictor", arm)
        assert label in (inner.options.label, "net-dense-equal")
        assert inner.plan.hash == two_gene_plan().hash


def test_arms_of_a_curated_network_with_omics():
    options = BINNOptions(name="net", omics="soft")
    arms = dict(control_arms(options, two_gene_plan(), Recorder))
    assert list(arms) == [
        "net-no-network",
        "net-shuffled-graph",
        "net-random-graph",
        "net-dense-equal",
        "net-shuffled-omics",
        "net-no-omics",
    ]
    assert arms["net-shuffled-graph"].options.graph == "shuffled"
    assert arms["net-random-graph"].options.graph == "random"
    assert isinstance(arms["net-dense-equal"].options, DenseOptions)


def test_a_core_asks_the_trained_network_for_what_it_has_no_options_for():
    core = CoreOptions(name="net", graph="both", inner_folds=3)
    arms = dict(control_arms(core, two_gene_plan(), Recorder))
    assert list(arms) == list(dict(control_arms(BINN, two_gene_plan(), Recorder)))
    assert arms["net-shuffled-graph"].options.kind == "core"
    assert arms["net-shuffled-omics"].predictor.options.kind == "core"
    for label in ("net-no-omics-loss", "net-no-omics"):
        options = getattr(arms[label], "predictor", arms[label]).options
        assert (options.kind, options.omics, options.label) == ("binn", "none", label)
        assert options.inner_folds == 3


def test_a_learned_graph_without_a_plan():
    options = BINNOptions(name="net", graph="learned", omics="soft")
    labels = [label for label, _ in control_arms(options, None, Recorder)]
    # without omics there is no graph
    assert labels == [
        "net-no-network",
        "net-shuffled-graph",
        "net-random-graph",
        "net-dense-equal",
        "net-shuffled-omics",
        "net-no-omics-loss",
    ]
    free = options.model_copy(update={"omics": "none"})
    labels = [label for label, _ in control_arms(free, None, Recorder)]
    assert labels[-1] == "net-shuffled-omics"


def test_the_dense_control_of_a_learned_graph_counts_that_graph(dataset_factory):
    data = dataset_factory(n_sample=40, omics=True)
    options = BINNOptions(
        name="net",
        graph="learned",
        learn=LearnOptions(genes="all", variants_per_gene=2),
    )
    arms = dict(control_arms(options, None, RecordOptions))
    rng = np.random.default_rng(1)
    fitted = arms["net-dense-equal"].fit(data, rng=rng)
    learned = learned_network(data, options, None, (), np.random.default_rng(1))
    assert fitted == equal_dense(options, learned, "net-dense-equal")


def test_dense_has_about_as_many_parameters():
    options = BINNOptions(hidden=(64, 64), epochs=77, seeds=4, learning_rate=0.02)
    dense = equal_dense(options, two_gene_plan(), "d")
    w = dense.hidden[0]
    total = 11 * w + w + 2 * (w * w + w) + w + 1
    assert total == pytest.approx(
        network_parameters(options, two_gene_plan()), rel=0.05
    )
    assert (dense.epochs, dense.seeds, dense.learning_rate) == (77, 4, 0.02)
    assert dense.label == "d"


def test_dense_is_never_narrower_than_one():
    assert equal_dense(BINNOptions(hidden=()), two_gene_plan(5000), "d").hidden == (
        1,
        1,
        1,
    )


def test_shuffled_omics_moves_measured_rows_alone(dataset_factory):
    data = dataset_factory(n_sample=30, omics=True)
    data.omics[0].value[[3, 4, 5]] = np.nan
    before = data.omics[0].value.copy()
    model = ShuffledOmics(Recorder(None, None))
    got = model.fit(data, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(data.omics[0].value, before)
    after = got.omics[0].value
    assert np.isnan(after[[3, 4, 5]]).all()
    assert not np.array_equal(after, before, equal_nan=True)
    key = lambda rows: sorted(map(tuple, rows[~np.isnan(rows).any(axis=1)]))  # noqa: E731
    assert key(after) == key(before)
    assert got.phenotypes is data.phenotypes


def test_without_omics(dataset_factory):
    data = dataset_factory(omics=True)
    model = WithoutOmics(Recorder(None, None))
    assert model.fit(data, rng=np.random.default_rng(1)).omics == ()


def test_decomposition_gives_each_ingredient_its_difference():
    predictions = noisy(
        {"net": 0.5, "net-shuffled-graph": 2.0, "net-no-omics": 0.5, "gblup": 1.0},
        seed=1,
        n=300,
    )
    parts = {part.ingredient: part for part in decompose(predictions, "net")}
    assert set(parts) == {"structure", "omics"}
    assert parts["structure"].difference > 0.2
    assert parts["structure"].interval[0] > 0
    low, high = parts["omics"].interval
    assert low < 0 < high
    assert "structure (against net-shuffled-graph) adds +0." in parts["structure"].line


def test_capacity_is_what_the_dense_network_adds_to_the_reference():
    predictions = noisy(
        {"net": 0.5, "net-dense-equal": 3.0, "gblup": 0.5}, seed=2, n=200
    )
    parts = decompose(predictions, "net", reference="gblup")
    assert [part.ingredient for part in parts] == ["structure and sparsity", "capacity"]
    assert parts[1].difference < -0.2
    assert parts[1].control == "gblup"
    assert len(decompose(predictions, "net")) == 1
