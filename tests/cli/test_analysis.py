"""`meristem.cli.analysis`, `meristem.cli.console`: the commands of an analysis."""

import json
import os
import shutil
from pathlib import Path

import pytest
from tests.calls import Call

import meristem.cli.console
from meristem.runs.lock import locked


def test_run_then_predict_explain_and_report(
    call: Call, demo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    code, text, err = call("run", demo, "--out", out, "--seed", "4", "--quiet")
    assert code == 0, err
    assert "ridge is" in text
    assert str(out / "report.html") in text
    assert json.loads((out / "run.json").read_text())["config"]["run"]["seed"] == 4

    new = demo.parent / "candidates.vcf.gz"
    code, text, _ = call(
        "predict", out, "--genotypes", new, "--out", tmp_path / "p.csv"
    )
    assert code == 0
    assert "4 lines predicted" in text
    assert (tmp_path / "p.csv").read_text().count("\n") == 1 + 4 * 2

    code, text, _ = call("predict", out, "--genotypes", new, "--json")
    assert json.loads(text)["variants"]["matched"] > 0

    code, _, err = call("predict", out, "--genotypes", new, "--model", "oracle")
    assert code == 2
    assert "oracle" in err

    code, text, _ = call("explain", out, "--quiet")
    assert code == 0
    assert "nothing to explain" in text

    (out / "report.html").unlink()
    code, _, _ = call("report", out)
    assert code == 0
    assert (out / "report.html").is_file()


def test_evaluate_and_train_do_their_part(
    call: Call, demo: Path, tmp_path: Path
) -> None:
    code, text, _ = call("evaluate", demo, "--out", tmp_path / "e", "--json")
    assert code == 0
    assert {v["model"] for v in json.loads(text)["verdicts"]} >= {"ridge"}
    assert not (tmp_path / "e" / "models").exists()
    code, _, _ = call("train", demo, "--out", tmp_path / "t", "--quiet")
    assert code == 0
    assert (tmp_path / "t" / "models" / "ridge.safetensors").is_file()
    assert not (tmp_path / "t" / "scores.csv").exists()


def test_check_answers_people_and_machines(call: Call, demo: Path) -> None:
    code, text, _ = call("check", demo)
    assert code == 0
    assert text.rstrip().endswith("no problems found")
    code, text, _ = call("check", demo, "--json")
    assert json.loads(text)["problems"] == []
    assert not (demo.parent / "run").exists()


def test_check_fails_on_problems(call: Call, demo: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    text = demo.read_text().replace('path = "', f'path = "{demo.parent}/')
    broken.write_text(text.replace("genotypes.vcf.gz", "lost.vcf.gz"))
    code, out, _ = call("check", broken)
    assert code == 2
    assert "lost.vcf.gz" in out
    assert "remedy" in out


def test_the_schema_knows_every_stage(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    assert call("schema", "--out", file)[0] == 0
    schema = json.loads(file.read_text())
    assert {"run", "genotypes", "models", "evaluate"} <= set(schema["properties"])
    assert json.loads(call("schema")[1]) == schema


def test_progress_is_drawn_on_standard_error_alone(capsys) -> None:
    with meristem.cli.console.progress(quiet=False) as notify:
        notify("folds", 1, 2)
        notify("folds", 2, 2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "folds" in captured.err


@pytest.fixture
def finished(call: Call, demo: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(demo.parent, tmp_path / "demo"))
    code, _, err = call("run", folder / demo.name, "--out", tmp_path / "run", "--quiet")
    assert code == 0, err
    return tmp_path / "run"


def test_predict_replaces_its_own_tables_alone(
    call: Call, finished: Path, tmp_path: Path
) -> None:
    new = tmp_path / "demo" / "candidates.vcf.gz"
    asked = ("predict", finished, "--genotypes", new)
    for target in (
        new,
        tmp_path / "demo" / "phenotypes.csv",
        tmp_path / "demo" / "genotypes.vcf.gz",
    ):
        whole = target.read_bytes()
        code, _, err = call(*asked, "--out", target)
        assert code == 2
        assert "input of this command" in err
        assert target.read_bytes() == whole
    foreign = tmp_path / "notes.csv"
    foreign.write_text("mine")
    code, _, err = call(*asked, "--out", foreign)
    assert code == 2
    assert foreign.read_text() == "mine"
    assert "--force" in err
    code, _, _ = call(*asked, "--out", foreign, "--force")
    assert code == 0
    for target in (foreign, tmp_path / "p.csv"):
        for _ in range(2):
            code, _, err = call(*asked, "--out", target)
            assert code == 0, err
    for _ in range(2):
        assert call(*asked)[0] == 0


def test_run_replaces_no_file_of_others(
    call: Call, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "other"
    out.mkdir()
    (out / "scores.csv").write_text("mine")
    config = tmp_path / "demo" / "meristem.toml"
    code, _, err = call("run", config, "--out", out, "--quiet")
    assert code == 2
    assert "scores.csv" in err
    assert [path.name for path in out.iterdir() if path.name != ".lock"] == [
        "scores.csv"
    ]
    code, _, err = call("run", config, "--out", out, "--quiet", "--force")
    assert code == 0, err
    assert (out / "scores.csv").read_bytes() == (finished / "scores.csv").read_bytes()


@pytest.mark.parametrize("words", [("run",), ("evaluate",), ("train",)], ids=str)
def test_the_second_process_in_a_folder_is_refused(
    call: Call, demo: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    with locked(tmp_path / "run"):
        code, _, err = call(*words, demo, "--out", tmp_path / "run", "--seed", "2")
    assert code == 2
    assert f"process {os.getpid()} on" in err
    assert not (tmp_path / "run" / "run.json").exists()


@pytest.mark.parametrize("name", ["scores.csv", "network.json", "intervals.csv"])
def test_a_changed_artefact_is_refused_with_what_mends_it(
    call: Call, finished: Path, name: str
) -> None:
    whole = (finished / name).read_bytes()
    (finished / name).write_bytes(whole.replace(b"e", b"f", 1))
    code, _, err = call("report", finished)
    assert code == 2
    assert name in err
    command = err.partition("folder: ")[2].split()
    assert command[:2] == ["meristem", "run"]
    code, _, err = call(*command[1:])
    assert code == 0, err
    assert (finished / name).read_bytes() == whole
    assert call("report", finished)[0] == 0


def test_a_schema_replaces_nothing(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text("mine")
    assert call("schema", "--out", file)[0] == 2
    assert file.read_text() == "mine"
    assert call("schema", "--out", file, "--force")[0] == 0
