"""What is held out: lines, genes, or both; one record per fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from meristem.errors import DataError
from meristem.records import IntArray, StrArray
from meristem.runs.seeds import derived_rng
from meristem.stats.correlation import MIN_ROWS
from meristem.stats.folds import grouped_folds

Question = Literal[
    "new_lines",
    "new_families",
    "new_genes",
    "both_new",
    "permuted",
    "permuted_new_genes",
    "permuted_both_new",
]

ASKED: dict[Question, str] = {
    "new_lines": "new lines, genes seen in training",
    "new_families": "families left out as a whole",
    "new_genes": "new genes, lines seen in training",
    "both_new": "new genes of new lines",
    "permuted": "expression dealt to other lines (chance)",
    "permuted_new_genes": "the same, of new genes",
    "permuted_both_new": "the same, of new genes of new lines",
}
CHANCE: dict[Question, Question] = {
    "new_lines": "permuted",
    "new_genes": "permuted_new_genes",
    "both_new": "permuted_both_new",
}
"""What chance gives where a question is asked of expression dealt to other lines."""


@dataclass(frozen=True)
class Holdout:
    """Lines and genes of one fit, as places among those measured."""

    question: Question
    repeat: int
    fold: int
    train_lines: IntArray
    test_lines: IntArray
    train_genes: IntArray
    test_genes: IntArray
    order: IntArray | None = None  # (n_line,) whose expression every line has


def fold_count(folds: int, n_line: int) -> int:
    """Return how many folds of lines there are: each has enough for a correlation.

    Examples
    --------
    >>> fold_count(5, 109), fold_count(5, 17)
    (5, 3)
    """
    return max(2, min(folds, n_line // MIN_ROWS))


def line_holdouts(
    n_line: int, n_gene: int, *, folds: int, repeats: int, seed: int
) -> list[Holdout]:
    """Return random folds of lines; all genes are trained and tested.

    Folds are fewer where they would have fewer lines than r takes.
    """
    found = []
    for repeat in range(repeats):
        rng = derived_rng(seed, "lines", repeat)
        fold = rng.permutation(n_line) % fold_count(folds, n_line)
        found += _by_line("new_lines", fold, n_gene, repeat)
    return found


def permuted_holdouts(
    n_line: int, n_gene: int, *, folds: int, runs: int, seed: int
) -> list[Holdout]:
    """Return folds in which the expression of lines is dealt to other lines."""
    found = []
    for run in range(runs):
        rng = derived_rng(seed, "permuted", run)
        order = rng.permutation(n_line)
        fold = rng.permutation(n_line) % fold_count(folds, n_line)
        found += _by_line("permuted", fold, n_gene, run, order)
    return found


def family_holdouts(
    family: StrArray,  # (n_line,) "" not known
    n_gene: int,
    *,
    folds: int,
    seed: int,
) -> list[Holdout]:
    """Return folds of whole families; lines of no known family always train.

    Raises
    ------
    DataError
        If there are fewer than two families.
    """
    known = np.flatnonzero(family != "")
    n_family = np.unique(family[known]).size
    if n_family < 2:
        raise DataError(
            f"the lines with expression are of {n_family} known families",
            where="train.families",
            remedy="give at least two families, or leave the table out",
        )
    rng = derived_rng(seed, "families")
    fold = np.full(family.size, -1)
    fold[known] = grouped_folds(family[known], min(folds, n_family), rng)
    return _by_line("new_families", fold, n_gene, 0)


def gene_holdouts(
    group: StrArray,  # (n_gene,) family or chromosome
    n_line: int,
    *,
    folds: int,
    seed: int,
) -> list[Holdout]:
    """Return folds of groups of genes: with all lines, and with new lines as well.

    Raises
    ------
    DataError
        If there are fewer than two groups.
    """
    n_group = np.unique(group).size
    if n_group < 2:
        raise DataError(
            "all genes are of one family or chromosome, so none can be held out",
            where="train.gene_families",
            remedy="give a table gene,family with at least two families",
        )
    rng = derived_rng(seed, "genes")
    n_fold = min(folds, n_group)
    gene_fold = grouped_folds(group, n_fold, rng)
    n_line_fold = fold_count(n_fold, n_line)
    line_fold = rng.permutation(n_line) % n_line_fold
    everyone = np.arange(n_line)
    found = []
    for k in range(n_fold):
        genes = np.flatnonzero(gene_fold != k), np.flatnonzero(gene_fold == k)
        found.append(Holdout("new_genes", 0, k, everyone, everyone, *genes))
        new = line_fold == k % n_line_fold
        lines = np.flatnonzero(~new), np.flatnonzero(new)
        found.append(Holdout("both_new", 0, k, *lines, *genes))
    return found


def permuted_gene_holdouts(
    group: StrArray,  # (n_gene,) family or chromosome
    n_line: int,
    *,
    folds: int,
    runs: int,
    seed: int,
) -> list[Holdout]:
    """Return `gene_holdouts` of expression that is dealt to other lines."""
    plain = gene_holdouts(group, n_line, folds=folds, seed=seed)
    found = []
    for run in range(runs):
        order = derived_rng(seed, "permuted genes", run).permutation(n_line)
        found += [
            replace(held, question=CHANCE[held.question], repeat=run, order=order)
            for held in plain
        ]
    return found


def _by_line(
    question: Question,
    fold: IntArray,  # (n_line,) -1: never tested
    n_gene: int,
    repeat: int,
    order: IntArray | None = None,
) -> list[Holdout]:
    genes = np.arange(n_gene)
    return [
        Holdout(
            question,
            repeat,
            k,
            np.flatnonzero(fold != k),
            np.flatnonzero(fold == k),
            genes,
            genes,
            order,
        )
        for k in range(int(fold.max()) + 1)
    ]
