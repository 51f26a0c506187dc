"""Holding nodes at chosen values, at the cost of what stands above them.

A node that is held changes the nodes that read it, those that read these, and the
trait; everything else stays. Only that part is computed again, from the values inside
the network that one pass over all lines left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from meristem.nn.dag import NodeNets, NodeTrace, PlanNetwork
from meristem.records import FloatArray


def hold_nodes(
    network: PlanNetwork,
    inputs: Iterable[Tensor],  # each (n_used_variant, rows)
    value: Callable[[FloatArray], FloatArray],
) -> Callable[[list[int], FloatArray], FloatArray]:
    """Return a function that says what holding nodes does to the trait.

    Parameters
    ----------
    network
        An ensemble that reads standardised variants.
    inputs
        Standardised variants of the lines.
    value
        From standardised traits of the network, members first, to its values.

    Returns
    -------
    Callable
        Called with numbers of nodes and their values, one row per member; returns
        the values with the nodes held minus the plain ones.
    """
    with torch.no_grad():
        parts = [NetworkState(network, x) for x in inputs]
    base = [part.value.transpose(1, 2).double().numpy() for part in parts]
    plain = [value(one) for one in base]

    def change(nodes: list[int], values: FloatArray) -> FloatArray:
        held = torch.from_numpy(np.asarray(values, dtype=np.float32))
        moved = []
        with torch.no_grad():
            for part, one, before in zip(parts, base, plain, strict=True):
                step = part.hold(nodes, held).transpose(1, 2).double().numpy()
                moved.append(value(one + step) - before)
        return np.concatenate(moved, axis=1)

    return change


@dataclass(frozen=True)
class _Readers:
    """Weights from single slots to the nodes of one block, sorted by slot."""

    start: np.ndarray  # (n_slot + 1,) first pair of every slot
    node: Tensor  # (n_pair,) number within the block
    weight: Tensor  # (n_pair, n_member, n_unit, width)


class NetworkState:
    """Values inside a network for some lines, and what changes when nodes are held.

    Parameters
    ----------
    network
        An ensemble that reads standardised variants.
    x
        Standardised variants of the lines, (n_used_variant, n_sample).
    """

    def __init__(self, network: PlanNetwork, x: Tensor) -> None:
        trace: list[NodeTrace] = []
        self.network = network
        self.value = network(x, trace=trace).value  # (n_member, n_target, n_sample)
        members, width = network.members, network.shape.width
        self.sums = [
            inside.sums[0].view(block.n_node, members, block.width + block.first, -1)
            for block, inside in zip(network.nets, trace, strict=True)
        ]
        self.out = [  # (n_node, n_member, width, n_sample)
            inside.sums[-1].view(block.n_node, members, width, -1)
            for block, inside in zip(network.nets, trace, strict=True)
        ]
        sizes = [block.n_node for block in network.nets]
        self.first_slot = np.concatenate([[0], np.cumsum(sizes)])
        n_slot = int(self.first_slot[-1])
        self.readers = [
            _readers(block, members, width, n_slot) for block in network.nets[1:]
        ]
        head = network.head.view(members, network.n_target, -1, width)
        self.head = {
            int(slot): head[:, :, k]
            for k, slot in enumerate(network.head_slot.tolist())
        }

    def hold(
        self,
        nodes: list[int],
        values: Tensor,  # (n_member, n_held)
    ) -> Tensor:  # (n_member, n_target, n_sample)
        """Return the change of the standardised traits when nodes are held."""
        changed: dict[int, Tensor] = {}  # slot -> (n_member, width, n_sample)
        for column, node in enumerate(nodes):
            slot = int(self.network.slot[node])
            before = self._plain(slot)
            step = torch.zeros_like(before)
            step[:, 0] = values[:, [column]] - before[:, 0]
            changed[slot] = step
        held = {slot: step[:, 0] for slot, step in changed.items()}
        for number, readers in enumerate(self.readers, start=1):
            new = self._block(number, readers, changed)
            for slot in new.keys() & held.keys():
                new[slot][:, 0] = held[slot]  # its further units go along
            changed |= new
        moved = torch.zeros_like(self.value)
        for slot, step in changed.items():
            if slot in self.head:
                moved += self.head[slot] @ step
        return moved

    def _plain(self, slot: int) -> Tensor:
        block = int(np.searchsorted(self.first_slot, slot, side="right")) - 1
        return self.out[block][slot - int(self.first_slot[block])]

    def _block(
        self, number: int, readers: _Readers, changed: dict[int, Tensor]
    ) -> dict[int, Tensor]:
        """Return the changes of the nodes of a block that read what changed."""
        pairs = [
            (slice(int(readers.start[slot]), int(readers.start[slot + 1])), step)
            for slot, step in changed.items()
            if readers.start[slot] < readers.start[slot + 1]
        ]
        if not pairs:
            return {}
        node = torch.cat([readers.node[where] for where, _ in pairs])
        own, place = torch.unique(node, return_inverse=True)
        z = self.sums[number][own].clone()
        into = torch.cat([readers.weight[where] @ step for where, step in pairs])
        z.index_add_(0, place, into)
        new = _tail(self.network.nets[number], own, z)
        step = new - self.out[number][own]
        first = int(self.first_slot[number])
        return {first + int(k): step[j] for j, k in enumerate(own.tolist())}


def _readers(block: NodeNets, members: int, width: int, n_slot: int) -> _Readers:
    """Return the weights of a block's edges, pair by pair of slot and node."""
    units = block.width + block.first
    row, col = block.edges.row, block.edges.col
    node, slot = row // (units * members), col // (members * width)
    within = (row % (units * members)) * width + col % width
    order = torch.from_numpy(np.lexsort((within, node, slot)))
    each = members * units * width
    weight = block.weight.detach()[order].view(-1, members, units, width)
    pair = order[::each]
    start = np.searchsorted(slot[pair].numpy(), np.arange(n_slot + 1))
    return _Readers(start, node[pair], weight)


def _tail(
    block: NodeNets,
    node: Tensor,  # (n,) within the block
    z: Tensor,  # (n, n_member, n_unit, n_sample) sums of the first layer
) -> Tensor:  # (n, n_member, width, n_sample)
    """Return the outputs of some nodes from the sums of their first layer."""
    if block.out is None:
        return z
    linear, h = z[:, :, : block.width], block.activation(z[:, :, block.width :])
    for inner, bias in zip(block.inner, block.inner_bias, strict=True):
        h = block.activation(_of(inner, block, node) @ h + _of(bias, block, node))
    return linear + _of(block.out, block, node) @ h


def _of(parameter: Tensor, block: NodeNets, node: Tensor) -> Tensor:
    """Return the weights of some nodes, members apart."""
    shape = (block.n_node, block.members, *parameter.shape[1:])
    return parameter.detach().view(shape)[node]
