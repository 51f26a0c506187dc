"""What an edit is worth: the favourable homozygote set in a line, by the full model.

Values are those of a model of association: an edit is a hypothesis until it is tested.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from meristem.genetics.inheritance.meiosis import Haplotypes
from meristem.records import FloatArray, IntArray

Predict = Callable[[Haplotypes], FloatArray]  # (n, n_variant) dosages -> (n,) values


@dataclass(frozen=True)
class EditValues:
    """Change of the value of every line by every single edit."""

    variant: IntArray  # (n_edit,)
    dosage: IntArray  # (n_edit,) copies of the alternate allele after it
    change: FloatArray  # (n_edit, n_line) 0 where a line carries it already

    @property
    def mean(self) -> FloatArray:  # (n_edit,)
        """Mean over the lines that lack the allele; 0 if none does."""
        lacking = self.change != 0
        total = self.change.sum(axis=1)
        return total / np.maximum(lacking.sum(axis=1), 1)

    @property
    def worst(self) -> FloatArray:  # (n_edit,)
        """The smallest change of a line."""
        return self.change.min(axis=1)


def additive_edits(
    call_dosage: FloatArray,  # (n_line, n_variant) none missing
    effect: FloatArray,  # (n_variant,) of one copy
    variant: IntArray,  # (n_edit,)
    ploidy: int = 2,
) -> EditValues:
    """Return the values of edits under a sum of effects: effect times copies changed.

    Examples
    --------
    >>> x = np.array([[0.0, 2.0], [2.0, 2.0]])
    >>> additive_edits(x, np.array([1.0, -0.5]), np.array([0, 1])).change.tolist()
    [[2.0, 0.0], [1.0, 1.0]]
    """
    dosage = np.where(effect[variant] > 0, ploidy, 0)
    copies = dosage[:, None] - call_dosage[:, variant].T
    return EditValues(variant, dosage, effect[variant, None] * copies + 0.0)


def model_edits(
    predict: Predict,
    call_dosage: Haplotypes,  # (n_line, n_variant) none missing
    variant: IntArray,  # (n_edit,)
    ploidy: int = 2,
) -> EditValues:
    """Return the values of edits under any model, both homozygotes tried.

    The homozygote that is better on average over the lines is the edit.

    Parameters
    ----------
    predict
        The full model; called once per edit and direction with all lines.
    call_dosage
        Of the lines.
    variant
        Which variants to edit.
    ploidy
        Copies of the genome.
    """
    plain = predict(call_dosage)
    dosage = np.zeros(variant.size, dtype=np.int64)
    change = np.zeros((variant.size, call_dosage.shape[0]))
    for row, j in enumerate(variant.tolist()):
        tried = {}
        for copies in (0, ploidy):
            made = call_dosage.copy()
            made[:, j] = copies
            tried[copies] = predict(made) - plain
        dosage[row] = max(tried, key=lambda copies: float(tried[copies].mean()))
        best = tried[int(dosage[row])]
        change[row] = np.where(call_dosage[:, j] == dosage[row], 0.0, best)
    return EditValues(variant, dosage, change)


def synergies(
    predict: Predict,
    call_dosage: Haplotypes,  # (n_line, n_variant)
    edits: EditValues,
    pairs: IntArray,  # (n_pair, 2) rows of the edits
) -> FloatArray:  # (n_pair,)
    """Return the mean over lines of what two edits are worth beyond their sum.

    0 for a linear model, up to rounding; say so without a call where it is one.
    """
    plain = predict(call_dosage)
    found = np.empty(pairs.shape[0])
    for row, (one, two) in enumerate(pairs.tolist()):
        made = call_dosage.copy()
        for edit in (one, two):
            made[:, edits.variant[edit]] = edits.dosage[edit]
        both = predict(made) - plain
        found[row] = float((both - edits.change[one] - edits.change[two]).mean())
    return found


@dataclass(frozen=True)
class EditSet:
    """Edits in the order in which they were chosen."""

    edit: IntArray  # (n_chosen,) rows of the edits
    gain: FloatArray  # (n_chosen,) added by each
    n_evaluated: int


def choose_edits(
    worth: Callable[[tuple[int, ...]], float],
    cost: FloatArray,  # (n_edit,) > 0
    budget: float,
) -> EditSet:
    """Return a set of edits within a budget by lazy greedy choice per cost.

    The gain of an edit is computed anew only when it comes to the top of the queue;
    where gains never grow with the set, that is the plain greedy choice.

    Parameters
    ----------
    worth
        Value of a set of edits (rows), 0 for none.
    cost
        Of each edit.
    budget
        Of all together.

    References
    ----------
    Minoux 1978, Optimization Techniques, LNCIS 7:234 (accelerated greedy).

    Examples
    --------
    >>> value = np.array([3.0, 2.0, 1.0])
    >>> found = choose_edits(lambda rows: float(value[list(rows)].sum()), np.ones(3), 2)
    >>> found.edit.tolist(), found.gain.tolist()
    ([0, 1], [3.0, 2.0])
    """
    count = 0
    queue: list[tuple[float, int, int]] = []
    for row in range(cost.size):
        queue.append((-worth((row,)) / cost[row], row, 0))
        count += 1
    heapq.heapify(queue)
    chosen: tuple[int, ...] = ()
    gains: list[float] = []
    value, left = 0.0, budget
    while queue:
        score, row, at = heapq.heappop(queue)
        if cost[row] > left + 1e-9:
            continue
        if at < len(chosen):
            gain = worth((*chosen, row)) - value
            count += 1
            heapq.heappush(queue, (-gain / cost[row], row, len(chosen)))
            continue
        if score >= 0:
            break
        chosen = (*chosen, row)
        gains.append(-score * float(cost[row]))
        value += gains[-1]
        left -= float(cost[row])
    return EditSet(np.array(chosen, dtype=np.int64), np.array(gains), count)
