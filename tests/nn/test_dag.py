"""The plan as a network against a slow twin, node by node and member by member."""

from __future__ import annotations

import pytest
import torch
from tests.toys import network_plan

from meristem.nn import dag, sparse
from meristem.nn.dag import (
    NodeShape,
    PlanNetwork,
    Replacement,
    move_structures,
    take_members,
)
from meristem.records import NetworkPlan


def small_plan() -> NetworkPlan:
    """Levels 0: a, b, lone; 1: c (reads a, b and a variant), d (reads b alone);
    2: e (reads c, d and skips to a). Variant 6 is claimed by nobody."""
    return network_plan(
        {"a": (0, 3), "b": (1, 3), "lone": (5,)},
        {"c": (4, "a", "b"), "d": ("b",)},
        {"e": ("a", "c", "d")},
        variants=7,
        heads=("e", "lone"),
    )


def make(shape=None, members=3, n_target=2, seed=0):
    return PlanNetwork(
        small_plan(),
        shape or NodeShape(hidden=(4,)),
        n_target=n_target,
        members=members,
        generator=torch.Generator().manual_seed(seed),
    )


def slow_node(block, node, member, sources):
    """One node of one member; `sources` maps a source row to its values."""
    units = block.width + block.first
    rows = [(node * block.members + member) * units + u for u in range(units)]
    sums = []
    for u, row in enumerate(rows):
        chosen = (block.edges.row == row).nonzero().flatten().tolist()
        total = block.bias[node * block.members + member, u]
        for e in chosen:
            total = total + block.weight[e] * sources[int(block.edges.col[e])]
        sums.append(total)
    block_number = node * block.members + member
    if block.out is None:
        return sums[: block.width]
    h = torch.stack(sums[block.width :])
    h = block.activation(h)
    for inner, bias in zip(block.inner, block.inner_bias, strict=True):
        h = block.activation(inner[block_number] @ h + bias[block_number])
    bent = block.out[block_number] @ h
    return [sums[w] + bent[w] for w in range(block.width)]


def slow_forward(network, x):
    """Return (value, latent) by loops over blocks, nodes and members."""
    state: list[torch.Tensor] = []
    for i, block in enumerate(network.nets):
        sources = list(x) if i == 0 else list(state)
        rows = []
        for node in range(block.n_node):
            for member in range(block.members):
                rows += slow_node(block, node, member, sources)
        state += rows
    grid = torch.stack(state).view(-1, network.members, network.shape.width, x.shape[1])
    latent = grid[network.slot, :, 0]
    value = []
    for k in range(network.members):
        read = torch.cat([grid[s, k] for s in network.head_slot])
        value.append(network.head[k] @ read + network.head_bias[k])
    return torch.stack(value), latent


@pytest.mark.parametrize(
    "shape",
    [
        NodeShape(hidden=(4,)),
        NodeShape(hidden=(5, 3), activation="silu"),
        NodeShape(hidden=(), width=2),
        NodeShape(hidden=(4,), variant_hidden=(3,), width=2, activation="sigmoid"),
    ],
    ids=str,
)
def test_values_equal_the_slow_twin(shape):
    network = make(shape)
    x = torch.randn(network.used_variant.size, 8)
    output = network(x)
    value, latent = slow_forward(network, x)
    torch.testing.assert_close(output.value, value, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(output.latent, latent, atol=1e-6, rtol=1e-5)


def test_only_claimed_variants_are_read():
    assert make().used_variant.tolist() == [0, 1, 3, 4, 5]


def test_a_node_with_one_parent_is_linear():
    network = make()
    kinds = {tuple(block.edges.crow.shape): block.out is None for block in network.nets}
    assert [block.out is None for block in network.nets] == [True, True, False, False]
    assert kinds


def test_gradients_in_double():
    network = make(NodeShape(hidden=(3,), variant_hidden=(2,))).double()
    x = torch.randn(network.used_variant.size, 4, dtype=torch.float64)
    names = [name for name, _ in network.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in network.parameters()]

    def run(*parameters):
        chosen = dict(zip(names, parameters, strict=True))
        output = torch.func.functional_call(network, chosen, (x,))
        return output.value, output.latent

    assert torch.autograd.gradcheck(run, values)


def test_members_do_not_touch_each_other():
    network = make(members=3)
    x = torch.randn(network.used_variant.size, 5)
    network(x).value[1].sum().backward()
    for name, owner in network.owners().items():
        gradient = network.get_parameter(name).grad
        other = (owner != 1).expand(gradient.shape)
        assert torch.count_nonzero(gradient[other]) == 0, name


def test_folding_mean_and_scale_is_standardising():
    network = make()
    dosage = torch.randint(0, 3, (network.used_variant.size, 9)).float()
    mean, sd = torch.rand(5) + 0.5, torch.rand(5) + 0.5
    expected = network((dosage - mean[:, None]) / sd[:, None])
    network.standardise(mean, sd)
    found = network(dosage)
    torch.testing.assert_close(found.value, expected.value, atol=1e-5, rtol=1e-5)
    network.standardise(None, None)
    plain = network((dosage - mean[:, None]) / sd[:, None])
    torch.testing.assert_close(plain.value, expected.value)


def test_taking_members_keeps_their_predictions():
    network = make(NodeShape(hidden=(4, 3), variant_hidden=(2,)), members=4)
    x = torch.randn(network.used_variant.size, 5)
    part = take_members(network, small_plan(), [1, 3])
    torch.testing.assert_close(part(x).value, network(x).value[[1, 3]])
    torch.testing.assert_close(part(x).latent, network(x).latent[:, [1, 3]])


@pytest.mark.parametrize("width", [1, 2])
def test_replacement_and_nudge(width):
    network = make(NodeShape(hidden=(4,), width=width))
    x = torch.randn(network.used_variant.size, 6)
    free = network(x)
    node = torch.tensor([3])
    value = free.latent[3][None].clone()
    mask = torch.ones_like(value, dtype=torch.bool)
    same = network(x, replacement=Replacement(node, value, mask))
    torch.testing.assert_close(same.value, free.value)
    value = value + 1.0
    held = network(x, replacement=Replacement(node, value, mask))
    nudge = torch.zeros_like(free.latent)
    nudge[3] = 1.0
    pushed = network(x, nudge=nudge)
    torch.testing.assert_close(held.value, pushed.value)
    torch.testing.assert_close(held.latent[3], free.latent[3] + 1.0)
    assert not torch.allclose(held.value, free.value)
    mask[:, :, 2:] = False
    partly = network(x, replacement=Replacement(node, value, mask))
    torch.testing.assert_close(partly.value[:, :, 2:], free.value[:, :, 2:])
    torch.testing.assert_close(partly.value[:, :, :2], held.value[:, :, :2])


def test_a_node_without_parents_is_its_bias():
    plan = network_plan({"p": (1,), "q": ()}, variants=7, heads=("p", "q"))
    network = PlanNetwork(
        plan, NodeShape(), n_target=1, members=2, generator=torch.Generator()
    )
    latent = network(torch.randn(1, 5)).latent
    assert latent[1].std(dim=1).max() == 0
    assert latent[0].std(dim=1).min() > 0


def test_moving_keeps_values():
    network = make()
    x = torch.randn(network.used_variant.size, 3)
    before = network(x).value
    torch.testing.assert_close(move_structures(network, "cpu")(x).value, before)


def test_wide_regular_nodes_equal_their_sparse_twins(monkeypatch):
    n_gene, fan = 4, 3
    genes = {f"g{i}": range(fan * i, fan * (i + 1)) for i in range(n_gene)}
    plan = network_plan(genes, {"t": list(genes)}, variants=n_gene * fan, heads=["t"])
    found = []
    for wide, large in ((1, 1), (1, 10**9), (10**9, 1)):
        monkeypatch.setattr(sparse, "WIDE", wide)
        monkeypatch.setattr(dag, "LARGE", large)
        network = PlanNetwork(
            plan,
            NodeShape(hidden=(6,), variant_hidden=(5,)),
            n_target=1,
            members=2,
            generator=torch.Generator().manual_seed(3),
        )
        assert all(
            (block.edges.tile is not None) == (wide == 1) for block in network.nets
        )
        network.standardise(torch.linspace(0, 2, 12), torch.linspace(0.3, 1, 12))
        x = torch.linspace(0, 2, 12 * 7).view(12, 7)
        value = network(x).value
        value.square().sum().backward()
        slopes = [weight.grad for weight in network.parameters()]
        found.append((value.detach(), slopes))
    for value, slopes in found[:2]:
        torch.testing.assert_close(value, found[2][0])
        for one, other in zip(slopes, found[2][1], strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
