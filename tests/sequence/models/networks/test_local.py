"""One base changed: what it reaches, against the whole network."""

import numpy as np
import pytest
import torch
from tests.sequence.toys import fitted, rows
from torch import nn

from meristem.sequence.inputs.onehot import base_codes, encode, substitute
from meristem.sequence.models.catalog import KINDS
from meristem.sequence.models.networks.attention import build_attention
from meristem.sequence.models.networks.cnn import build_cnn
from meristem.sequence.models.networks.dilated import build_dilated
from meristem.sequence.models.networks.lean import lean
from meristem.sequence.models.networks.local import changed_outputs
from meristem.sequence.models.networks.recurrent import build_recurrent
from meristem.sequence.models.networks.residual import build_residual
from meristem.sequence.models.options import NetworkOptions
from meristem.sequence.models.substitutions import substitutions

SHAPES = [
    (build_cnn, {"pool": 3, "depth": 2, "kernel": 4}),
    (build_cnn, {"pool": 1, "depth": 0, "first": "exp", "read": "both"}),
    (build_cnn, {"pool": 5, "depth": 3, "activation": "gelu", "read": "mean"}),
    (build_dilated, {"pool": 2, "depth": 4}),
    (build_cnn, {"pool": 4, "depth": 2, "first": "gelu", "first_kernel": 8}),
    (build_dilated, {"pool": 1, "depth": 3, "first": "elu", "activation": "silu"}),
    (build_dilated, {"pool": 3, "depth": 1, "read": "mean"}),
    (build_residual, {"pool": 2, "depth": 1}),
    (build_attention, {"pool": 2, "depth": 1, "heads": 2}),
    (build_recurrent, {"pool": 3, "depth": 1}),
]


def every_change(onehot):
    known = onehot.sum(axis=1, keepdims=True) > 0
    row, base, place = np.nonzero((onehot < 0.5) & known)
    return row, place, base


@pytest.mark.parametrize(("build", "options"), SHAPES)
@torch.no_grad()
def test_changes_are_those_of_the_whole_network(build, options):
    rng = np.random.default_rng(1)
    torch.manual_seed(2)
    shape = NetworkOptions(**{"channels": 6, "first_kernel": 7, "hidden": 5, **options})
    network = build(shape, 37, 3).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    text = ["".join(row) for row in rng.choice(list("ACGT"), (2, 37))]
    onehot = encode([text[0], "NN" + text[1][2:20] + "N" + text[1][21:]], 37)
    row, place, base = every_change(onehot)
    asked = (torch.from_numpy(a) for a in (base_codes(onehot), row, place, base))
    plain, changed = changed_outputs(lean(network), *asked)
    slow = network(torch.from_numpy(substitute(onehot, row, place, base)))
    assert plain.numpy() == pytest.approx(
        network(torch.from_numpy(onehot)).numpy(), abs=5e-6
    )
    assert changed.numpy() == pytest.approx(slow.numpy(), abs=5e-6)
    assert np.abs((changed - plain[row]).numpy()).max() > 1e-3


@pytest.mark.parametrize("kind", list(KINDS))
def test_effects_of_substitutions_are_differences_of_predictions(kind):
    model, onehot = fitted(kind), rows().onehot
    row, place, base = (a[::7] for a in every_change(onehot[:3]))
    found = substitutions(model, base_codes(onehot[:3]), row, place, base)
    made = model.ensemble(substitute(onehot[:3], row, place, base))
    slow = made - model.ensemble(onehot[:3])[:, row]
    assert found == pytest.approx(slow, abs=1e-5)
