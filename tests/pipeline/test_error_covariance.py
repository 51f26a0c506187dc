"""The covariance of a first stage, from its file to what models and pages say."""

import logging
from pathlib import Path

import numpy as np
import pytest

from meristem.config import read_config
from meristem.errors import DataError
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.inputs import input_files, read_inputs
from meristem.pipeline.preparation import describe, prepare_inputs
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder

N = 24
DIAGONAL = '"diagonal.csv"'
CONFIG = """
fold_ids = ["case"]

[genotypes]
path = "g.csv"

[phenotypes]
path = "p.csv"
error_covariance = "errors.csv"

[evaluate]
folds = 3

[[models]]
kind = "gblup"

[[models]]
kind = "kernels"

[[models]]
kind = "ridge"

[[models]]
kind = "stack"
models = ["gblup", { kind = "rkhs" }]
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Lines in capitals; the table has them in small letters, in another order."""
    rng = np.random.default_rng(4)
    calls = rng.integers(0, 3, (N, 40))
    names = [f"L{k:02d}" for k in range(N)]
    write(tmp_path / "g.csv", ["line", *(f"m{k}" for k in range(40))], names, calls)
    value = calls[:, :5].sum(axis=1, keepdims=True) + rng.normal(size=(N, 1))
    write(tmp_path / "p.csv", ["line", "yield"], names[2:], value[2:])
    root = rng.normal(size=(N, 40)) / 8
    order = rng.permutation(N)
    small = [names[k].lower() for k in order]
    write(tmp_path / "errors.csv", small, small, (root @ root.T)[np.ix_(order, order)])
    (tmp_path / "a.toml").write_text(CONFIG)
    return tmp_path


def write(path: Path, header: list[str], names: list[str], rows: np.ndarray) -> None:
    lines = [",".join(map(str, [n, *r])) for n, r in zip(names, rows, strict=True)]
    path.write_text("\n".join([",".join(header), *lines]) + "\n")


def test_it_is_matched_by_id_and_said_who_reads_it(case, caplog) -> None:
    config = read_config(case / "a.toml")
    (errors,) = read_inputs(config).dataset.phenotypes.errors
    assert errors.row.tolist() == [-1, -1, *range(N - 2)]
    rng = np.random.default_rng(4)
    rng.integers(0, 3, (N, 40)), rng.normal(size=(N, 1))
    root = (rng.normal(size=(N, 40)) / 8)[2:]
    assert np.allclose(errors.matrix, root @ root.T)
    assert "error covariance" in [one.role for one in input_files(config)]
    result = check_analysis(config, slowness=1.0)
    assert result.problems == ()
    fact = "covariance of 22 lines, scale known; read by gblup, kernels, stack"
    assert f"errors of yield: {fact}" in result.facts
    hint = "ridge, stack (rkhs): of the covariance of errors"
    assert any(hint in line for line in result.hints)
    with caplog.at_level(logging.WARNING):
        inputs = prepare_inputs(config)
    assert hint in caplog.text
    assert describe(inputs, config)["phenotypes"][0]["errors"] == "covariance"


def test_a_run_reads_it_and_weights_give_other_numbers(case) -> None:
    rows = [line.split(",") for line in (case / "errors.csv").read_text().split()[1:]]
    alone = [f"{row[0]},{row[0]},{row[k + 1]}" for k, row in enumerate(rows)]
    text = "\n".join(["line_1,line_2,value", *alone]) + "\n"
    (case / "diagonal.csv").write_text(text)
    tables = []
    for given in ('"errors.csv"', '"errors.csv"\nerror_scale = "estimated"', DIAGONAL):
        quick = CONFIG[: CONFIG.index('\n[[models]]\nkind = "ridge"')]
        (case / "a.toml").write_text(quick.replace('"errors.csv"', given))
        folder = RunFolder(case / f"run{len(tables)}")
        run_stages(Analysis(read_config(case / "a.toml"), folder))
        tables.append((folder.path / "variance_components.csv").read_text())
    assert len(set(tables)) == 3


def test_faults_are_listed_by_check(case) -> None:
    text = (case / "errors.csv").read_text().splitlines()
    (case / "errors.csv").write_text("\n".join(text[:-1]) + "\n")
    (fault,) = check_analysis(read_config(case / "a.toml"), slowness=1.0).problems
    assert "23 names in rows and 24 in columns differ" in fault
    (case / "errors.csv").unlink()
    with pytest.raises(DataError, match=r"errors\.csv"):
        read_inputs(read_config(case / "a.toml"))


def test_columns_of_weights_are_not_looked_for_beside_it(case) -> None:
    rows = (case / "p.csv").read_text().splitlines()[1:]
    long = [f"{row.split(',')[0]},yield,{row.split(',')[1]},9" for row in rows]
    (case / "p.csv").write_text("line,trait,value,se\n" + "\n".join(long) + "\n")
    phenotypes = read_inputs(read_config(case / "a.toml")).dataset.phenotypes
    assert phenotypes.measurements is None
    assert phenotypes.weight[2:, 0].std() > 0.05
