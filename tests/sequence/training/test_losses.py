import numpy as np
import pytest
import torch

from meristem.errors import DataError
from meristem.sequence.training.losses import make_loss

TASKS = ("a", "b")


def _value(loss: str) -> np.ndarray:
    rng = np.random.default_rng(1)
    value = rng.normal(3, 1, size=(20, 2))
    if loss == "binary":
        value = (value > 3).astype(float)
    if loss == "counts":
        value = np.floor(np.abs(value) * 3)
    return value


@pytest.mark.parametrize("name", ["regression", "binary", "counts", "bins"])
def test_missing_values_pull_at_nothing(name: str) -> None:
    value = _value(name)
    loss = make_loss(name, value, TASKS)
    raw = torch.randn(20, loss.n_output, requires_grad=True)
    value[:, 1] = np.nan
    cost = loss.cost(raw, torch.from_numpy(value).float())
    cost.backward()
    half = loss.n_output // 2
    assert float(raw.grad[:, :half].abs().sum()) > 0
    assert float(raw.grad[:, half:].abs().sum()) == 0
    value[:] = np.nan
    assert float(loss.cost(raw.detach(), torch.from_numpy(value).float())) == 0


def test_costs_equal_their_definitions() -> None:
    value = _value("counts")
    raw = torch.randn(20, 2, dtype=torch.float64)
    target = torch.from_numpy(value)
    counts = make_loss("counts", value, TASKS)
    assert torch.isclose(counts.cost(raw, target), (raw.exp() - target * raw).mean())
    plain = make_loss("regression", value, TASKS)
    guess = plain.value(raw).numpy()
    wanted = (((guess - value) / value.std(axis=0)) ** 2).mean()
    assert np.isclose(float(plain.cost(raw, target)), wanted)


def test_bins_are_best_where_the_curve_is_the_target() -> None:
    value = _value("regression")
    loss = make_loss("bins", value, TASKS, n_bin=12)
    target = torch.from_numpy(value)
    share = loss._soft(target)
    raw = share.log().flatten(1)
    best = float(loss.cost(raw, target))
    assert best < float(loss.cost(raw + 0.3 * torch.randn_like(raw), target))
    inner = np.abs(value - value.mean(axis=0)) < 1
    gap = np.abs(loss.value(raw).numpy() - value)[inner]
    assert gap.max() < 0.15


def test_an_offset_is_added_to_what_the_network_says() -> None:
    value = _value("regression")
    loss = make_loss("regression", value, TASKS)
    offset = torch.from_numpy((value - loss.centre) / loss.scale)
    zero = torch.zeros(20, 2, dtype=torch.float64)
    assert float(loss.cost(zero, torch.from_numpy(value), offset)) < 1e-12


@pytest.mark.parametrize(
    ("name", "column", "message"),
    [
        ("binary", [0.0, 1.0, 2.0], "neither 0 nor 1"),
        ("counts", [-1.0, 2.0, 3.0], "no count"),
        ("regression", [1.0, 1.0, 1.0], "1 different value"),
        ("regression", [np.nan, np.nan, np.nan], "0 different value"),
    ],
)
def test_values_without_a_place_are_refused(
    name: str, column: list[float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        make_loss(name, np.array(column)[:, None], ("y",))
