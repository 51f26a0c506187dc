"""Slowest decay rate of a scheme with a product: the leading eigenvalue.

The slowest mode is the largest eigenvalue of the matrix of mean residence times,
N = (-Q)^-1. Every entry of N is a sum of positive terms, found in log space, so that
the slow eigenvalue keeps its digits where the generator itself would lose them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from meristem.kinetics.scheme.scheme import Scheme

_NONE = float("-inf")


def _logaddexp(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None:
        return second
    if second is None:
        return first
    return torch.logaddexp(first, second)


def _transient_links(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
) -> tuple[dict[tuple[int, int], Tensor], list[Tensor | None], tuple[str, ...]]:
    """Return log rates among the states before an observed step, and of leaving."""
    states = tuple(dict.fromkeys(r.source for r in scheme.reactions))
    states = tuple(state for state in scheme.states if state in states)
    place = {state: index for index, state in enumerate(states)}
    links: dict[tuple[int, int], Tensor] = {}
    leave: list[Tensor | None] = [None] * len(states)
    for index, reaction in enumerate(scheme.reactions):
        rate = log_rates[..., index]
        source = place[reaction.source]
        if reaction.observed:
            leave[source] = _logaddexp(leave[source], rate)
        else:
            link = (source, place[reaction.target])
            total = _logaddexp(links.get(link), rate)
            if total is not None:
                links[link] = total
    return links, leave, states


def log_residence(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
) -> Tensor:  # (..., n_transient, n_transient)
    """Return the log mean time spent in state j before an observed step, from state i.

    References
    ----------
    Grassmann, Taksar & Heyman 1985 (elimination without subtraction), applied to the
    fundamental matrix of an absorbing chain (Kemeny & Snell 1960).
    """
    links, leave, states = _transient_links(scheme, log_rates)
    size = len(states)
    exits: list[Tensor] = []
    inflow: list[dict[int, Tensor]] = []
    outflow: list[dict[int, Tensor]] = []
    for k in range(size - 1, -1, -1):
        out = {j: links[k, j] for j in range(k) if (k, j) in links}
        total = leave[k]
        for rate in out.values():
            total = _logaddexp(total, rate)
        if total is None:
            total = torch.full_like(log_rates[..., 0], _NONE)
        shares = {i: links[i, k] - total for i in range(k) if (i, k) in links}
        _hand_on(k, shares, out, links, leave)
        exits.insert(0, total)
        inflow.insert(0, shares)
        outflow.insert(0, {j: rate - total for j, rate in out.items()})
    rows = [_visits(start, exits, inflow, outflow) for start in range(size)]
    return torch.stack(rows, dim=-2)


def _hand_on(
    k: int,
    shares: dict[int, Tensor],
    out: dict[int, Tensor],
    links: dict[tuple[int, int], Tensor],
    leave: list[Tensor | None],
) -> None:
    """Replace the ways through state `k` by direct links between earlier states."""
    through = leave[k]
    for i, share in shares.items():
        for j, rate in out.items():
            if i != j:
                joined = _logaddexp(links.get((i, j)), share + rate)
                if joined is not None:
                    links[i, j] = joined
        if through is not None:
            leave[i] = _logaddexp(leave[i], share + through)


def _visits(
    start: int,
    exits: list[Tensor],
    inflow: list[dict[int, Tensor]],
    outflow: list[dict[int, Tensor]],
) -> Tensor:  # (..., n_transient)
    """Return log residence times of a walk that begins in `start`."""
    size = len(exits)
    # first hand the start down to the states that were kept longest ...
    entry: list[Tensor | None] = [None] * size
    entry[start] = torch.zeros_like(exits[0])
    for k in range(start, 0, -1):
        now = entry[k]
        if now is None:
            continue
        for j, share in outflow[k].items():
            entry[j] = _logaddexp(entry[j], now + share)
    # ... then build the visits up again, state by state
    time: list[Tensor | None] = []
    for k in range(size):
        visits = entry[k]
        value = None if visits is None else visits - exits[k]
        for i, share in inflow[k].items():
            before = time[i]
            if before is not None:
                value = _logaddexp(value, before + share)
        time.append(value)
    empty = torch.full_like(exits[0], _NONE)
    return torch.stack([empty if t is None else t for t in time], dim=-1)


def _symmetric_pairs(scheme: Scheme) -> dict[int, tuple[int, int, int]] | None:
    """Return for every state its parent and the two reactions between them.

    None unless the states before the observed step form a tree of reversible links,
    in which case a diagonal scaling makes N symmetric.
    """
    names = {r.source for r in scheme.reactions}
    states = [state for state in scheme.states if state in names]
    place = {state: index for index, state in enumerate(states)}
    links: dict[tuple[int, int], int] = {}
    for index, reaction in enumerate(scheme.reactions):
        if reaction.observed:
            continue
        link = (place[reaction.source], place[reaction.target])
        if link in links:
            return None
        links[link] = index
    if len(links) != 2 * (len(states) - 1):
        return None
    pairs: dict[int, tuple[int, int, int]] = {}
    seen = [0]
    for state in seen:
        for a, b in links:
            if a == state and b not in seen and (b, a) in links:
                pairs[b] = (a, links[a, b], links[b, a])
                seen.append(b)
    return pairs if len(seen) == len(states) else None


class _PerronRoot(torch.autograd.Function):
    """Largest eigenvalue of a non-negative matrix, with its exact gradient."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, matrix: Tensor) -> Tensor:
        values, right = torch.linalg.eig(matrix)
        best = values.real.argmax(dim=-1)
        root = values.real.gather(-1, best[..., None])[..., 0]
        right_vector = _pick(right, best)
        left_values, left = torch.linalg.eig(matrix.mT)
        left_vector = _pick(left, left_values.real.argmax(dim=-1))
        ctx.save_for_backward(left_vector, right_vector)
        return root

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> Tensor:
        left, right = ctx.saved_tensors  # type: ignore[attr-defined]
        scale = (left * right).sum(-1, keepdim=True)[..., None]
        outer = left[..., :, None] * right[..., None, :]
        return grads[0][..., None, None] * outer / scale


def _pick(
    vectors: Tensor,  # (..., n, n) complex
    best: Tensor,  # (...,)
) -> Tensor:  # (..., n)
    index = best[..., None, None].expand(*vectors.shape[:-1], 1)
    return vectors.gather(-1, index)[..., 0].real.abs()


def log_decay(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
    *,
    symmetric: bool | None = None,
) -> Tensor:  # (...,)
    r"""Return the log of the slowest decay rate before the observed step.

    Parameters
    ----------
    scheme
        Observed steps leave for good, wherever they lead.
    log_rates
        Natural logs, reaction order of the scheme.
    symmetric
        Use the symmetric eigenvalue routine; None decides by the scheme (possible
        where the states form a tree of reversible links).

    Returns
    -------
    Tensor
        :math:`\ln(-\lambda_1)`.

    References
    ----------
    For a reversible chain the scaling
    :math:`D N D^{-1}, d_j = d_i \sqrt{k_{ij}/k_{ji}}` is symmetric (detailed balance).
    """
    log_n = log_residence(scheme, log_rates)
    pairs = _symmetric_pairs(scheme)
    use = pairs is not None if symmetric is None else symmetric and pairs is not None
    if use and pairs is not None:
        size = log_n.shape[-1]
        log_d: list[Tensor] = [torch.zeros_like(log_rates[..., 0])] * size
        for state, (parent, forth, back) in pairs.items():
            half = (log_rates[..., forth] - log_rates[..., back]) / 2
            log_d[state] = log_d[parent] + half
        scaling = torch.stack(log_d, dim=-1)
        log_n = log_n + scaling[..., :, None] - scaling[..., None, :]
        top = log_n.detach().amax(dim=(-2, -1))
        scaled = torch.exp(log_n - top[..., None, None])
        root = torch.linalg.eigvalsh((scaled + scaled.mT) / 2)[..., -1]
        return -(torch.log(root) + top)
    top = log_n.detach().amax(dim=(-2, -1))
    scaled = torch.exp(log_n - top[..., None, None])
    root = _PerronRoot.apply(scaled)
    return -(torch.log(root) + top)


def relaxation_rates(
    scheme: Scheme,
    log_rates: Tensor,  # (..., n_reaction)
) -> Tensor:  # (..., n_transient) ascending
    """Return the decay rates (minus real parts of the generator's eigenvalues).

    The first over the second says how well one rate describes the whole decay.
    """
    names = {r.source for r in scheme.reactions}
    states = [state for state in scheme.states if state in names]
    place = {state: index for index, state in enumerate(states)}
    size = len(states)
    generator = torch.zeros(*log_rates.shape[:-1], size, size, dtype=log_rates.dtype)
    for index, reaction in enumerate(scheme.reactions):
        rate = log_rates[..., index].exp()
        source = place[reaction.source]
        generator[..., source, source] = generator[..., source, source] - rate
        if not reaction.observed:
            target = place[reaction.target]
            generator[..., source, target] = generator[..., source, target] + rate
    values = -torch.linalg.eigvals(generator).real
    return torch.sort(values, dim=-1).values
