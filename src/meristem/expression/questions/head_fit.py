"""Fit a head on embedded haplotypes, and predict the lines and genes left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.config.expression.heads import HeadOptions
from meristem.config.expression.training import PreprocessOptions
from meristem.expression.heads.catalog import fit_head
from meristem.expression.heads.protocol import FittedHead
from meristem.expression.lines import ExpressionLines
from meristem.expression.panel import EmbeddedPanel
from meristem.expression.preprocess.adjust import fit_adjustment
from meristem.expression.questions.holdouts import Holdout
from meristem.expression.zero_shot import ZeroShot
from meristem.records import FloatArray, IntArray, StrArray
from meristem.runs.seeds import derived_rng
from meristem.runs.tasks import Arrays


def places(wanted: StrArray, known: StrArray) -> IntArray:
    """Return where every name stands among the known ones, -1 where it does not."""
    at = {name: k for k, name in enumerate(known.tolist())}
    return np.array([at.get(name, -1) for name in wanted.tolist()], dtype=np.int64)


def train_head(
    lines: ExpressionLines,  # training lines
    genes: IntArray,  # (n_train_gene,) whose expression is seen
    panel: EmbeddedPanel,
    options: HeadOptions | None,  # None: zero-shot
    preprocess: PreprocessOptions,
    seed: int,
) -> FittedHead:
    """Fit a head on the lines and genes given."""
    if options is None:
        return ZeroShot()
    row = places(lines.genotypes.sample_id, panel.lines)
    column = places(lines.known_as[genes], panel.genes)
    _, value = fit_adjustment(
        lines.value[:, genes], lines.covariates, lines.genotypes, preprocess
    )
    # gaps were filled for factors alone: a head does not learn from them
    value = np.where(np.isnan(lines.value[:, genes]), np.nan, value)
    expression = np.full((panel.lines.size, panel.genes.size), np.nan)
    there = np.ix_(row[row >= 0], column[column >= 0])
    expression[there] = value[np.ix_(row >= 0, column >= 0)]
    rng = derived_rng(seed, "head", options.kind)
    return fit_head(panel, expression, np.sort(row[row >= 0]), options, rng)


def predict_head(
    head: FittedHead,
    panel: EmbeddedPanel,
    lines: StrArray,  # (n_line,)
    genes: StrArray,  # (n_gene,)
) -> FloatArray:  # (n_line, n_gene) NaN where the panel has no haplotypes
    """Return what a head predicts of lines and genes by name."""
    row, column = places(lines, panel.lines), places(genes, panel.genes)
    found = np.full((lines.size, genes.size), np.nan)
    inside = np.ix_(row >= 0, column >= 0)
    found[inside] = head.predict(panel, row[row >= 0], column[column >= 0])
    return found


def run_head_holdout(
    lines: ExpressionLines,  # measured ones
    panel: EmbeddedPanel,
    holdout: Holdout,
    options: HeadOptions | None,
    preprocess: PreprocessOptions,
    seed: int,
) -> Arrays:
    """Return what `fit.run_holdout` does, of a head.

    Of genes that were not trained on, both sides are centred on their own mean over the
    lines tested: a head knows no level of them.
    """
    if holdout.order is not None:
        dealt = lines.covariates and lines.covariates.take(holdout.order)
        lines = replace(lines, value=lines.value[holdout.order], covariates=dealt)
    part = lines.take(holdout.train_lines)
    head = train_head(part, holdout.train_genes, panel, options, preprocess, seed)
    plain = preprocess.model_copy(update={"factors": 0})
    adjustment, seen = fit_adjustment(
        part.value, part.covariates, part.genotypes, plain
    )
    test = lines.take(holdout.test_lines)
    genes = holdout.test_genes
    observed = adjustment.scored(test.value, test.covariates, test.genotypes)[:, genes]
    names = test.genotypes.sample_id
    predicted = predict_head(head, panel, names, lines.known_as[genes])
    observed = np.where(np.isnan(predicted), np.nan, observed)
    centre = seen.mean(axis=0)[genes]
    new = ~np.isin(genes, holdout.train_genes)
    if options is None:
        new = np.ones(genes.size, dtype=bool)
    predicted[:, new] -= _mean(predicted[:, new])
    observed[:, new] -= _mean(observed[:, new])
    nothing = np.full(genes.size, np.nan)
    return {
        "observed": observed,
        "predicted": predicted,
        "centre": np.where(new, 0.0, centre),
        "cis": nothing,
        "polygenic": nothing,
    }


def _mean(value: FloatArray) -> FloatArray:  # (n_gene,) 0 where nothing is known
    known = ~np.isnan(value)
    total = np.where(known, value, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1))
