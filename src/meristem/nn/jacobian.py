"""Parameters of an ensemble as one row per member, and per-sample derivatives.

The rows of an activation belong to one sample each, so that one backward pass from
the sum over samples gives the derivative of every sample at every weighted sum; the
derivative by a weight is that, times what the weight multiplies.
"""

from __future__ import annotations

import torch
from torch import Tensor

from meristem.nn.dag import NodeNets, NodeTrace, PlanNetwork


class MemberVector:
    """The parameters of a network as a matrix with one row per member."""

    def __init__(self, network: PlanNetwork) -> None:
        owner = network.owners()
        self.names: list[str] = []
        self.index: list[Tensor] = []  # (n_member, n_part) flat positions
        self._parameters = dict(network.named_parameters())
        for name, parameter in self._parameters.items():
            flat = owner[name].expand(parameter.shape).reshape(-1)
            order = torch.argsort(flat, stable=True)
            self.names.append(name)
            self.index.append(order.view(network.members, -1))

    @property
    def size(self) -> int:
        """Parameters per member."""
        return sum(index.shape[1] for index in self.index)

    def read(self) -> Tensor:  # (n_member, n_parameter)
        """Return a copy of all parameters."""
        parts = [
            self._parameters[name].detach().reshape(-1)[index]
            for name, index in zip(self.names, self.index, strict=True)
        ]
        return torch.cat(parts, dim=1)

    def write(self, theta: Tensor) -> None:  # (n_member, n_parameter)
        """Put parameters back into the network."""
        start = 0
        with torch.no_grad():
            for name, index in zip(self.names, self.index, strict=True):
                part = theta[:, start : start + index.shape[1]]
                flat = self._parameters[name].view(-1)
                flat[index.reshape(-1)] = part.reshape(-1).to(flat.dtype)
                start += index.shape[1]


def jacobian(
    network: PlanNetwork,
    vector: MemberVector,
    x: Tensor,  # (n_used_variant, batch)
    node: Tensor,  # (n_latent,) latents that are outputs beside the targets
) -> tuple[Tensor, Tensor]:
    """Return the outputs of every member and their derivative by its parameters.

    Parameters
    ----------
    network
        The ensemble; its weights are those of standardised variants.
    vector
        Order of the parameters.
    x
        Standardised variants.
    node
        Numbers of the latents wanted.

    Returns
    -------
    tuple of Tensor
        Outputs (n_member, n_output, batch), targets first, and derivatives
        (n_member, n_parameter, n_output, batch).
    """
    trace: list[NodeTrace] = []
    output = network(x, trace=trace)
    wanted = [output.value[:, t] for t in range(network.n_target)]
    wanted += [output.latent[int(j)] for j in node]
    sums = [z for inside in trace for z in inside.sums]
    columns = []
    with torch.no_grad():
        head_in = output.head_in.detach()
    for number, one in enumerate(wanted):
        slopes = torch.autograd.grad(
            one.sum(), sums, retain_graph=True, materialize_grads=True
        )
        parts = _head_parts(network, head_in, number)
        start = 0
        for i, (block, inside) in enumerate(zip(network.nets, trace, strict=True)):
            here = slopes[start : start + len(inside.sums)]
            start += len(inside.sums)
            for name, value in _node_parts(block, inside, here).items():
                parts[f"blocks.{i}.{name}"] = value
        columns.append(_gather(vector, parts))
    return torch.stack([w.detach() for w in wanted], dim=1), torch.stack(columns, 2)


def _node_parts(
    block: NodeNets, inside: NodeTrace, slopes: tuple[Tensor, ...]
) -> dict[str, Tensor]:  # each (n_entry, batch)
    """Return d output / d parameter of one set of small nets."""
    batch = inside.source.shape[1]
    first = slopes[0].reshape(-1, batch)
    source = inside.source.detach()
    parts = {"weight": first[block.edges.row] * source[block.edges.col], "bias": first}
    for layer, hidden in enumerate(inside.hidden):
        # the last hidden activations are read by the output, the others by a layer
        slope = slopes[layer + 1]
        product = slope[:, :, None] * hidden.detach()[:, None]
        last = layer == len(inside.hidden) - 1
        parts["out" if last else f"inner.{layer}"] = product.reshape(-1, batch)
        if not last:
            parts[f"inner_bias.{layer}"] = slope.reshape(-1, batch)
    return parts


def _head_parts(
    network: PlanNetwork, head_in: Tensor, number: int
) -> dict[str, Tensor]:
    members, n_in, batch = head_in.shape
    shape = (members, network.n_target)
    weight = head_in.new_zeros((*shape, n_in, batch))
    bias = head_in.new_zeros((*shape, batch))
    if number < network.n_target:
        weight[:, number] = head_in
        bias[:, number] = 1.0
    return {
        "head": weight.reshape(-1, batch),
        "head_bias": bias.reshape(-1, batch),
    }


def _gather(vector: MemberVector, parts: dict[str, Tensor]) -> Tensor:
    """Return (n_member, n_parameter, batch)."""
    rows = []
    for name, index in zip(vector.names, vector.index, strict=True):
        value = parts[name]
        rows.append(value[index.reshape(-1)].view(*index.shape, value.shape[1]))
    return torch.cat(rows, dim=1)
