"""The recovery benchmark: tables, lines, models, causal pathways."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from benchmarks.accuracy import recovery as bench
from benchmarks.accuracy.causal import METHODS, causal_rows, posterior_choice
from benchmarks.accuracy.recovery import run_recovery, summarise
from benchmarks.accuracy.recovery_task import (
    DEFAULT_MODELS,
    MODELS,
    Setting,
    fit_model,
    make_predictor,
    make_task,
    panel_plan,
)

from meristem.errors import ConfigError
from meristem.evaluate.controls import WithoutOmics
from meristem.plan.gene_sets import gene_variants, node_sets
from meristem.simulate.recovery import RecoveryConfig

SMALL = RecoveryConfig(
    n_train=80,
    n_test=40,
    n_chromosome=2,
    variants_per_chromosome=150,
    n_gene=48,
    window=6,
    n_regulator=4,
    n_pathway=7,
    pathway_size=8,
    causal_genes_per_pathway=6,
    reliability=0.9,
    h2=0.8,
)


def rows_of(path):
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def setting(**change):
    given = {
        "replicate": 1,
        "n": 60,
        "test": "within",
        "measured": 1.0,
        "trait": "pathways",
    }
    return Setting(**given | change)


def test_tables_of_a_small_run_and_its_continuation(tmp_path):
    told = []
    asked = {"models": ("gblup", "measured_omics", "binn"), "base": SMALL}
    table = run_recovery(
        (40, 60), 2, tmp_path, 5, **asked, progress=lambda *at: told.append(at)
    )
    assert told[-1] == (12, 12)
    assert "n=60" in table
    rows = rows_of(tmp_path / "results.csv")
    assert len(rows) == 2 * 2 * 3
    assert {row["deployable"] for row in rows if row["model"] == "measured_omics"} == {
        "no"
    }
    causal = rows_of(tmp_path / "causal.csv")
    assert len(causal) == 2 * 2 * len(METHODS) * 2
    assert {row["method"] for row in causal} == set(METHODS)
    assert all(int(row["true_named"]) <= int(row["named"]) for row in causal)
    # lost rows are done again, with the same figures; the others stay
    before = {tuple(row.values()) for row in rows}
    lines = (tmp_path / "results.csv").read_text().splitlines(keepends=True)
    (tmp_path / "results.csv").write_text("".join(lines[:-1]))
    run_recovery((40, 60), 2, tmp_path, 5, **asked)
    assert {tuple(o.values()) for o in rows_of(tmp_path / "results.csv")} == before
    assert len(rows_of(tmp_path / "causal.csv")) == len(causal)


def test_done_cells_are_not_fitted_again(tmp_path, monkeypatch):
    asked = {"models": ("gblup",), "base": SMALL, "causal": False}
    run_recovery((40,), 1, tmp_path, 5, **asked)
    monkeypatch.setattr(bench, "fit_model", None)
    run_recovery((40,), 1, tmp_path, 5, **asked)


def test_bad_names_and_other_seeds(tmp_path):
    with pytest.raises(ConfigError, match="unknown models: wizard"):
        run_recovery((40,), 1, tmp_path, models=("wizard",))
    with pytest.raises(ConfigError, match="unknown tests: beyond"):
        run_recovery((40,), 1, tmp_path, tests=("beyond",))
    with pytest.raises(ConfigError, match="unknown traits"):
        run_recovery((40,), 1, tmp_path, traits=("magic",))
    with pytest.raises(ConfigError, match="at least 20"):
        run_recovery((4,), 1, tmp_path)
    asked = {"models": ("gblup",), "base": SMALL, "causal": False}
    run_recovery((40,), 1, tmp_path, 5, **asked)
    with pytest.raises(ConfigError, match="another seed"):
        run_recovery((40,), 1, tmp_path, 6, **asked)


def test_lines_of_a_setting():
    small, large = (make_task(setting(n=n), 3, SMALL) for n in (40, 60))
    assert np.array_equal(small.train.sample_id, large.train.sample_id[:40])
    assert np.array_equal(small.truth, large.truth)
    assert small.test.n_sample == 40
    assert np.isnan(small.test.phenotypes.value).all()
    across = make_task(setting(test="across", replicate=2), 3, SMALL)
    assert across.train.n_sample == 60
    assert across.train.groups is not None
    assert across.test.groups is not None
    left = set(across.test.groups.label.ravel())
    assert left == {"pop_2"}
    assert left.isdisjoint(across.train.groups.label.ravel())
    half = make_task(setting(measured=0.5), 3, SMALL)
    known = ~np.isnan(half.train.omics[0].value).all(axis=1)
    assert 0.3 < known.mean() < 0.7
    seen = known[:, None] & ~np.isnan(large.train.omics[0].value)
    np.testing.assert_array_equal(
        half.train.omics[0].value[seen], large.train.omics[0].value[seen]
    )


def test_the_plan_is_what_is_known_of_the_panel():
    panel = make_task(setting(), 3, SMALL).panel
    plan = panel_plan(panel)
    genes, sets = gene_variants(plan), node_sets(plan)
    place = {name: k for k, name in enumerate(genes.name.tolist())}
    for gene, window in zip(panel.genes.gene_id, panel.cis_window, strict=True):
        assert set(genes.of(place[str(gene)])) == set(window)
    known = dict(panel.pathways)
    for k, name in enumerate(sets.name.tolist()):
        assert set(genes.name[sets.of(k)]) == set(known[name])


def test_every_model_can_be_made():
    plan = panel_plan(make_task(setting(), 3, SMALL).panel)
    made = {label: make_predictor(label, plan) for label in MODELS}
    assert isinstance(made["binn-no-omics"], WithoutOmics)
    assert set(DEFAULT_MODELS) < set(MODELS)


def test_summary_by_hand():
    key = {"n": "40", "test": "within", "measured": "1", "trait": "pathways"}
    figures = {
        "gblup": (0.2, 0.4),
        "goblup": (0.3, 0.1),
        "measured_omics": (0.9, 0.9),
        "binn": (0.5, 0.4),
        "binn-no-omics": (0.6, 0.6),
    }
    rows = [
        key | {"replicate": str(number + 1), "model": model, "r": str(r)}
        for model, values in figures.items()
        for number, r in enumerate(values)
    ]
    found = {row["model"]: row for row in summarise(rows)}
    assert [m for m, row in found.items() if row["best_rival"]] == ["gblup"]
    assert float(found["gblup"]["mean"]) == pytest.approx(0.3)
    assert float(found["gblup"]["binn_minus"]) == pytest.approx(0.15)
    # paired differences .3 and 0: sd .212, t of one degree of freedom 12.7
    half = 12.7062 * np.std([0.3, 0.0], ddof=1) / np.sqrt(2)
    assert float(found["gblup"]["minus_low"]) == pytest.approx(0.15 - half, rel=1e-4)
    assert found["binn"]["binn_minus"] == ""


def test_posterior_choice_against_a_loop():
    rng = np.random.default_rng(1)
    for _ in range(20):
        probability = rng.beta(0.3, 0.5, 30)
        best, kept = np.argsort(-probability), 0
        for size in range(1, 31):
            if (1 - probability[best[:size]]).mean() <= 0.1:
                kept = size
        wanted = np.zeros(30, dtype=bool)
        wanted[best[:kept]] = True
        np.testing.assert_array_equal(posterior_choice(probability), wanted)


def test_a_strong_pathway_is_named():
    loud = RecoveryConfig(
        **vars(SMALL)
        | {"n_train": 300, "h2": 1.0, "reliability": 1.0, "pathway_share": 1.0}
    )
    task = make_task(setting(n=300), 1, loud)
    fitted = fit_model(setting(n=300), "binn", 1, task)
    for method in METHODS:
        rows = causal_rows(method, task, fitted)
        assert [row["level"] for row in rows] == ["pathways", "genes"]
        assert [int(row["causal"]) for row in rows][0] == 5
    found = causal_rows("binn", task, fitted)[0]
    assert int(found["true_named"]) >= 2
    assert causal_rows("binn", task, None) == []
