import numpy as np
import pytest
import torch
from tests.sequence.toys import TASKS, fitted, rows, specify

from meristem.errors import ConfigError
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.interpretation import gradients
from meristem.sequence.interpretation.gradients import (
    METHODS,
    TOLERANCE,
    TaskView,
    attribute,
)
from meristem.sequence.models.catalog import KINDS, fit_model
from meristem.sequence.models.networks.ensemble import NetworkEnsemble

NETWORKS = [name for name, kind in KINDS.items() if kind.space is not None]


def _network(kind: str) -> NetworkEnsemble:
    model = fitted(kind)
    assert isinstance(model, NetworkEnsemble)
    return model


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_view_is_the_prediction_of_one_task(kind: str) -> None:
    model, x = _network(kind), rows().onehot[:3]
    for task in range(2):
        view = TaskView(model.networks[0], model.loss, task, both=True).eval()
        with torch.no_grad():
            raw = view(torch.from_numpy(x))[:, 0].numpy()
        wanted = model.ensemble(x)[0, :, task] - model.loss.centre[task]
        assert np.allclose(raw, wanted, atol=1e-4)


@pytest.mark.parametrize("kind", NETWORKS)
def test_integrated_gradients_add_up(kind: str) -> None:
    found = attribute(_network(kind), rows().onehot[:2], 0, "integrated")
    assert found.gap.max() < TOLERANCE
    assert np.all(found.value[rows().onehot[:2] == 0] == 0)


def test_divided_paths_are_those_of_many_even_steps() -> None:
    model, x = _network("cnn"), rows().onehot[:2]
    view = TaskView(model.networks[0], model.loss, 0, both=True).eval()
    n = 20_000
    for one in x:
        sequence = torch.from_numpy(one)
        base = torch.full_like(sequence, 0.25)
        total = torch.zeros(one.shape, dtype=torch.float64)
        for part in ((torch.arange(n) + 0.5) / n).split(500):
            points = base + part[:, None, None] * (sequence - base)
            points.requires_grad_(True)
            (slope,) = torch.autograd.grad(view(points).sum(), points)
            total += slope.double().sum(0)
        slow = (total / n * (sequence - base).double()).sum(0).numpy()
        found, gap = gradients._path(view, sequence, base)
        assert gap < TOLERANCE / 2
        assert np.abs(found - slow).max() < 0.01 * np.abs(slow).max()


def test_gradients_of_saliency_are_centred_over_bases() -> None:
    x = rows().onehot[:2]
    plain = attribute(_network("cnn"), x, 0, "input_x_gradient").value
    centred = attribute(_network("cnn"), x, 0, "saliency").value
    assert not np.allclose(plain, centred)
    model = _network("cnn")
    view = TaskView(model.networks[0], model.loss, 0, both=True).eval()
    t = torch.from_numpy(x).requires_grad_(True)
    (gradient,) = torch.autograd.grad(view(t).sum(), t)
    captum = pytest.importorskip("captum.attr")
    one = captum.InputXGradient(view).attribute(t).detach().numpy()
    assert np.allclose(one, (gradient * t).detach().numpy(), atol=1e-6)


def test_gradients_of_bins_are_of_the_expected_value() -> None:
    model = fit_model(
        specify("cnn", loss="bins"), rows(), tasks=TASKS, rng=np.random.default_rng(1)
    )
    found = attribute(model, rows().onehot[:2], 1, "integrated")
    assert found.gap.max() < TOLERANCE


@pytest.mark.parametrize("kind", ["cnn", "dilated"])
def test_deeplift_adds_up_over_both_strands(kind: str) -> None:
    pytest.importorskip("tangermeme")
    model = _network(kind)
    assert model.train.strands == "both"
    found = attribute(model, rows().onehot[:3], 0, "deeplift")
    assert found.gap.max() < TOLERANCE


def test_maps_that_do_not_add_up_are_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gradients, "_MOST_PARTS", 1)
    monkeypatch.setattr(gradients, "_FIRST_PARTS", 1)
    attribute(_network("cnn"), rows().onehot[:3], 0, "integrated")
    assert "miss up to" in caplog.text


@pytest.mark.parametrize("method", METHODS)
def test_models_without_gradients_are_refused(method: str) -> None:
    with pytest.raises(ConfigError, match="has no gradients"):
        attribute(fitted("motif"), rows().onehot[:1], 0, method)


def test_deeplift_is_refused_where_it_would_be_wrong() -> None:
    with pytest.raises(ConfigError, match="cannot be propagated"):
        attribute(fitted("attention"), rows().onehot[:1], 0, "deeplift")
    pytest.importorskip("tangermeme")
    with pytest.raises(ConfigError, match="no unknown bases"):
        attribute(fitted("cnn"), encode(["N" * 48]), 0, "deeplift")
