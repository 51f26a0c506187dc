from __future__ import annotations

import pytest
import torch
from tests.toys import two_gene_plan

from meristem.config.models import BINNOptions
from meristem.models.binn.descent import node_shape
from meristem.nn.dag import PlanNetwork
from meristem.plan.network_size import network_parameters, node_parameters


def test_parameters_by_hand():
    # genes linear: 7 weights, 2 biases; term: linear 2 + hidden 2 x 5, biases 1 + 5,
    # out 5; head 1 + 1
    options = BINNOptions(hidden=(5,), variant_hidden=())
    assert network_parameters(options, two_gene_plan()) == 9 + 12 + 6 + 5 + 2
    # genes with 3 hidden units: 7 x 4 + 2 x 4 + 2 x 3
    wider = BINNOptions(hidden=(5,), variant_hidden=(3,))
    assert network_parameters(wider, two_gene_plan()) == 42 + 12 + 6 + 5 + 2
    # a second hidden layer of 4: + 5 x 4 + 4, out 4 in place of 5
    deeper = BINNOptions(hidden=(5, 4), variant_hidden=())
    assert network_parameters(deeper, two_gene_plan()) == 9 + 12 + 6 + 24 + 4 + 2


@pytest.mark.parametrize("hidden", [(), (5,), (4, 3)])
@pytest.mark.parametrize("variant_hidden", [(), (2,), (3, 2)])
@pytest.mark.parametrize("width", [1, 2])
def test_a_network_has_as_many(hidden, variant_hidden, width):
    options = BINNOptions(hidden=hidden, variant_hidden=variant_hidden, width=width)
    network = PlanNetwork(
        two_gene_plan(),
        node_shape(options),
        n_target=1,
        members=1,
        generator=torch.Generator(),
    )
    blocks = sum(p.numel() for p in network.blocks.parameters())
    assert node_parameters(options, two_gene_plan()) == blocks
