"""`meristem.cli.select`: the plan, and the commands beside it."""

import json
from pathlib import Path

from tests.calls import Call


def test_a_run_is_selected_from_and_its_report_links_to_it(
    call: Call, demo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    code, _, err = call("run", demo, "--out", out, "--quiet")
    assert code == 0, err
    plan = tmp_path / "plan.toml"
    plan.write_text('[candidates]\nlines = "all"\n[ranking]\nn = 5\n')
    code, text, err = call("select", out, "--plan", plan)
    assert code == 0, err
    assert "5 of 34 candidates selected" in text
    assert "90% interval" in text
    assert "no plan under these limits" in text
    assert "optimal" not in text
    assert 'href="selection/selection.html"' in (out / "report.html").read_text()
    assert 'href="../report.html"' in (out / "selection/selection.html").read_text()

    code, text, _ = call("select", out, "--json")
    assert code == 0
    assert json.loads(text)["candidates"] == 4  # those without phenotype

    code, _, err = call("select", out, "--plan", tmp_path / "none.toml")
    assert code == 2
    assert "none.toml" in err
    code, _, err = call("report", out)
    assert code == 0, err


def test_a_foreign_file_is_not_replaced(call: Call, demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    call("train", demo, "--out", out, "--quiet")
    (out / "selection").mkdir()
    (out / "selection" / "funnel.csv").write_text("mine")
    code, _, err = call("select", out)
    assert code == 2
    assert "did not write" in err
    assert (out / "selection" / "funnel.csv").read_text() == "mine"
    code, _, err = call("select", out, "--force")
    assert code == 0, err


def test_help_names_the_commands(call: Call) -> None:
    code, text, _ = call("select", "--help")
    assert code == 0
    assert "plan" in text
    assert "crosses" in text
