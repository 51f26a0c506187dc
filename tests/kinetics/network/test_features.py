"""Features of a window against the convolution itself; published parameter counts."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.kinetics.toys import GUIDE_1, GUIDE_2

from meristem.errors import ConfigError
from meristem.kinetics.network.features import (
    Window,
    count_parameters,
    position_basis,
)
from meristem.records import FloatArray


def window_features(
    x: NDArray[np.generic],  # (n, n_position, n_channel)
    window: Window,
) -> FloatArray:  # (n, n_tap * n_channel)
    r"""Return the tap sums of a window: the features its weights multiply.

    References
    ----------
    A convolution summed over its outputs is linear in
    :math:`\phi[t,c] = \sum_i \tilde x[i+t-p, c]`.
    """
    basis = position_basis(window, x.shape[1])
    features = np.einsum("npc,pt->ntc", x.astype(np.float64), basis)
    return features.reshape(len(x), -1)


def convolve(
    x: NDArray[np.generic],  # (n, n_position, n_channel)
    window: Window,
    weights: FloatArray,  # (kernel, n_channel, filters)
    bias: FloatArray,  # (filters,)
) -> FloatArray:  # (n,)
    """Return the log rate by the convolution itself: the slow twin of the features."""
    stop = min(window.stop, x.shape[1])
    part = torch.as_tensor(x[:, window.start : stop].astype(np.float64))
    kernel = torch.as_tensor(weights).permute(2, 1, 0)  # (filters, channel, kernel)
    pad = (window.kernel - 1) // 2 if window.padding == "same" else 0
    out = torch.nn.functional.conv1d(
        part.permute(0, 2, 1), kernel, torch.as_tensor(bias), padding=pad
    )
    return np.asarray(out.sum(dim=(1, 2)))


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("start", "stop"), [(0, 7), (4, 19), (12, 24), (17, 24)])
def test_features_equal_convolution(
    kernel: int, padding: str, start: int, stop: int
) -> None:
    rng = np.random.default_rng(kernel)
    window = Window(start, stop, kernel, 2, padding)
    x = rng.integers(0, 2, (11, 25, 9))
    weights = rng.normal(size=(kernel, 9, 2))
    bias = rng.normal(size=2)
    by_convolution = convolve(x, window, weights, bias)
    phi = window_features(x, window)
    by_features = phi @ weights.sum(-1).reshape(-1) + window.n_output * bias.sum()
    assert np.allclose(by_features, by_convolution, atol=1e-10)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_windows_beyond_the_sequence_are_clipped(padding: str) -> None:
    rng = np.random.default_rng(3)
    window = Window(16, 30, 5, 1, padding)
    x = rng.integers(0, 2, (6, 24, 9))
    weights = rng.normal(size=(5, 9, 1))
    clipped = Window(16, 24, 5, 1, padding)
    got = window_features(x, window) @ weights.reshape(-1)
    assert np.allclose(got, convolve(x, clipped, weights, np.zeros(1)))
    assert np.array_equal(position_basis(window, 24), position_basis(clipped, 24))


def test_published_parameter_counts() -> None:
    assert count_parameters(GUIDE_1) == 572
    assert count_parameters(GUIDE_2) == 430
    assert count_parameters(GUIDE_1, effective=True) == 286
    assert count_parameters(GUIDE_2, effective=True) == 214


def test_equal_filters_are_one_filter() -> None:
    rng = np.random.default_rng(4)
    x = rng.integers(0, 2, (5, 25, 9))
    one = rng.normal(size=(3, 9, 1))
    thrice = np.repeat(one, 3, axis=2)
    window = Window(5, 12, 3)
    assert np.allclose(
        convolve(x, window, thrice, np.zeros(3)),
        3 * convolve(x, window, one, np.zeros(1)),
    )


def test_pwm_and_smooth_profiles() -> None:
    pwm = position_basis(Window(3, 8, form="pwm"))
    assert np.array_equal(pwm[3:8], np.eye(5))
    smooth = position_basis(Window(3, 11, kernel=3, form="smooth"))
    assert np.allclose(smooth[3:11, 0], 1.0)
    assert np.allclose(smooth.T @ smooth, np.diag([8.0, 4.0, 4.0]), atol=1e-12)
    assert not smooth[:3].any()
    assert not smooth[11:].any()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"start": 5, "stop": 5}, "empty"),
        ({"start": 0, "stop": 4, "kernel": 2}, "even"),
        ({"start": 0, "stop": 2, "kernel": 3, "padding": "valid"}, "wider"),
        ({"start": 0, "stop": 2, "form": "wave"}, "form"),
        ({"start": 0, "stop": 2, "filters": 0}, "at least 1"),
    ],
)
def test_impossible_windows_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Window(**values)


def test_window_behind_the_sequence_is_refused() -> None:
    with pytest.raises(ConfigError, match="beyond the sequence"):
        position_basis(Window(25, 27), 24)
