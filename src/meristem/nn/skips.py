"""Latents that a skip edge leaves open, brought to their weakest claim.

Let a node v read p, and let every node that reads v read p as well. Then v + a p
serves as well as v for any a: what reads it takes a p off again, since its first
layer is linear. No trait can tell the two apart, and training ends wherever it
started. Here a is chosen so that v is uncorrelated with p, by a change of weights
that leaves the network the same function.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from meristem.nn.dag import PlanNetwork
from meristem.plan.assemble import node_edges, variant_edges
from meristem.records import FloatArray, IntArray, NetworkPlan

_ROWS_PER_PARENT = 10
"""Rows per parent that a regression needs."""


def settle_skips(
    network: PlanNetwork,
    plan: NetworkPlan,
    latent: FloatArray,  # (n_member, n_sample, n_node) on the training rows
    measured: IntArray,  # (n_measured,) nodes whose latents something else tells
) -> FloatArray:  # (n_member, n_sample, n_node)
    """Take off every latent what skip edges beside it can say; return the latents.

    Parameters
    ----------
    network
        Changed in place; its predictions stay, but for rounding. Nodes of several
        outputs are left alone.
    plan
        Of the network.
    latent
        Its latents.
    measured
        Nodes with measurements: those say what the latent is.

    Notes
    -----
    A node that would be left without anything of its own stays as it is, and so does
    one with fewer than ten rows per parent in question.
    """
    latent = latent.copy()
    if network.shape.width != 1:
        return latent
    source, target = node_edges(plan)
    parents, readers = _by_key(target, source), _by_key(source, target)
    reads_variants = set(variant_edges(plan)[0].tolist())
    closed = {*measured.tolist(), *plan.head_node.tolist()}
    for node in sorted((parents.keys() & readers.keys()) - closed):
        above = [parents[reader] for reader in readers[node]]
        shared = sorted(parents[node].intersection(*above))
        whole = len(shared) == len(parents[node]) and node not in reads_variants
        if not shared or whole or _ROWS_PER_PARENT * len(shared) > latent.shape[1]:
            continue
        slope = _slopes(latent[:, :, node], latent[:, :, shared])
        for parent, taken in zip(shared, slope.T, strict=True):
            _move(network, node, parent, sorted(readers[node]), taken)
        latent[:, :, node] -= np.einsum("ksp,kp->ks", latent[:, :, shared], slope)
    return latent


def _by_key(key: IntArray, value: IntArray) -> dict[int, set[int]]:
    reached: dict[int, set[int]] = {}
    for one, other in zip(key.tolist(), value.tolist(), strict=True):
        reached.setdefault(one, set()).add(other)
    return reached


def _slopes(
    value: FloatArray,  # (n_member, n_sample)
    shared: FloatArray,  # (n_member, n_sample, n_shared)
) -> FloatArray:  # (n_member, n_shared)
    """Return the regression of a latent on others, member by member."""
    y = value - value.mean(axis=1, keepdims=True)
    x = shared - shared.mean(axis=1, keepdims=True)
    pairs = zip(x, y, strict=True)
    return np.stack(
        [np.linalg.lstsq(one, other, rcond=None)[0] for one, other in pairs]
    )


def _move(
    network: PlanNetwork,
    node: int,
    parent: int,
    readers: list[int],
    taken: NDArray[np.float64],  # (n_member,)
) -> None:
    """Take `taken` times the parent off a node, and give it to what reads the node."""
    step = torch.from_numpy(taken)
    with torch.no_grad():
        weight, place, unit = _edges(network, node, parent)
        linear = place[unit == 0]
        weight[linear] -= step.to(weight.dtype)
        for reader in readers:
            weight, onto, _ = _edges(network, reader, parent)
            _, of_node, _ = _edges(network, reader, node)
            each = step.to(weight.dtype).repeat_interleave(onto.numel() // step.numel())
            weight[onto] += each * weight[of_node]


def _edges(
    network: PlanNetwork, node: int, parent: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the weights of a node's block, where those from a parent stand, units.

    They are ordered by member, then by unit; unit 0 is the linear part.
    """
    number = next(
        i
        for i, nodes in enumerate(network.block_node)
        if i > 0 and (nodes == node).any()
    )
    block = network.nets[number]
    row, col = block.edges.row, block.edges.col
    units = block.width + block.first
    place = int(np.flatnonzero(network.block_node[number] == node)[0])
    here = (row // (units * block.members) == place) & (
        col // block.members == int(network.slot[parent])
    )
    edges = torch.nonzero(here)[:, 0]
    edges = edges[torch.argsort(row[edges])]
    return block.weight, edges, row[edges] % units
