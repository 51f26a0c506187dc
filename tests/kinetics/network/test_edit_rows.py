"""The product that skips zeros equals the plain one, gradients too."""

import numpy as np
import pytest
import torch

from meristem.kinetics.network.edit_rows import EditRows


@pytest.mark.parametrize("share", [0.03, 0.5])
def test_product_and_gradient(share: float) -> None:
    rng = np.random.default_rng(0)
    x = (rng.random((40, 6, 5)) < share).astype(np.uint8)
    x[3] *= 2
    x[7] = 0
    rows = torch.from_numpy(rng.permutation(40)[:17])
    data = EditRows.of(x)
    assert (len(data.start) > 0) == (share < 0.1)
    weight = torch.randn(30, 4, dtype=torch.float32, requires_grad=True)
    got = data.times(rows, weight)
    expected = torch.from_numpy(x.reshape(40, 30).astype(np.float32))[rows] @ weight
    assert torch.allclose(got, expected, atol=1e-5)
    factor = torch.randn(17, 4)
    (first,) = torch.autograd.grad((got * factor).sum(), weight, retain_graph=True)
    (second,) = torch.autograd.grad((expected * factor).sum(), weight)
    assert torch.allclose(first, second, atol=1e-5)


def test_values_that_are_no_counts_stay_dense() -> None:
    x = np.zeros((5, 30))
    x[0, 0] = 0.5
    assert not len(EditRows.of(x).start)
