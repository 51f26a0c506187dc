"""Search edits of a sequence: greedy and beam, genetic, straight-through gradient.

Every search sees the oracle alone; what its gain is worth is said by a validator that
was trained on other sequences.

References
----------
Linder & Seelig 2021, BMC Bioinformatics 22:510 (straight-through gradients); Jang, Gu
& Poole 2017, ICLR (Gumbel-softmax).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from meristem.errors import ConfigError
from meristem.records import FloatArray
from meristem.sequence.design.constraints import Codes, Constraints
from meristem.sequence.design.oracle import Oracle, Score
from meristem.sequence.inputs.onehot import one_hot
from meristem.sequence.interpretation.gradients import TaskView
from meristem.sequence.models.networks.ensemble import NetworkEnsemble
from meristem.sequence.models.protocol import SequenceModel

STRATEGIES = ("greedy", "beam", "genetic", "gradient")


@dataclass(frozen=True)
class Effort:
    """How hard a search tries.

    ``beam``: sequences kept by step; ``population`` and ``generations`` of the genetic
    search; ``steps`` of the gradient.
    """

    beam: int = 8
    population: int = 60
    generations: int = 30
    steps: int = 60


def single_edits(
    code: Codes,  # (n, length)
    start: Codes,  # (length,)
    constraints: Constraints,
) -> Codes:  # (m, length)
    """Return all sequences one edit away that keep to the constraints, each once."""
    places = np.flatnonzero(constraints.editable(start))
    made = np.repeat(code, places.size * 3, axis=0)
    place = np.tile(np.repeat(places, 3), len(code))
    step = np.tile([1, 2, 3], len(code) * places.size)
    rows = np.arange(len(made))
    made[rows, place] = (made[rows, place] + step) % 4
    made = np.unique(made, axis=0)
    return made[constraints.kept(made, start)]


def beam_search(
    start: Codes,  # (length,)
    score: Score,
    constraints: Constraints,
    width: int,
    begin: Codes | None = None,  # (length,)
) -> Codes:  # (length,)
    """Return the best sequence of all steps; a width of 1 is the greedy search.

    The search goes on from `begin`, the start or a few edits away from it.
    """
    best, value = start if begin is None else begin, -np.inf
    if constraints.kept(best[None], start)[0]:
        value = float(score(one_hot(best[None]))[0])
    front = best[None]
    for _ in range(constraints.edits - int((best != start).sum())):
        made = single_edits(front, start, constraints)
        if not len(made):
            break
        scored = score(one_hot(made))
        order = np.argsort(-scored, kind="stable")[:width]
        front = made[order]
        if scored[order[0]] <= value:
            if width == 1:
                break
            continue
        best, value = front[0], float(scored[order[0]])
    return best


def genetic_search(
    start: Codes,
    score: Score,
    constraints: Constraints,
    effort: Effort,
    rng: np.random.Generator,
    begin: Codes | None = None,  # (length,) the start, or a few edits away from it
) -> Codes:
    """Return the best sequence of a population that mutates and recombines."""
    begin = start if begin is None else begin
    made = single_edits(begin[None], start, constraints)
    if constraints.kept(begin[None], start)[0]:
        made = np.vstack([begin[None], made])
    if not len(made):
        return begin
    values = score(one_hot(made))
    order = np.argsort(-values, kind="stable")[: effort.population]
    pool, values = made[order], values[order]
    places = np.flatnonzero(constraints.editable(start))
    for _ in range(effort.generations):
        one, other = rng.integers(len(pool), size=(2, effort.population))
        mask = rng.random((effort.population, start.size)) < 0.5
        child = np.where(mask, pool[one], pool[other])
        for row in range(len(child)):
            for place in rng.choice(places, int(rng.integers(0, 3))):
                child[row, place] = (child[row, place] + rng.integers(1, 4)) % 4
            changed = np.flatnonzero(child[row] != start)
            spare = changed.size - constraints.edits
            if spare > 0:
                undo = rng.choice(changed, spare, replace=False)
                child[row, undo] = start[undo]
        child = child[constraints.kept(child, start)]
        if not len(child):
            continue
        pool = np.vstack([pool, child])
        values = np.concatenate([values, score(one_hot(child))])
        pool, first = np.unique(pool, axis=0, return_index=True)
        values = values[first]
        order = np.argsort(-values, kind="stable")[: effort.population]
        pool, values = pool[order], values[order]
    return pool[0]


def gradient_search(
    start: Codes,
    oracle: SequenceModel,
    weights: FloatArray,  # (n_task,) direction of every task
    constraints: Constraints,
    effort: Effort,
    seed: int,
    begin: Codes | None = None,  # (length,) the start, or a few edits away from it
) -> Codes:
    """Return a sequence found by gradients through sampled bases.

    Logits of every editable position are moved so that sampled sequences score high
    with few edits; the positions most sure of another base are then edited, best
    first, where the constraints allow.

    Raises
    ------
    ConfigError
        If the oracle has no gradients.
    """
    if not isinstance(oracle, NetworkEnsemble):
        raise ConfigError(
            f"a model of kind {oracle.kind!r} has no gradients",
            where="--strategy",
            remedy="use greedy, beam or genetic, or a network as --oracle",
        )
    views = [
        (float(weights[task]), TaskView(network, oracle.loss, int(task), True).eval())
        for network in oracle.networks
        for task in np.flatnonzero(weights)
    ]
    generator = torch.Generator().manual_seed(seed)
    base = torch.from_numpy(one_hot(start[None]))
    free = torch.from_numpy(constraints.editable(start).astype(np.float32))
    logits = (3.0 * base).clone().requires_grad_(True)
    optimiser = torch.optim.Adam([logits], lr=0.3)
    for _ in range(effort.steps):
        noise = -torch.log(
            -torch.log(torch.rand(8, *logits.shape[1:], generator=generator) + 1e-9)
            + 1e-9
        )
        soft = (logits + noise).softmax(1)
        hard = torch.nn.functional.one_hot(soft.argmax(1), 4).transpose(1, 2).float()
        x = (hard - soft).detach() + soft
        x = x * free + base * (1 - free)
        gain = torch.stack([w * view(x).mean() for w, view in views]).mean()
        edits = ((1 - (x * base).sum(1)) * free).sum(1).mean()
        loss = -gain + torch.relu(edits - constraints.edits)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    begin = start if begin is None else begin
    return _sure_edits(start, logits.detach().numpy()[0], constraints, begin)


def _sure_edits(
    start: Codes, logits: FloatArray, constraints: Constraints, begin: Codes
) -> Codes:
    """Return `begin` with the surest edits that keep to the constraints."""
    length = start.size
    own = logits[np.minimum(start, 3), np.arange(length)]
    other = logits.copy()
    other[np.minimum(start, 3), np.arange(length)] = -np.inf
    lead = np.where(constraints.editable(start), other.max(axis=0) - own, -np.inf)
    made = begin.copy()
    for place in np.argsort(-lead, kind="stable"):
        if not np.isfinite(lead[place]) or (made != start).sum() >= constraints.edits:
            break
        tried = made.copy()
        tried[place] = other[:, place].argmax()
        if constraints.kept(tried[None], start)[0]:
            made = tried
    return made


def search_edits(
    strategy: str,
    start: Codes,
    oracle: Oracle,
    constraints: Constraints,
    effort: Effort,
    rng: np.random.Generator,
) -> Codes:  # (length,)
    """Return the design of one start by the strategy named.

    The gradient search follows the first model of the oracle, without caution.
    """
    score = oracle.gains(start)
    begin = without_words(start, score, constraints)
    constraints = replace(constraints, clean=not constraints.words(begin[None])[0])
    if strategy == "gradient":
        seed = int(rng.integers(2**31))
        first, weights = oracle.models[0], oracle.weights
        return gradient_search(start, first, weights, constraints, effort, seed, begin)
    if strategy == "genetic":
        return genetic_search(start, score, constraints, effort, rng, begin)
    width = 1 if strategy == "greedy" else effort.beam
    return beam_search(start, score, constraints, width, begin)


def without_words(
    start: Codes,  # (length,)
    score: Score,
    constraints: Constraints,
) -> Codes:  # (length,)
    """Return the start after the best edits that rid it of forbidden words.

    Where the edits do not suffice, it is returned as it is.
    """
    begin, count = start, int(constraints.words(start[None])[0])
    while count:
        made = single_edits(begin[None], start, constraints)
        left = constraints.words(made)
        if not len(made) or left.min() >= count:
            return start
        count = int(left.min())
        made = made[left == count]
        begin = made[int(score(one_hot(made)).argmax())]
    return begin
