"""Exact observables of a scheme from log rates: batched, differentiable, stable.

Every solver works on natural log rates of shape (..., n_reaction). Sums of positive
terms are formed in log space and nothing is ever subtracted, so that rates may differ
by far more orders of magnitude than a float holds digits.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from meristem.errors import ConfigError
from meristem.kinetics.scheme.decay import log_decay
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scheme.trees import Trees, spanning_trees

Method = Literal["trees", "elimination"]

_NONE = float("-inf")


def _logsumexp(parts: list[Tensor]) -> Tensor:
    return torch.logsumexp(torch.stack(parts, dim=-1), dim=-1)


def _links_matrix(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
) -> dict[tuple[int, int], Tensor]:
    """Return the log rate of every link, parallel reactions added up."""
    parts: dict[tuple[int, int], list[Tensor]] = {}
    for index, link in enumerate(scheme.links):
        parts.setdefault(link, []).append(log_rates[..., index])
    return {
        link: part[0] if len(part) == 1 else _logsumexp(part)
        for link, part in parts.items()
    }


def tree_log_weights(
    log_rates: Tensor,  # (..., n_reaction)
    trees: Trees,
) -> Tensor:  # (..., n_tree)
    """Return the log product of the rates of every spanning tree."""
    pattern = torch.as_tensor(
        trees.pattern, dtype=log_rates.dtype, device=log_rates.device
    )
    return log_rates @ pattern.T


def log_occupancy_trees(
    log_rates: Tensor,  # (..., n_reaction)
    trees: Trees,
) -> Tensor:  # (..., n_state)
    """Return log steady-state occupancies by King and Altman's trees."""
    weight = tree_log_weights(log_rates, trees)
    total = torch.logsumexp(weight, dim=-1)
    parts = []
    for root in range(int(trees.root.max()) + 1):
        place = (trees.root == root).nonzero()[0]
        if place.size:
            parts.append(torch.logsumexp(weight[..., place], dim=-1) - total)
        else:
            parts.append(torch.full_like(total, _NONE))
    return torch.stack(parts, dim=-1)


def log_occupancy_elimination(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
) -> Tensor:  # (..., n_state)
    """Return log steady-state occupancies by elimination without subtraction.

    References
    ----------
    Grassmann, Taksar & Heyman 1985, Oper Res 33:1107; cost cubic in the states.
    """
    links = _links_matrix(scheme, log_rates)
    size = len(scheme.states)
    into: list[dict[int, Tensor]] = [{} for _ in range(size)]
    for state in range(size - 1, 0, -1):
        out = {j: links[state, j] for j in range(state) if (state, j) in links}
        if not out:
            raise ConfigError(
                f"state {scheme.states[state]!r} is never left for an earlier one",
                where=f"scheme {scheme.name!r}",
                remedy="order the states along the cycle, or use method='trees'",
            )
        leave = _logsumexp(list(out.values()))
        for i in range(state):
            if (i, state) not in links:
                continue
            share = links[i, state] - leave
            into[state][i] = share
            for j, rate in out.items():
                if i == j:
                    continue
                through = share + rate
                known = links.get((i, j))
                links[i, j] = through if known is None else _logsumexp([known, through])
    weights = [torch.zeros_like(log_rates[..., 0])]
    for state in range(1, size):
        parts = [weights[i] + share for i, share in into[state].items()]
        if parts:
            weights.append(_logsumexp(parts))
        else:
            weights.append(torch.full_like(weights[0], _NONE))
    stacked = torch.stack(weights, dim=-1)
    return stacked - torch.logsumexp(stacked, dim=-1, keepdim=True)


def log_occupancy(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
    *,
    method: Method = "trees",
) -> Tensor:  # (..., n_state of the closed scheme)
    """Return the log share of enzyme in every state at steady state.

    Schemes with a sink are closed first: observed steps return to the start.
    """
    cycle = scheme if scheme.observable == "flux" else scheme.closed()
    if method == "trees":
        return log_occupancy_trees(log_rates, spanning_trees(cycle))
    return log_occupancy_elimination(cycle, log_rates)


def log_flux(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
    *,
    method: Method = "trees",
) -> Tensor:  # (...,)
    """Return the log steady-state rate of the observed steps per enzyme.

    Several observed steps add up.

    Examples
    --------
    >>> from meristem.kinetics.scheme.catalog import cas9
    >>> round(float(log_flux(cas9(4), torch.zeros(7)).exp()), 6)  # one over ten
    0.1
    """
    cycle = scheme if scheme.observable == "flux" else scheme.closed()
    occupancy = log_occupancy(cycle, log_rates, method=method)
    parts = [
        log_rates[..., index] + occupancy[..., cycle.links[index][0]]
        for index in cycle.observed
    ]
    return parts[0] if len(parts) == 1 else _logsumexp(parts)


def log_passage_time(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
    *,
    method: Method = "elimination",
) -> Tensor:  # (...,)
    """Return the log mean time from the start to the first observed step.

    By renewal this is minus the log flux of the scheme whose observed steps return to
    the start.
    """
    return -log_flux(scheme.closed(), log_rates, method=method)


def log_observable(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
    *,
    method: Method = "trees",
) -> Tensor:  # (...,)
    """Return the natural log of what the scheme says is observed.

    Parameters
    ----------
    scheme
        Its `observable` decides: ``flux``, ``passage`` (one over the mean
        first-passage time) or ``decay`` (the slowest decay rate).
    log_rates
        Natural logs, reaction order of the scheme.
    method
        ``trees`` for small schemes, ``elimination`` for large ones; the decay needs
        neither.

    Returns
    -------
    Tensor
        Log rate, in the units of the rates.
    """
    if scheme.observable == "flux":
        return log_flux(scheme, log_rates, method=method)
    if scheme.observable == "passage":
        return -log_passage_time(scheme, log_rates, method=method)
    return log_decay(scheme, log_rates)


def control_coefficients(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
    *,
    method: Method = "trees",
) -> Tensor:  # (..., n_reaction)
    r"""Return :math:`C_r = \partial \ln v / \partial \ln k_r`; they sum to one.

    References
    ----------
    Kacser & Burns 1973; Heinrich & Rapoport 1974 (summation theorem).
    """
    with torch.enable_grad():
        leaf = log_rates.detach().clone().requires_grad_(True)
        value = log_observable(scheme, leaf, method=method).sum()
        (gradient,) = torch.autograd.grad(value, leaf)
    return gradient.detach()
