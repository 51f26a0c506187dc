from dataclasses import replace

import numpy as np
import pytest

from meristem.config.expression.training import PreprocessOptions
from meristem.expression.cis.catalog import CATALOG
from meristem.expression.lines import ExpressionLines
from meristem.expression.questions.fit import run_holdout, train
from meristem.expression.questions.holdouts import (
    family_holdouts,
    line_holdouts,
    permuted_holdouts,
)
from meristem.expression.questions.scores import gene_scores
from meristem.mixed.groups import gather
from meristem.records import Genotypes, VariantTable


def crossed(n=90, p=60, genes=12, seed=1) -> ExpressionLines:
    """Return lines with one cis variant per gene and one hotspot."""
    rng = np.random.default_rng(seed)
    calls = (rng.integers(0, 2, (n, p)) * 2).astype(np.int8)
    own = [np.arange(2 * g, 2 * g + 2) for g in range(genes)]
    x = calls - 1.0
    value = x[:, [o[0] for o in own]] + x[:, [55]] * rng.normal(size=genes)
    value += rng.normal(size=value.shape)
    text = np.array([""] * p)
    table = VariantTable(
        np.array([f"v{i}" for i in range(p)]),
        np.array(["1"] * p),
        np.arange(p) + 1,
        text,
        text,
    )
    names = [f"g{i}" for i in range(genes)]
    lines = np.array([f"l{i}" for i in range(n)])
    return ExpressionLines(
        Genotypes(lines, table, calls),
        np.array(names),
        value,
        gather(names, own),
        np.array(["1"] * genes),
        published=x[:, [o[0] for o in own]] * 0.3,
    )


@pytest.mark.parametrize("name", ["cis_polygenic", "cis_polygenic_published", "gblup"])
def test_held_out_values_reach_no_prediction(name) -> None:
    lines = crossed(genes=6)
    held = line_holdouts(90, 6, folds=5, repeats=1, seed=1)[0]
    first = run_holdout(lines, held, name, PreprocessOptions(), 3, 1)
    value = lines.value.copy()
    value[held.test_lines] = 77.0
    second = run_holdout(
        replace(lines, value=value), held, name, PreprocessOptions(), 3, 1
    )
    assert np.array_equal(first["predicted"], second["predicted"])
    assert not np.array_equal(first["observed"], second["observed"])


def test_permuted_lines_are_at_chance_and_true_ones_are_not() -> None:
    lines = crossed()

    def r(holdouts):
        results = [
            (h, run_holdout(lines, h, "cis_polygenic", PreprocessOptions(), 3, 1))
            for h in holdouts
        ]
        return gene_scores(results, lines.gene)["r"].mean()

    assert r(line_holdouts(90, 12, folds=3, repeats=1, seed=1)) > 0.5
    chance = r(permuted_holdouts(90, 12, folds=3, runs=2, seed=1))
    assert abs(chance) < 0.1


def test_new_lines_are_scaled_as_the_training_lines() -> None:
    lines = crossed(genes=4)
    fitted = train(
        lines.take(np.arange(60)),
        "cis_ridge",
        PreprocessOptions(),
        inner_folds=3,
        seed=1,
    )
    alone = fitted.predict(lines.take(np.array([70])))
    together = fitted.predict(lines.take(np.arange(60, 90)))
    assert alone[0] == pytest.approx(together[10])


@pytest.mark.parametrize("name", sorted(CATALOG))
@pytest.mark.parametrize("scale", ["none", "inverse_normal"])
def test_a_gene_of_one_family_alone_says_nothing_of_another(name, scale) -> None:
    lines = crossed(n=40, genes=4)
    shares = tuple(lines.genotypes.call_dosage[:, :2] - 1.0 for _ in range(4))
    lines = replace(lines, features=shares)
    lines.value[:20, 1] = np.nan
    lines.value[:20, 2] = 0.0  # not expressed there
    family = np.array(["a", "b"]).repeat(20)
    held = family_holdouts(family, 4, folds=2, seed=1)
    options = PreprocessOptions(scale=scale)
    results = [(h, run_holdout(lines, h, name, options, 3, 1)) for h in held]
    for holdout, arrays in results:
        missing = np.isnan(arrays["predicted"]).all(axis=0)
        assert missing.tolist() == [False, holdout.train_lines[0] == 0, False, False]
        assert not np.isnan(arrays["predicted"][:, ~missing]).any()
    scores = gene_scores(results, lines.gene)
    assert scores["n"].tolist() == [40, 0, 40, 40]


def test_labels_are_unique() -> None:
    assert len({entry.label for entry in CATALOG.values()}) == len(CATALOG)
