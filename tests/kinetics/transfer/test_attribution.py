"""Attributions are complete, and zero where nothing is."""

import numpy as np
import pytest
import torch
from tests.kinetics.toys import GUIDE, draw_kinn, draw_targets

from meristem.errors import DataError
from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.transfer.attribution import base_effects, integrated_gradients
from meristem.kinetics.transfer.net import TransferFit, TransferNet, logits
from meristem.kinetics.transfer.trunk import Trunk


@pytest.fixture
def fit() -> TransferFit:
    net = TransferNet(Trunk(first_width=8, dense=8), [draw_kinn(0)], seed=0)
    with torch.no_grad():
        net.head.weight.normal_(0, 0.05, generator=torch.Generator().manual_seed(0))
    net.eval()
    return TransferFit(net, np.zeros(1))


def test_sum_is_the_difference_of_the_logits(fit: TransferFit) -> None:
    x = encode_pairs([GUIDE] * 6, draw_targets(6))
    attribution = integrated_gradients(fit, x, steps=400)
    ends = logits(fit.net, x) - logits(fit.net, np.zeros_like(x[:1]))
    assert np.allclose(attribution.sum(axis=(1, 2)), ends, atol=0.02)
    assert not attribution[x == 0].any()


def test_blocks_make_no_difference(fit: TransferFit) -> None:
    x = encode_pairs([GUIDE] * 7, draw_targets(7))
    whole = integrated_gradients(fit, x, steps=5)
    parts = integrated_gradients(fit, x, steps=5, block=3)
    assert np.allclose(whole, parts, atol=1e-6)
    mean = base_effects([fit, fit], x, np.array([0, 2]))
    assert mean.shape == (25, 13)


def test_no_steps(fit: TransferFit) -> None:
    with pytest.raises(DataError, match="0 steps"):
        integrated_gradients(fit, np.zeros((1, 25, 13), np.uint8), steps=0)
