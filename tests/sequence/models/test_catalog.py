"""One suite of behaviour for every kind of the catalogue."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.sequence.toys import LENGTH, TASKS, fitted, motifs, rows, specify

from meristem.errors import ConfigError
from meristem.sequence.inputs.onehot import flip
from meristem.sequence.models.catalog import (
    KINDS,
    find_kind,
    fit_model,
    restore_model,
)
from meristem.sequence.models.networks.ensemble import NetworkEnsemble
from meristem.sequence.models.options import NetworkOptions
from meristem.sequence.models.protocol import SequenceModel

NETWORKS = [name for name, kind in KINDS.items() if kind.space is not None]


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_have_a_column_per_task_and_are_finite(kind: str) -> None:
    model, x = fitted(kind), rows().onehot[:7]
    assert isinstance(model, SequenceModel)
    assert model.kind == kind
    assert model.tasks == TASKS
    guess = model.predict(x)
    assert guess.shape == (7, 2)
    assert np.isfinite(guess).all()
    members = model.ensemble(x)
    assert members.shape[1:] == (7, 2)
    assert np.allclose(members.mean(axis=0), guess)


@pytest.mark.parametrize("kind", KINDS)
def test_both_strands_are_predicted_alike(kind: str) -> None:
    model, x = fitted(kind), rows().onehot[:5]
    assert np.allclose(model.predict(x), model.predict(flip(x)), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_saved_models_predict_the_same(kind: str, tmp_path: Path) -> None:
    model, x = fitted(kind), rows().onehot[:5]
    model.save(tmp_path / "model")
    again = restore_model(tmp_path / "model")
    assert np.allclose(again.predict(x), model.predict(x), atol=1e-6)
    assert (again.kind, again.tasks, again.window) == (
        model.kind,
        model.tasks,
        model.window,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_numbers(kind: str) -> None:
    x = rows().onehot[:4]
    again = fitted.__wrapped__(kind)
    assert np.allclose(again.predict(x), fitted(kind).predict(x), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_without_a_value_for_some_rows_is_no_trouble(kind: str) -> None:
    assert np.isnan(rows().value[:, 1]).any()
    assert np.isfinite(fitted(kind).predict(rows().onehot)).all()


@pytest.mark.parametrize("kind", ["kmer", "motif", "curved"])
def test_closed_forms_take_any_length(kind: str) -> None:
    model = fitted(kind)
    assert model.window is None
    x = rows().onehot[:3, :, : LENGTH - 9]
    assert model.predict(x).shape == (3, 2)


@pytest.mark.parametrize("kind", NETWORKS)
def test_networks_refuse_another_length(kind: str) -> None:
    with pytest.raises(ConfigError, match=f"reads {LENGTH} bp"):
        fitted(kind).predict(rows().onehot[:2, :, :30])


@pytest.mark.parametrize("loss", ["bins", "counts", "binary"])
def test_losses_give_values_in_units_of_the_task(loss: str) -> None:
    data = rows()
    value = np.abs(np.round(data.value)) if loss == "counts" else data.value
    if loss == "binary":
        value = np.where(np.isnan(value), np.nan, value > 0.5)
    model = fit_model(
        specify("cnn", loss=loss),
        replace(data, value=value),
        tasks=TASKS,
        rng=np.random.default_rng(1),
    )
    guess = model.predict(data.onehot)
    low, high = np.nanmin(value), np.nanmax(value)
    assert guess.min() >= (low if loss != "counts" else 0.0)
    assert loss == "counts" or guess.max() <= high


def test_motifs_begin_filters_and_an_offset_is_added(tmp_path: Path) -> None:
    spec = specify("cnn")
    options = NetworkOptions(
        channels=8, first_kernel=9, depth=0, hidden=8, motifs=True, offset=True
    )
    spec = replace(spec, options=options, motifs=motifs())
    model = fit_model(spec, rows(), tasks=TASKS, rng=np.random.default_rng(1))
    model.save(tmp_path / "m")
    x = rows().onehot[:5]
    assert np.allclose(restore_model(tmp_path / "m").predict(x), model.predict(x))
    with pytest.raises(ConfigError, match="needs motifs"):
        fit_model(
            replace(spec, motifs=()), rows(), tasks=TASKS, rng=np.random.default_rng(1)
        )


def test_training_continues_from_an_earlier_model_with_layers_frozen(
    tmp_path: Path,
) -> None:
    first = fitted("cnn")
    first.save(tmp_path / "m")
    spec = replace(specify("cnn"), start=tmp_path / "m", freeze=True)
    second = fit_model(spec, rows(), tasks=TASKS, rng=np.random.default_rng(5))
    assert isinstance(first, NetworkEnsemble)
    assert isinstance(second, NetworkEnsemble)
    for one, other in zip(first.networks, second.networks, strict=True):
        assert np.array_equal(
            one[0].weight.detach().numpy(), other[0].weight.detach().numpy()
        )
        assert not np.array_equal(
            one[-1].weight.detach().numpy(), other[-1].weight.detach().numpy()
        )


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="no model of kind 'tree'"):
        find_kind("tree")
