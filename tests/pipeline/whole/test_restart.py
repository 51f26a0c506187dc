"""What a second run in the same folder computes: nothing that is there and whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pipeline.inputs import write_inputs

from meristem.config import AnalysisConfig, read_config
from meristem.config.models import RidgeOptions
from meristem.errors import ConfigError, DataError
from meristem.evaluate import fold
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.ridge import Ridge
from meristem.pipeline.analysis import Analysis, open_run
from meristem.pipeline.predicting.candidates import predict_new
from meristem.pipeline.run import report_again, run_stages
from meristem.runs import revision
from meristem.runs.folder import RunFolder

MODELS = """
[[models]]
kind = "gblup"

[[models]]
kind = "ridge"
"""

PER_MODEL = 5 + 1  # folds, and the fit on all rows


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two linear models, beside its inputs; tests take copies."""
    config = write_inputs(tmp_path_factory.mktemp("restart") / "inputs")
    text = config.read_text(encoding="utf-8")
    head = text[: text.index("[[models]]")]
    config.write_text(head + MODELS, encoding="utf-8")
    run_stages(Analysis(read_config(config), RunFolder(config.parent / "run")))
    return config.parent


@pytest.fixture
def copy(quick: Path, tmp_path: Path) -> Path:
    """The same files elsewhere."""
    return Path(shutil.copytree(quick, tmp_path / "elsewhere"))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every fit of the test, by the name of its model."""
    seen: list[str] = []

    def counted(kind: type) -> Callable:
        fit = kind.fit  # type: ignore[attr-defined]

        def call(self, dataset, **options):
            seen.append(kind.__name__)
            return fit(self, dataset, **options)

        return call

    for kind in (GBLUP, Ridge):
        monkeypatch.setattr(kind, "fit", counted(kind))
    return seen


def run(config: AnalysisConfig, folder: Path) -> Analysis:
    # fits in other processes are not counted
    here = config.run.model_copy(update={"jobs": 1})
    analysis = Analysis(config.model_copy(update={"run": here}), RunFolder(folder))
    run_stages(analysis)
    return analysis


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def test_a_restart_fits_nothing_wherever_the_files_lie(
    copy: Path, fits: list[str]
) -> None:
    before = tables(copy / "run")
    run(read_config(copy / "meristem.toml"), copy / "run")
    assert fits == []
    assert tables(copy / "run") == before


def test_a_run_that_lost_its_stamps_takes_its_folds_from_disk(
    copy: Path, fits: list[str]
) -> None:
    """The first run read the input files, this one reads the prepared data set."""
    before = tables(copy / "run")
    (copy / "run" / "work" / "evaluate.stamp").unlink()
    run(read_config(copy / "meristem.toml"), copy / "run")
    assert fits == []
    shutil.rmtree(copy / "run" / "work" / "dataset")
    (copy / "run" / "work" / "evaluate.stamp").unlink()
    run(read_config(copy / "meristem.toml"), copy / "run")
    assert fits == []
    assert tables(copy / "run") == before


def test_another_model_leaves_the_others_alone(copy: Path, fits: list[str]) -> None:
    config = read_config(copy / "meristem.toml")
    more = (*config.models, RidgeOptions(name="strong", penalties=(1e6,)))
    run(config.model_copy(update={"models": more}), copy / "run")
    assert fits == ["Ridge"] * PER_MODEL
    fits.clear()
    other = (config.models[0], RidgeOptions(penalties=(1e6,)))
    run(config.model_copy(update={"models": other}), copy / "run")
    assert fits == ["Ridge"] * PER_MODEL


def test_a_changed_default_is_computed_again(copy: Path, fits: list[str]) -> None:
    field = RidgeOptions.model_fields["penalties"]
    field.default = (10.0,)
    for model in (RidgeOptions, AnalysisConfig):
        model.model_rebuild(force=True)
    try:
        run(read_config(copy / "meristem.toml"), copy / "run")
    finally:
        field.default = ()
        for model in (RidgeOptions, AnalysisConfig):
            model.model_rebuild(force=True)
    assert fits == ["Ridge"] * PER_MODEL


def test_a_changed_line_of_a_model_is_computed_again(
    copy: Path, fits: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "meristem"
    shutil.copytree(revision.PACKAGE, package)
    source = package / "models" / "linear" / "ridge.py"
    source.write_text(source.read_text() + "\nCHANGED = 1\n")
    original = revision.code_revision
    monkeypatch.setattr(
        revision, "code_revision", lambda modules: original(modules, package)
    )
    run(read_config(copy / "meristem.toml"), copy / "run")
    assert fits == ["Ridge"] * PER_MODEL


def test_another_seed_is_computed_again(copy: Path, fits: list[str]) -> None:
    config = read_config(copy / "meristem.toml")
    other = config.run.model_copy(update={"seed": 99})
    run(config.model_copy(update={"run": other}), copy / "run")
    assert len(fits) == 2 * PER_MODEL


def test_changed_data_are_computed_again(copy: Path, fits: list[str]) -> None:
    rows = (copy / "phenotypes.csv").read_text().splitlines()
    (copy / "phenotypes.csv").write_text("\n".join(rows[:-1]) + "\n")
    run(read_config(copy / "meristem.toml"), copy / "run")
    assert len(fits) == 2 * PER_MODEL


def test_every_fold_has_a_key_without_a_path(quick: Path) -> None:
    assert fold.FoldTask.__dataclass_fields__.keys() == {"model", "predictor", "split"}
    work = quick / "run" / "work" / "folds"
    assert len(list(work.iterdir())) == 2 * 5


LISTED = (
    "scores.csv",
    "predictions.csv",
    "splits.csv",
    "intervals.csv",
    "structure.csv",
    "data.json",
    "verdicts.json",
    "network.json",
    "knowledge.json",
    "candidates.csv",
)


@pytest.mark.parametrize("name", LISTED)
def test_a_cut_artefact_is_refused_by_report_and_mended_by_run(
    quick: Path, copy: Path, name: str, fits: list[str]
) -> None:
    folder = copy / "run"
    path = folder / name
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:-2], whole + b"1,2\n"):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="cut or changed") as caught:
            report_again(RunFolder.open(folder))
        assert name in caught.value.where
        assert "meristem run" in caught.value.remedy
    run(read_config(copy / "meristem.toml"), folder)
    assert fits == []
    # two tables of what was read say where it was
    moved = whole.replace(str(quick).encode(), str(copy).encode())
    assert path.read_bytes() == moved
    report_again(RunFolder.open(folder))


@pytest.mark.parametrize(
    "name", ["predictions.csv", "models/ridge.json", "models/ridge.safetensors"]
)
def test_predict_refuses_what_is_damaged(copy: Path, name: str) -> None:
    new = copy / "candidates.vcf.gz"
    path = copy / "run" / name
    whole = path.read_bytes()
    for damaged in (b"", whole[:-3]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="cut or changed"):
            predict_new(open_run(copy / "run"), new)
    run(read_config(copy / "meristem.toml"), copy / "run")
    assert path.read_bytes() == whole
    predict_new(open_run(copy / "run"), new)


def test_a_damaged_data_set_is_prepared_again(copy: Path, fits: list[str]) -> None:
    store = copy / "run" / "work" / "dataset"
    for path in (store / "phenotypes.parquet", store / "dataset.json"):
        path.write_bytes(path.read_bytes()[:-9])
        run(read_config(copy / "meristem.toml"), copy / "run")
        predict_new(open_run(copy / "run"), copy / "candidates.vcf.gz")
    assert fits == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"config": 3}', "{}", '{"config": {}}']
)
def test_a_damaged_record_is_one_error_and_mended_by_run(
    copy: Path, text: str, fits: list[str]
) -> None:
    record = copy / "run" / "run.json"
    artefacts = json.loads(record.read_text())["artefacts"]
    record.write_text(text)
    with pytest.raises(ConfigError, match=r"run\.json"):
        open_run(copy / "run")
    run(read_config(copy / "meristem.toml"), copy / "run")
    assert fits == []
    mended = json.loads(record.read_text())["artefacts"]
    assert mended.keys() == artefacts.keys()
    assert mended["scores.csv"] == artefacts["scores.csv"]


def test_foreign_files_stop_a_run_before_it_begins(quick: Path, tmp_path: Path) -> None:
    config, out = read_config(quick / "meristem.toml"), tmp_path / "run"
    out.mkdir()
    (out / "scores.csv").write_text("mine")
    with pytest.raises(ConfigError, match=r"scores\.csv"):
        run(config, out)
    assert (out / "scores.csv").read_text() == "mine"
    assert not (out / "run.json").exists()


def test_the_record_keeps_what_an_earlier_run_measured(copy: Path) -> None:
    record = copy / "run" / "run.json"
    before = json.loads(record.read_text())
    run(read_config(copy / "meristem.toml"), copy / "run")
    after = json.loads(record.read_text())
    kept = {item["stage"]: item["seconds"] for item in before["timings"]}
    now = {item["stage"]: item["seconds"] for item in after["timings"]}
    for stage in ("evaluate", "fit gblup", "fit ridge", "read", "prepare"):
        assert now[stage] == kept[stage], stage
    listed = {item["role"] for item in after["inputs"]}
    assert {"genotypes", "phenotypes", "graph"} <= listed
