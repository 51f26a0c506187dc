from __future__ import annotations

import numpy as np
import pytest
import torch

from meristem.representation.encoders.network import AutoEncoderNetwork, contraction


def network(members: int = 2) -> AutoEncoderNetwork:
    made = AutoEncoderNetwork(
        7,
        5,
        3,
        members=members,
        variational=True,
        zeros=True,
        mask=0.0,
        generator=torch.Generator().manual_seed(1),
    )
    with torch.no_grad():  # away from the linear start
        made.encode_last.weight.normal_(generator=torch.Generator().manual_seed(2))
    return made.double()


def test_the_contraction_is_the_norm_of_the_jacobian() -> None:
    made = network()
    x = torch.randn(2, 7, 4, generator=torch.Generator().manual_seed(3)).double()
    expected = torch.zeros(2).double()
    for member in range(2):
        for row in range(4):

            def code(v: torch.Tensor, m: int = member) -> torch.Tensor:
                whole = torch.zeros(2, 7, 1).double()
                whole = whole.index_put((torch.tensor([m]),), v[None, :, None])
                return made.encode(whole)[0][m, :, 0]

            jacobian = torch.autograd.functional.jacobian(code, x[member, :, row])
            expected[member] += (jacobian**2).sum() / 4
    assert contraction(made, x).tolist() == pytest.approx(expected.tolist())


def test_members_do_not_see_each_other() -> None:
    made = network()
    x = torch.randn(2, 7, 4, generator=torch.Generator().manual_seed(3)).double()
    before = made.encode(x)[0][0].detach().clone()
    x[1] += 5
    assert torch.equal(made.encode(x)[0][0], before)


def test_a_linear_start_is_the_map_given() -> None:
    made = network()
    rng = np.random.default_rng(1)
    weight = rng.normal(size=(2, 7, 3)).astype(np.float32)
    loading = rng.normal(size=(2, 7, 3)).astype(np.float32)
    with torch.no_grad():
        made.encode_last.weight.zero_()
    made.start_linear(weight, loading)
    x = torch.randn(2, 7, 4, generator=torch.Generator().manual_seed(3)).double()
    z = made.encode(x)[0]
    expected = np.swapaxes(weight, 1, 2) @ x.numpy()
    assert z.detach().numpy() == pytest.approx(expected, abs=1e-6)
    assert made.decode(z).detach().numpy() == pytest.approx(
        loading @ expected, abs=1e-5
    )


def test_samples_are_means_when_not_training() -> None:
    made = network().eval()
    mean = torch.zeros(2, 3, 4).double()
    assert torch.equal(made.sample(mean, mean), mean)
    made.train()
    assert not torch.equal(made.sample(mean, mean), mean)
