from __future__ import annotations

import numpy as np
import pytest
import torch

from meristem.nn.losses import omics_loss, trait_error, trait_loss


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    value = torch.from_numpy(rng.normal(size=(4, 2, 7)))
    observed = torch.from_numpy(rng.normal(size=(2, 7)))
    weight = torch.from_numpy(rng.uniform(0.5, 2, (2, 7)))
    weight[0, 2] = weight[1, 5] = 0
    member = torch.from_numpy((rng.random((4, 7)) < 0.6).astype(float))
    return value, observed, weight, member


def test_trait_loss_equals_loops(batch):
    value, observed, weight, member = batch
    for k in range(4):
        total = error = 0.0
        for t in range(2):
            for b in range(7):
                w = float(weight[t, b] * member[k, b])
                error += w * float(value[k, t, b] - observed[t, b]) ** 2
                total += w
        assert trait_loss(*batch)[k].item() == pytest.approx(error / total)
        assert trait_error(*batch)[0][k].item() == pytest.approx(error)
        assert trait_error(*batch)[1][k].item() == pytest.approx(total)


def test_rows_a_member_must_not_see_do_not_matter(batch):
    value, observed, weight, member = batch
    changed = observed.clone()
    changed[:, member[2] == 0] = 1e6
    before = trait_loss(value, observed, weight, member)[2]
    assert trait_loss(value, changed, weight, member)[2] == before


def test_a_member_without_rows_has_no_loss(batch):
    value, observed, weight, member = batch
    member[1] = 0
    loss = trait_loss(value, observed, weight, member)
    assert loss[1] == 0
    assert loss.isfinite().all()


@pytest.mark.parametrize("form", ["soft", "correlation"])
def test_omics_loss_equals_loops(form):
    rng = np.random.default_rng(2)
    latent = torch.from_numpy(rng.normal(size=(3, 4, 9)))
    measured = torch.from_numpy(rng.normal(size=(3, 9)))
    weight = torch.from_numpy((rng.random((3, 9)) < 0.7).astype(float))
    weight[1] = 0  # a feature nobody measured
    member = torch.from_numpy((rng.random((4, 9)) < 0.8).astype(float))
    found = omics_loss(latent, measured, weight, member, form=form)
    for k in range(4):
        each = []
        for j in (0, 2):
            rows = (weight[j] * member[k]).bool().numpy()
            z, x = latent[j, k].numpy()[rows], measured[j].numpy()[rows]
            if form == "soft":
                each.append(np.mean((z - x) ** 2))
            else:
                each.append(1 - np.corrcoef(z, x)[0, 1])
        assert found[k].item() == pytest.approx(np.mean(each), rel=1e-6)


def test_correlation_ignores_scale_and_soft_does_not():
    z, x = torch.randn(1, 1, 20), torch.randn(1, 20)
    ones, row = torch.ones(1, 20), torch.ones(1, 20)
    for form, same in (("correlation", True), ("soft", False)):
        one = omics_loss(z, x, ones, row, form=form)
        other = omics_loss(3 * z + 2, x, ones, row, form=form)
        assert torch.allclose(one, other, atol=1e-5) is same
