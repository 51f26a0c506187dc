"""`benchmarks.accuracy.real.sparse` and what it reads."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from benchmarks.accuracy.cells import read_rows
from benchmarks.accuracy.real import sparse
from benchmarks.accuracy.real.figure import draw_sparse
from benchmarks.accuracy.real.sources import SOURCES, Source, _of_groups
from tests import toys

from meristem.config.stages import EvaluateConfig
from meristem.errors import ConfigError
from meristem.evaluate.splits import make_splits


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A panel of 130 lines in ten families under the name of a public one."""
    rng = np.random.default_rng(1)
    home = tmp_path / "data" / "gp" / "toy"
    home.mkdir(parents=True)
    dosage = rng.integers(0, 3, (130, 30))
    y = dosage[:, :8].sum(axis=1) + rng.normal(size=130)
    head = ",".join(["line", *(f"m{k}" for k in range(30))])
    lines = [f"l{k}," + ",".join(map(str, row)) for k, row in enumerate(dosage)]
    (home / "dosage.csv").write_text("\n".join([head, *lines]) + "\n")
    rows = [f"l{k},f{k % 10},{value:.4f}" for k, value in enumerate(y)]
    (home / "traits.csv").write_text("\n".join(["line,family,one", *rows]) + "\n")
    source = Source(
        "toy",
        "dosage.csv",
        "traits.csv",
        ("one",),
        {"scheme": "group", "group": "family"},
        group="family",
    )
    monkeypatch.setitem(SOURCES, "mdp_281", source)
    return tmp_path / "data"


def run(data: Path, out: Path, **more) -> str:
    asked = {"panels": ("mdp_281",), "models": ("gblup", "ridge", "auto")} | more
    return sparse.run_sparse(data, out, replicates=1, **asked)


def test_every_fold_is_written_and_more_models_join(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = run(data, out, models=("gblup", "auto"))
    assert "mdp_281" in text
    rows = read_rows(out / "results.csv")
    assert {(row["test"], row["n"]) for row in rows} == {
        (test, n) for test in ("within", "across") for n in ("50", "all")
    }
    assert len(rows) == 2 * 2 * 2 * 5
    before = read_rows(out / "results.csv")
    run(data, out, models=("ridge",))
    after = read_rows(out / "results.csv")
    assert [row for row in after if row["model"] != "ridge"] == before
    assert len(after) == 3 * 2 * 2 * 5
    summary = read_rows(out / "summary.csv")
    gains = {row["model"]: row["spearman_minus"] for row in summary}
    assert gains["auto"] == ""
    assert gains["ridge"] != ""
    ElementTree.fromstring((out / "sparse.svg").read_text())


def test_training_sets_are_nested_and_stay_when_replicates_are_added() -> None:
    rng = np.random.default_rng(2)
    panel = toys.dataset(rng.integers(0, 3, (140, 4)), rng.normal(size=140))
    splits = make_splits(panel, EvaluateConfig(folds=3), np.random.default_rng(1))
    found = sparse.nested_splits(splits, panel, (30, 60, 200), 7)
    assert [split.scheme for split in found[:3]] == ["n=30", "n=60", "n=all"]
    small, middle, whole = (set(split.train.tolist()) for split in found[:3])
    assert small < middle < whole
    assert len(found) == 9
    again = sparse.nested_splits(splits[1:], panel, (30, 60, 200), 7)
    np.testing.assert_array_equal(again[0].train, found[3].train)


def test_groups_are_drawn_whole_where_they_are_small() -> None:
    rng = np.random.default_rng(3)
    label = np.repeat([f"c{k}" for k in range(50)], 4)
    rows = _of_groups(label, 40, rng)
    assert 40 <= rows.size <= 44
    assert all((label[rows] == name).sum() == 4 for name in set(label[rows]))
    label = np.repeat(["a", "b"], 60)
    rows = _of_groups(label, 40, rng)
    assert [(label[rows] == name).sum() for name in "ab"] == [20, 20]


def test_the_interval_is_wider_where_training_rows_are_shared() -> None:
    gain = np.array([0.1, 0.2, 0.15, 0.05])
    alone = sparse.corrected_interval(gain, 0.0)
    shared = sparse.corrected_interval(gain, 0.25)
    # t(3, .975) = 3.182; sd = .0645
    assert alone[1] - alone[0] == pytest.approx(2 * 3.182 * 0.0645 / 2, rel=1e-2)
    half = shared[1] - shared[0]
    assert half / (alone[1] - alone[0]) == pytest.approx(np.sqrt(2), rel=1e-6)


def test_unknown_names_and_absent_data_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown panels"):
        run(data, tmp_path / "out", panels=("rice",))
    with pytest.raises(ConfigError, match="no such panel"):
        run(data, tmp_path / "out", panels=("mice",))


def test_the_figure_has_a_mark_for_every_difference() -> None:
    row = {"panel": "p", "test": "within", "n": "all", "n_train": "80", "model": "a"}
    row |= {"spearman_minus": "0.1", "spearman_minus_low": "-1.5"}
    row |= {"spearman_minus_high": "0.2"}
    svg = draw_sparse([row, row | {"model": "auto", "spearman_minus": ""}])
    assert svg.count("minus a: +0.100") == 1
    assert "all (80)" in svg
