"""Models learn from factors; nothing of the test rows reaches a representation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.pipeline.leak_case import Layout, write_case
from tests.pipeline.test_leak_from_files import fitted_bytes, layout_of, opened

from meristem.config import models as kinds
from meristem.config.read import read_config
from meristem.config.represent import RepresentOptions
from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.config.tune import TuneOptions
from meristem.errors import MeristemError
from meristem.evaluate.crossval import cross_validate, tuning_frame
from meristem.evaluate.fold import as_rows, fit_chosen
from meristem.models.catalog import build
from meristem.models.protocol import needs_measured_omics, predict_measured
from meristem.models.tuned.spec import Tuned
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.checking.requirements import graph_faults
from meristem.pipeline.represented import OnFactors
from meristem.pipeline.run import read_everything
from meristem.records import (
    Dataset,
    Genotypes,
    OmicsTable,
    Phenotypes,
    SampleGroups,
    VariantTable,
)
from meristem.runs.keys import digest
from meristem.stats.folds import random_splits

N, P, M = 48, 30, 25


def panel(seed: int = 1, shift: float = 0.0) -> Dataset:
    rng = np.random.default_rng(seed)
    line = np.array([f"l{i}" for i in range(N)])
    dosage = rng.integers(0, 3, (N, M)).astype(np.int8)
    factor = dosage[:, :3] - 1.0
    value = factor @ rng.normal(size=(3, P)) + 0.3 * rng.normal(size=(N, P))
    batch = np.array(["a", "b"])[rng.integers(0, 2, N)]
    value += shift * (batch == "b")[:, None]
    name = np.array([f"v{i}" for i in range(M)])
    blank = np.full(M, "")
    table = VariantTable(name, blank, np.zeros(M, int), blank, blank)
    gene = np.array([f"g{i}" for i in range(P)])
    trait = factor[:, :1] + 0.3 * rng.normal(size=(N, 1))
    return Dataset(
        Genotypes(line, table, dosage),
        Phenotypes(line, np.array(["t"]), np.array([""]), trait, np.ones((N, 1))),
        (OmicsTable("rna", line, gene, gene, value),),
        SampleGroups(line, np.array(["batch"]), batch[:, None]),
    )


def on_factors(options: kinds.ModelOptions, **how: object) -> OnFactors:
    asked = RepresentOptions(**{"represent": "pca", "k": (2, 3), **how})
    return OnFactors(build(options), (("rna", asked),), {}, 1)


@pytest.mark.parametrize("gives", ["factors", "cleaned", "both"])
def test_models_are_handed_what_is_asked_for(gives: str) -> None:
    fitted = on_factors(kinds.MediatedOptions(), gives=gives).fit(
        panel(), rng=np.random.default_rng(1)
    )
    assert np.isfinite(fitted.predict(panel().genotypes).value).all()


def test_the_same_rows_make_the_same_factors() -> None:
    fits = [
        on_factors(kinds.MediatedOptions()).fit(panel(), rng=np.random.default_rng(s))
        for s in (1, 2)
    ]
    one, two = (fit.predict(panel().genotypes).value for fit in fits)
    assert np.array_equal(one, two)  # no randomness of the model itself


def test_removed_batches_do_not_change_factors() -> None:
    """With the shift removed, predictions are close to those without any."""
    clean = on_factors(kinds.MediatedOptions()).fit(
        panel(), rng=np.random.default_rng(1)
    )
    shifted = on_factors(
        kinds.MediatedOptions(), confounders=("batch",), deconfound="combat"
    ).fit(panel(shift=20.0), rng=np.random.default_rng(1))
    one, two = (f.predict(panel().genotypes).value[:, 0] for f in (clean, shifted))
    assert np.corrcoef(one, two)[0, 1] > 0.95


def test_models_that_need_measured_omics_predict_from_factors() -> None:
    data = panel()
    fitted = on_factors(kinds.MeasuredOmicsOptions()).fit(
        data.take(np.arange(36)), rng=np.random.default_rng(1)
    )
    assert needs_measured_omics(fitted)
    test = data.take(np.arange(36, N))
    said = predict_measured(fitted, test.genotypes, test.omics).value[:, 0]
    assert np.corrcoef(said, test.phenotypes.value[:, 0])[0, 1] > 0.5


def held_out_r(model: OnFactors, data: Dataset) -> float:
    """Return r of the trait of rows held out, told from their own omics."""
    fitted = model.fit(data.take(np.arange(36)), rng=np.random.default_rng(1))
    test = data.take(np.arange(36, N))
    said = predict_measured(fitted, test.genotypes, test.omics).value[:, 0]
    return float(np.corrcoef(said, test.phenotypes.value[:, 0])[0, 1])


def test_rows_held_out_lose_the_batch_that_training_rows_lost() -> None:
    model = on_factors(kinds.MeasuredOmicsOptions(), confounders=("batch",))
    data = panel(shift=20.0)
    model = replace(model, groups=data.groups)
    assert held_out_r(model, data) > held_out_r(model, panel()) - 0.02
    assert data.groups is not None
    label = data.groups.label.copy()
    label[40] = "c"
    unseen = replace(data, groups=replace(data.groups, label=label))
    with pytest.raises(MeristemError, match="no training row has its label 'c'"):
        held_out_r(replace(model, groups=unseen.groups), unseen)


def test_tables_of_the_same_features_are_not_taken_for_each_other() -> None:
    data = panel()
    rng = np.random.default_rng(2)
    table = data.omics[0]
    noise = replace(table, name="noise", value=5 * rng.normal(size=table.value.shape))
    data = replace(data, omics=(table, noise))
    asked = RepresentOptions(represent="pca", k=(3,))
    both = (("rna", asked), ("noise", asked))
    model = OnFactors(build(kinds.MeasuredOmicsOptions()), both, {}, 1)
    assert held_out_r(model, data) > 0.8


@pytest.mark.parametrize(
    ("kind", "models"),
    [
        ("pca", (kinds.MediatedOptions(),)),
        ("sets", (kinds.MediatedOptions(method="one_kernel"),)),
        ("vae", (kinds.MediatedOptions(),)),
    ],
)
def test_no_factor_follows_the_test_rows(
    tmp_path: Path, kind: str, models: tuple[kinds.ModelOptions, ...]
) -> None:
    layout: Layout = layout_of("replicates")
    found = []
    for spoilt in (False, True):
        path = write_case(tmp_path / str(spoilt), layout, spoilt=spoilt)
        text = path.read_text()
        k = "" if kind == "sets" else "k = [2, 3]\n"
        short = "" if kind == "pca" else "seeds = 2\nepochs = 5\n"
        asked = f'[[omics]]\nrepresent = "{kind}"\n{k}{short}'
        assert "[[omics]]\n" in text
        path.write_text(text.replace("[[omics]]\n", asked))
        analysis = opened(path)
        found.append([fitted_bytes(analysis, options) for options in models])
    assert found[0] == found[1]


def test_what_is_missing_is_said_before_the_first_fold(tmp_path: Path) -> None:
    path = write_case(tmp_path / "case", layout_of("replicates"), spoilt=False)
    text = path.read_text()
    asked = '[[omics]]\nrepresent = "pca"\nconfounders = ["batch"]\n'
    path.write_text(text.replace("[[omics]]\n", asked))
    analysis = opened(path)
    faults = list(
        graph_faults(
            analysis.config, analysis.dataset, analysis.knowledge, analysis.plan
        )
    )
    assert any("batch" in fault.message for fault in faults)
    assert all(isinstance(fault, MeristemError) for fault in faults)


@pytest.mark.parametrize(("gives", "fault"), [("factors", 1), ("cleaned", 0)])
def test_models_of_genes_are_refused_factors_before_the_first_fold(
    tmp_path: Path, gives: str, fault: int
) -> None:
    path = write_case(tmp_path / "case", layout_of("replicates"), spoilt=False)
    asked = f'[[omics]]\nrepresent = "sets"\ngives = "{gives}"\n'
    path.write_text(path.read_text().replace("[[omics]]\n", asked))
    analysis = opened(path)
    models = (kinds.MediatedOptions(method="predicted_expression"),)
    config = analysis.config.model_copy(update={"models": models})
    found = graph_faults(config, analysis.dataset, analysis.knowledge, analysis.plan)
    assert sum("it would be handed factors" in one.message for one in found) == fault


def test_the_key_of_a_fold_holds_the_representation(tmp_path: Path) -> None:
    keys = []
    for kind in ("pca", "sets"):
        path = write_case(tmp_path / kind, layout_of("replicates"), spoilt=False)
        text = path.read_text()
        path.write_text(
            text.replace("[[omics]]\n", f'[[omics]]\nrepresent = "{kind}"\n')
        )
        analysis = opened(path)
        keys.append(digest(analysis.build(kinds.MediatedOptions(), analysis.plan)))
        plain = analysis.build(kinds.GBLUPOptions(), analysis.plan)
        assert not isinstance(plain, OnFactors)  # it reads no omics
    assert keys[0] != keys[1]


def test_what_models_were_handed_is_told_fold_by_fold() -> None:
    data, splits = panel(), random_splits(N, 3, np.random.default_rng(2))
    how = {"confounders": ("batch",), "gives": "both"}
    run = cross_validate(
        data,
        (
            ("m", on_factors(kinds.MediatedOptions(), **how)),
            ("gblup", build(kinds.GBLUPOptions())),
        ),
        splits,
        config=EvaluateConfig(folds=3, inner_folds=2),
        filters=FilterConfig(),
        seed=5,
    )
    told = run.handed
    assert told["model"].tolist() == ["m"] * 3
    assert told["fold"].tolist() == [0, 1, 2]
    assert told["factors"].isin([2, 3]).all()
    assert told["rows"].tolist() == [split.train.size for split in splits]
    first = told.iloc[0]
    assert (first["omics"], first["kind"], first["gives"]) == ("rna", "pca", "both")
    assert (first["confounders"], first["deconfound"]) == ("batch", "combat")


def test_a_sample_without_a_label_stops_check_and_run(tmp_path: Path) -> None:
    """A trace that is to be removed would stay in it."""
    path = write_case(tmp_path / "case", layout_of("replicates"), spoilt=False)
    text = path.read_text()
    asked = '[[omics]]\nrepresent = "pca"\nconfounders = ["batch"]\n'
    text = text.replace("[[omics]]\n", asked)
    measured = opened(path).dataset
    line = measured.sample_id[~np.isnan(measured.omics[0].value).all(axis=1)]
    label = ["", *("ab"[i % 2] for i in range(line.size - 1))]
    rows = [f"{name},{one}" for name, one in zip(line, label, strict=True)]
    (path.parent / "batches.csv").write_text("\n".join(["line,batch", *rows]) + "\n")
    path.write_text(text + '\n[groups]\npath = "batches.csv"\n')
    config = read_config(path)
    found = check_analysis(config, slowness=1.0).problems
    assert any(f"no 'batch', which is to be removed: {line[0]}" in one for one in found)
    with pytest.raises(MeristemError, match="which is to be removed"):
        read_everything(opened(path))


def test_a_table_without_rows_is_refused() -> None:
    data = panel()
    empty = np.full_like(data.omics[0].value, np.nan)
    bare = replace(data, omics=(replace(data.omics[0], value=empty),))
    with pytest.raises(MeristemError, match="0 training rows"):
        on_factors(kinds.MediatedOptions()).fit(bare, rng=np.random.default_rng(1))


TUNE = {"trials": 8, "kinds": ("linear",)}


def test_a_search_of_shapes_is_told_and_kept(tmp_path: Path) -> None:
    model = replace(on_factors(kinds.MediatedOptions(), tune=TUNE), folder=tmp_path)
    inner = random_splits(N, 3, np.random.default_rng(1))
    rng = np.random.default_rng(1)
    fitted, told = fit_chosen(model, panel(), rng, inner)
    assert {one.of for one in told.tried} == {"rna"}
    assert sum(one.chosen for one in told.tried) == 1
    assert len(list(tmp_path.glob("*.done"))) == 1
    frame = tuning_frame("mediated", as_rows(told.tried))
    assert set(frame["model"]) == {"mediated: omics rna"}
    # another model on the same rows reads what was found
    other = replace(on_factors(kinds.GBLUPOptions(), tune=TUNE), folder=tmp_path)
    assert fit_chosen(other, panel(), rng, inner)[1] == told
    plain = model.fit(panel(), rng=np.random.default_rng(1), inner=inner)
    one, two = (f.predict(panel().genotypes).value for f in (fitted, plain))
    assert np.array_equal(one, two)


def test_a_model_that_searches_its_options_does_so_on_factors() -> None:
    options = kinds.BoostingOptions(rounds=3)
    tuned = Tuned(options, TuneOptions(trials=1))
    asked = RepresentOptions.model_validate(
        {"represent": "pca", "k": (2,), "tune": TUNE}
    )
    model = OnFactors(tuned, (("rna", asked),), {}, 1)
    inner = random_splits(N, 2, np.random.default_rng(1))
    _, told = fit_chosen(model, panel(), np.random.default_rng(1), inner)
    assert {one.of for one in told.tried} == {"rna", ""}


def test_outer_rows_never_reach_a_search_of_shapes() -> None:
    data = panel()
    splits = random_splits(N, 3, np.random.default_rng(2))
    config, filters = EvaluateConfig(folds=3, inner_folds=2), FilterConfig()
    found = []
    for shift in (0.0, 50.0):
        value = data.omics[0].value.copy()
        value[splits[0].test] += shift * np.random.default_rng(3).normal(
            size=(splits[0].test.size, P)
        )
        spoilt = replace(data, omics=(replace(data.omics[0], value=value),))
        model = (("m", on_factors(kinds.MediatedOptions(), tune=TUNE)),)
        run = cross_validate(
            spoilt, model, splits[:1], config=config, filters=filters, seed=5
        )
        found.append(run.tried.to_csv())
    assert found[0] == found[1]
    assert "omics rna" in found[0]
