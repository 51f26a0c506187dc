"""`meristem.cli.analysis`, `meristem.cli.console`: the commands of an analysis."""

import json
from pathlib import Path

from tests.cli.conftest import Call

import meristem.cli.console


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
