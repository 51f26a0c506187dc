from dataclasses import replace

import numpy as np
import pytest
from tests.expression.questions.test_fit import crossed
from tests.expression.toys import toy_panel

from meristem.config.expression.heads import RidgeHeadOptions, SharedRidgeOptions
from meristem.config.expression.training import PreprocessOptions
from meristem.expression.questions.head_fit import run_head_holdout
from meristem.expression.questions.holdouts import gene_holdouts, line_holdouts
from meristem.expression.questions.scores import gene_scores


def _named(n=60, genes=8):
    """Return lines whose expression follows their haplotypes, and the panel."""
    panel = toy_panel(n_line=n, n_gene=genes, n_bin=2, n_channel=3)
    lines = crossed(n=n, genes=genes)
    weight = np.random.default_rng(7).normal(size=6)
    value = np.column_stack([panel.delta(g) @ weight for g in range(genes)])
    value += 0.3 * np.random.default_rng(8).normal(size=value.shape) + 5
    order = np.random.default_rng(9).permutation(n)
    genotypes = replace(lines.genotypes, sample_id=panel.lines[order])
    lines = replace(
        lines, genotypes=genotypes, gene=panel.genes, value=value[order], published=None
    )
    return lines, panel


@pytest.mark.parametrize("options", [RidgeHeadOptions(), SharedRidgeOptions()])
def test_new_lines_are_told_whatever_their_order(options) -> None:
    lines, panel = _named()
    held = line_holdouts(60, 8, folds=3, repeats=1, seed=1)
    plain = PreprocessOptions()
    results = [(h, run_head_holdout(lines, panel, h, options, plain, 1)) for h in held]
    scores = gene_scores(results, lines.gene)
    assert scores["r_pooled"].mean() > 0.7
    assert scores["r2"].mean() > 0.4


def test_new_genes_are_told_and_their_expression_is_not_seen() -> None:
    lines, panel = _named()
    group = np.array([str(g) for g in range(8)])
    holdouts = gene_holdouts(group, 60, folds=4, seed=1)
    plain, options = PreprocessOptions(), SharedRidgeOptions(folds=2)
    for held in holdouts[:2]:
        first = run_head_holdout(lines, panel, held, options, plain, 1)
        value = lines.value.copy()
        value[:, held.test_genes] = np.random.default_rng(1).normal(
            size=(60, held.test_genes.size)
        )
        changed = replace(lines, value=value)
        second = run_head_holdout(changed, panel, held, options, plain, 1)
        assert first["predicted"] == pytest.approx(second["predicted"])
        assert first["observed"].mean(axis=0) == pytest.approx(0, abs=1e-9)
    own = [h for h in holdouts if h.question == "new_genes"]
    results = [(h, run_head_holdout(lines, panel, h, options, plain, 1)) for h in own]
    scores = gene_scores(results, lines.gene)
    assert scores["r_pooled"].mean() > 0.5
    assert scores["sign"].mean() > 0.6


def test_genes_outside_the_panel_are_not_scored() -> None:
    lines, panel = _named(genes=4)
    part = panel.take_genes(np.array([0, 2]))
    held = line_holdouts(60, 4, folds=3, repeats=1, seed=1)
    plain = PreprocessOptions()
    results = [
        (h, run_head_holdout(lines, part, h, RidgeHeadOptions(), plain, 1))
        for h in held
    ]
    scores = gene_scores(results, lines.gene)
    assert scores["n"].tolist() == [60, 0, 60, 0]
    assert scores["r"].isna().tolist() == [False, True, False, True]
