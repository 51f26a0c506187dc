"""Prior variances of a plan network's weights, in groups that are learned together.

Variants of a node, the linear part of a node, and the output of its hidden part are
groups of their own: a node, or its nonlinear part, can be switched off. The weights
into hidden units keep to their random initial values (they are centred there), so
that hidden units stay different and the members of an ensemble with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from meristem.nn.dag import NodeNets, PlanNetwork
from meristem.nn.jacobian import MemberVector

LEARNED = ("variant", "linear", "hidden", "head")
"""Kinds of groups whose variance is learned."""

_WIDE = 100.0
"""Prior variance of what is not to be shrunk: intercepts."""

_Label = tuple[str, str, int]  # kind, parameter, node
_FLAT: _Label = ("flat", "", 0)


@dataclass(frozen=True)
class PriorGroups:
    """Which parameters share a variance."""

    group: Tensor  # (n_parameter,) int64
    variance: Tensor  # (n_group,) at the start
    learned: Tensor  # (n_group,) bool
    anchored: Tensor  # (n_parameter,) bool: centred at the initial value, not at 0
    kind: tuple[str, ...]  # (n_group,) "variant", "linear", "hidden", "head", ...

    @property
    def n_group(self) -> int:
        """Number of groups."""
        return len(self.kind)


def prior_groups(network: PlanNetwork, vector: MemberVector) -> PriorGroups:
    """Divide the parameters of a member into groups.

    Parameters
    ----------
    network
        The ensemble.
    vector
        Order of the parameters.

    Returns
    -------
    PriorGroups
        At the start every weighted sum has a variance near one.

    References
    ----------
    MacKay 1992, Neural Computation 4:448 (one variance per group of weights);
    Pearce et al. 2020, AISTATS (weights centred at their initial values).
    """
    labels: list[_Label] = []
    spread: list[float] = []
    for name, index in zip(vector.names, vector.index, strict=True):
        for label, variance in _describe(network, name, index[0]):
            labels.append(label)
            spread.append(variance)
    table: dict[_Label, int] = {}
    group = [table.setdefault(label, len(table)) for label in labels]
    first = np.unique(group, return_index=True)[1]
    kind = tuple(label[0] for label in table)
    return PriorGroups(
        torch.tensor(group),
        torch.tensor([spread[i] for i in first], dtype=torch.float64),
        torch.tensor([k in LEARNED for k in kind]),
        torch.tensor([label[0] == "feature" for label in labels]),
        kind,
    )


def _describe(
    network: PlanNetwork, name: str, index: Tensor
) -> list[tuple[_Label, float]]:
    """Return the group and the first variance of every entry."""
    if name == "head":
        return [(("head", "", 0), 1.0 / network.head.shape[2])] * index.numel()
    if name == "head_bias":
        return [(_FLAT, _WIDE)] * index.numel()
    number, part = name.removeprefix("blocks.").split(".", 1)
    block = network.nets[int(number)]
    if part == "weight":
        return _describe_edges(block, number, index)
    parameter = block.get_parameter(part)
    node = (index // (parameter[0].numel() * block.members)).tolist()
    if part == "bias":
        units = block.width + block.first
        linear = (index % units < block.width).tolist()
        return [
            (_FLAT, _WIDE) if flat else (("feature", name, n), 1.0)
            for n, flat in zip(node, linear, strict=True)
        ]
    kind = "hidden" if part == "out" else "feature"
    # a hidden part starts small beside the linear one
    scale = 0.1 if part == "out" else 1.0
    variance = 1.0 if "bias" in part else scale / parameter.shape[-1]
    return [((kind, name, n), variance) for n in node]


def _describe_edges(
    block: NodeNets, number: str, index: Tensor
) -> list[tuple[_Label, float]]:
    units = block.width + block.first
    row = block.edges.row[index]
    fan_in = torch.diff(block.edges.crow)[row]
    node = (row // (units * block.members)).tolist()
    linear = (row % units < block.width).tolist()
    kind = "variant" if number == "0" else "linear"
    return [
        ((kind if is_linear else "feature", number, n), 1.0 / f)
        for n, f, is_linear in zip(node, fan_in.tolist(), linear, strict=True)
    ]
