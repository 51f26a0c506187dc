"""The plan as a network: all members of an ensemble in one tensor.

Every named node owns a small net over its parents: a linear part, and beside it a
hidden part that may bend. Activations are feature-major; the rows of an activation
with `u` units per node are numbered `(node * members + member) * u + unit`, so that
the members are computed together and never mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.nn.sparse import edge_product, expand_edges
from meristem.nn.tiles import TiledNets
from meristem.records import NetworkPlan

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": nn.functional.silu,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


LARGE = 1 << 24
"""Hidden values of a set of nodes from which they are computed some at a time."""


@dataclass(frozen=True)
class NodeShape:
    """Size of the small net of a node."""

    hidden: tuple[int, ...] = (16,)  # of nodes that read nodes
    variant_hidden: tuple[int, ...] = ()  # of the part that reads variants
    width: int = 1
    activation: str = "silu"


@dataclass(frozen=True)
class Replacement:
    """Latents held at given values (a measurement, or a clamp)."""

    node: Tensor  # (n_replaced,) int64
    value: Tensor  # (n_replaced, n_member or 1, batch or 1)
    mask: Tensor  # the same shape, bool: where the value holds


@dataclass(frozen=True)
class NetworkOutput:
    """What a forward pass gives."""

    value: Tensor  # (n_member, n_target, batch)
    head_in: Tensor  # (n_member, n_head * width, batch) what the head reads
    parts: tuple[Tensor, ...]  # the state, slot by slot, (n_slot, K, width, batch)
    slot: Tensor  # (n_node,) where the nodes stand in the state

    @cached_property
    def latent(self) -> Tensor:  # (n_node, n_member, batch)
        """Value of every named node; gathered when it is first asked for."""
        return torch.cat(self.parts)[self.slot, :, 0]


@dataclass
class NodeTrace:
    """Values inside one set of small nets during a forward pass."""

    source: Tensor  # what the first edges read
    sums: list[Tensor]  # weighted sums, before activations; the output last
    hidden: list[Tensor]  # activations that the later layers read


class NodeNets(nn.Module):
    """The small nets of a set of nodes, for all members at once.

    Output = linear part over the parents + hidden part over the parents + bias.

    Parameters
    ----------
    row, col
        Edges: node within the set, and source.
    size
        Number of nodes of the set and of sources.
    members
        Networks in one tensor.
    hidden
        Widths of the hidden part; empty for a linear node.
    width
        Outputs per node.
    units_in
        Units per source.
    shared_input
        Whether all members read the same sources (genotypes).
    activation
        Name of the hidden activation.
    generator
        Source of the initial weights.
    """

    out: nn.Parameter | None

    def __init__(  # noqa: PLR0913 - a network block is described by its sizes
        self,
        row: NDArray[np.int64],
        col: NDArray[np.int64],
        size: tuple[int, int],
        *,
        members: int,
        hidden: tuple[int, ...],
        width: int,
        units_in: int,
        shared_input: bool,
        activation: str,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.n_node, self.members, self.width = size[0], members, width
        self.first = hidden[0] if hidden else 0
        self.activation = ACTIVATIONS[activation]
        units = width + self.first
        self.edges = expand_edges(
            row,
            col,
            size,
            members=members,
            units_out=units,
            units_in=units_in,
            shared_input=shared_input,
        )
        fan_in = np.bincount(row, minlength=size[0]) * units_in
        scale = 1.0 / np.sqrt(np.maximum(fan_in, 1))
        edge_scale = torch.from_numpy(scale[row]).float()[self.edges.origin]
        draw = torch.randn(self.edges.n_edge, generator=generator)
        self.weight = nn.Parameter(draw * edge_scale)
        bias = torch.zeros(self.n_node * members, units, 1)
        bias[:, width:] = 0.5 * torch.randn(
            self.n_node * members, self.first, 1, generator=generator
        )
        self.bias = nn.Parameter(bias)
        blocks = self.n_node * members
        self.inner = nn.ParameterList()
        self.inner_bias = nn.ParameterList()
        for before, after in zip(hidden[:-1], hidden[1:], strict=True):
            draw = torch.randn(blocks, after, before, generator=generator)
            self.inner.append(nn.Parameter(draw / before**0.5))
            self.inner_bias.append(nn.Parameter(torch.zeros(blocks, after, 1)))
        if hidden:
            draw = torch.randn(blocks, width, hidden[-1], generator=generator)
            self.out = nn.Parameter(0.3 * draw / hidden[-1] ** 0.5)
        else:
            self.out = None

    def owners(self) -> dict[str, Tensor]:
        """Return the member of every entry of every parameter, broadcastable."""
        units = self.width + self.first
        block = torch.arange(self.n_node * self.members) % self.members
        owner = {"weight": (self.edges.row.cpu() // units) % self.members}
        for name, _ in self.named_parameters():
            owner.setdefault(name, block[:, None, None])
        return owner

    def forward(
        self,
        x: Tensor,  # (n_source * units, batch)
        mean: Tensor | None = None,  # (n_source,) taken off the sources
        inverse_scale: Tensor | None = None,  # (n_source,)
        trace: list[NodeTrace] | None = None,
    ) -> Tensor:  # (n_node * members * width, batch)
        """Return the outputs of the nodes; note the values inside in `trace`."""
        weight: Tensor = self.weight
        source = x
        if self.edges.tile is not None and inverse_scale is not None:
            # wide tiles: fewer numbers in the sources than in the weights
            x = x if mean is None else x - mean[:, None]
            x, mean, inverse_scale = x * inverse_scale[:, None], None, None
        if mean is None and inverse_scale is None and self._is_large(x, trace):
            return self._by_tiles(x)
        if inverse_scale is not None:
            weight = weight * inverse_scale[self.edges.col]
        z = edge_product(x, weight, self.edges)
        z = z.view(self.n_node * self.members, self.width + self.first, -1)
        bias: Tensor = self.bias
        if mean is not None:
            shift = edge_product(mean[:, None], weight, self.edges)
            bias = bias - shift.view(bias.shape)
        z = z + bias
        inside = NodeTrace(source, [z], [])
        if trace is not None:
            trace.append(inside)
        if self.out is None:
            return z.view(self.n_node * self.members * self.width, -1)
        linear, h = z[:, : self.width], self.activation(z[:, self.width :])
        for inner, inner_bias in zip(self.inner, self.inner_bias, strict=True):
            inside.hidden.append(h)
            z = torch.baddbmm(inner_bias, inner, h)
            inside.sums.append(z)
            h = self.activation(z)
        inside.hidden.append(h)
        out = torch.baddbmm(linear, self.out, h)
        inside.sums.append(out)
        return out.view(self.n_node * self.members * self.width, -1)

    def _is_large(self, x: Tensor, trace: list[NodeTrace] | None) -> bool:
        """Tell whether the hidden values are better not stored."""
        plain = trace is None and self.out is not None and not self.inner
        size = self.bias.shape[0] * self.bias.shape[1] * x.shape[1]
        return plain and self.edges.tile is not None and size >= LARGE

    def _by_tiles(self, x: Tensor) -> Tensor:
        """Return the outputs of nodes of equal fan-in with one hidden layer."""
        rows, fan_in = cast(tuple[int, int], self.edges.tile)
        source = x[self.edges.col.view(-1, rows, fan_in)[:, 0]]
        weight = self.weight.view(-1, rows, fan_in)
        bias = self.bias.view(-1, rows, 1)
        value = TiledNets.apply(source, weight, bias, self.out, self.activation)
        return value.view(self.n_node * self.members * self.width, -1)


class PlanNetwork(nn.Module):
    """A compiled plan with weights, for `members` networks at once.

    The weights are those of standardised variants. After `standardise` plain dosages
    are fed: mean and scale are folded into weights and biases.

    Parameters
    ----------
    plan
        The compiled knowledge graph.
    shape
        Sizes of the small nets.
    n_target
        Traits of the head.
    members
        Networks in one tensor.
    generator
        Source of the initial weights.
    """

    slot: Tensor
    head_slot: Tensor
    mean: Tensor | None
    inverse_scale: Tensor | None

    def __init__(
        self,
        plan: NetworkPlan,
        shape: NodeShape,
        *,
        n_target: int,
        members: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.shape, self.members, self.n_target = shape, members, n_target
        self.n_node = plan.n_node
        layout = _Layout(plan)
        self.used_variant = layout.used_variant
        make = partial(
            NodeNets,
            members=members,
            width=shape.width,
            activation=shape.activation,
            generator=generator,
        )
        first = make(
            layout.variant_row,
            layout.variant_col,
            (layout.n_reader, layout.used_variant.size),
            hidden=shape.variant_hidden,
            units_in=1,
            shared_input=True,
        )
        self.blocks = nn.ModuleList([first])
        for block in layout.blocks:
            self.blocks.append(
                make(
                    block.row,
                    block.slot,
                    (block.node.size, block.n_slot),
                    hidden=() if block.single else shape.hidden,
                    units_in=shape.width,
                    shared_input=False,
                )
            )
        self.block_node = [layout.first_node, *(b.node for b in layout.blocks)]
        self.register_buffer("slot", torch.from_numpy(layout.slot))
        self.register_buffer("head_slot", torch.from_numpy(layout.slot[plan.head_node]))
        self.lowest_head = int(layout.slot[plan.head_node].min())
        n_in = plan.head_node.size * shape.width
        draw = torch.randn(members, n_target, n_in, generator=generator)
        self.head = nn.Parameter(draw / max(n_in, 1) ** 0.5)
        self.head_bias = nn.Parameter(torch.zeros(members, n_target, 1))
        self.register_buffer("mean", None)
        self.register_buffer("inverse_scale", None)

    def standardise(self, mean: Tensor | None, scale: Tensor | None) -> None:
        """Fold mean and scale of the variants that are read into the weights.

        With None the network expects standardised variants.
        """
        self.mean = mean
        self.inverse_scale = None if scale is None else 1.0 / scale

    @property
    def nets(self) -> list[NodeNets]:
        """The small nets: those that read variants, then level by level."""
        return [block for block in self.blocks if isinstance(block, NodeNets)]

    def owners(self) -> dict[str, Tensor]:
        """Return the member of every entry of every parameter, broadcastable."""
        owner = {}
        for i, block in enumerate(self.nets):
            owner.update({f"blocks.{i}.{n}": o for n, o in block.owners().items()})
        member = torch.arange(self.members)[:, None, None]
        return owner | {"head": member, "head_bias": member}

    def forward(
        self,
        x: Tensor,  # (n_used_variant, batch)
        *,
        replacement: Replacement | None = None,
        nudge: Tensor | None = None,  # (n_node, n_member, batch) added to latents
        trace: list[NodeTrace] | None = None,
    ) -> NetworkOutput:
        """Return the traits and every latent."""
        state = x
        parts: list[Tensor] = []
        for i, block in enumerate(self.nets):
            if i == 0:
                z = block(x, self.mean, self.inverse_scale, trace)
            else:
                # a level reads all lower ones; what nobody reads is not copied
                state = torch.cat([state, parts[-1]]) if i > 1 else parts[0]
                z = block(state, trace=trace)
            if replacement is not None or nudge is not None:
                z = self._change(z, self.block_node[i], replacement, nudge)
            parts.append(z)
        grids = tuple(
            z.view(-1, self.members, self.shape.width, x.shape[1]) for z in parts
        )
        last = sum(grid.shape[0] for grid in grids[:-1])
        if self.lowest_head >= last:
            read = grids[-1][self.head_slot - last]
        else:
            read = torch.cat(grids)[self.head_slot]
        head_in = read.transpose(0, 1).flatten(1, 2)
        value = torch.baddbmm(self.head_bias, self.head, head_in)
        return NetworkOutput(value, head_in, grids, self.slot)

    def _change(
        self,
        z: Tensor,
        node: NDArray[np.int64],  # node of every row group, -1: not a named node
        replacement: Replacement | None,
        nudge: Tensor | None,
    ) -> Tensor:
        grid = z.view(node.size, self.members, self.shape.width, -1)
        first, rest = grid[:, :, 0], grid[:, :, 1:]
        number = torch.from_numpy(node)
        if nudge is not None:
            named = (number >= 0).to(nudge.dtype).to(nudge.device)
            first = first + nudge[number.clamp(min=0)] * named[:, None, None]
        if replacement is not None:
            for i, replaced in enumerate(replacement.node.tolist()):
                here = torch.from_numpy(node == replaced).to(z.device)[:, None, None]
                held = here & replacement.mask[i]
                first = torch.where(held, replacement.value[i], first)
        return torch.cat([first[:, :, None], rest], dim=2).reshape(z.shape)


@dataclass(frozen=True)
class _Block:
    """Nodes of one level that read nodes, with their edges as slot numbers."""

    node: NDArray[np.int64]  # (n,) global numbers
    row: NDArray[np.int64]
    slot: NDArray[np.int64]
    n_slot: int
    single: bool  # one source each: linear, the reader of the node may bend


class _Layout:
    """Where every node's value stands in the growing state.

    Slots 0 .. n_reader-1 hold what nodes read from variants (a node without any
    parent has a slot here too: its bias). A node that reads nodes as well has a
    second slot, its output; its first slot is then one more parent.
    """

    def __init__(self, plan: NetworkPlan) -> None:
        reads_variants = np.zeros(plan.n_node, dtype=bool)
        reads_nodes = np.zeros(plan.n_node, dtype=bool)
        for level in plan.levels:
            reads_variants[level.first_node + level.variant_row] = True
            reads_nodes[level.first_node + level.node_row] = True
        reader = np.flatnonzero(reads_variants | ~reads_nodes)
        self.n_reader = int(reader.size)
        reader_slot = np.full(plan.n_node, -1, dtype=np.int64)
        reader_slot[reader] = np.arange(reader.size)
        self.first_node = np.where(reads_nodes[reader], -1, reader)
        rows = [lv.first_node + lv.variant_row for lv in plan.levels]
        columns = [lv.variant_col for lv in plan.levels]
        self.variant_row = reader_slot[_join(rows)]
        self.used_variant, self.variant_col = np.unique(
            _join(columns), return_inverse=True
        )
        self.slot = reader_slot.copy()
        self.blocks: list[_Block] = []
        n_slot = self.n_reader
        for level in plan.levels:
            node = level.first_node + np.arange(level.n_node)
            node = node[reads_nodes[node]]
            if node.size == 0:
                continue
            position = np.full(level.n_node, -1, dtype=np.int64)
            position[node - level.first_node] = np.arange(node.size)
            mixed = node[reads_variants[node]]
            row = _join([position[level.node_row], position[mixed - level.first_node]])
            slot = _join([self.slot[level.node_col], reader_slot[mixed]])
            fan_in = np.bincount(row, minlength=node.size)
            for single in (True, False):
                chosen = np.flatnonzero((fan_in == 1) == single)
                if chosen.size == 0:
                    continue
                new = np.full(node.size, -1, dtype=np.int64)
                new[chosen] = np.arange(chosen.size)
                kept = new[row] >= 0
                block = _Block(node[chosen], new[row[kept]], slot[kept], n_slot, single)
                self.blocks.append(block)
                self.slot[node[chosen]] = n_slot + np.arange(chosen.size)
                n_slot += int(chosen.size)


def _join(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts]).astype(np.int64)


def take_members(
    network: PlanNetwork, plan: NetworkPlan, index: Sequence[int]
) -> PlanNetwork:
    """Return a network that holds the members at `index` (ascending) alone."""
    part = PlanNetwork(
        plan,
        network.shape,
        n_target=network.n_target,
        members=len(index),
        generator=torch.Generator(),
    )
    kept = torch.zeros(network.members, dtype=torch.bool)
    kept[list(index)] = True
    owner, source = network.owners(), dict(network.named_parameters())
    with torch.no_grad():
        for name, parameter in part.named_parameters():
            mask = kept[owner[name].expand(source[name].shape)]
            parameter.copy_(source[name][mask].view(parameter.shape))
    return part.eval()


def move_structures(network: PlanNetwork, device: torch.device | str) -> PlanNetwork:
    """Move a network with its edge structures to `device`; return it."""
    network.to(device)
    for block in network.nets:
        block.edges = block.edges.to(device)
    return network
