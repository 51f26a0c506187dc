"""`meristem represent`."""

from pathlib import Path

from tests.calls import Call
from tests.representation.commands.test_run import write_case


def test_represent(call: Call, tmp_path: Path) -> None:
    path = write_case(tmp_path)
    out = tmp_path / "elsewhere"
    code, text, err = call("represent", path, "--out", out, "--quiet")
    assert (code, err) == (0, "")
    assert text.strip() == str(out / "report.html")
    assert call("represent", path, "--out", out, "--quiet")[0] == 0


def test_files_of_others_are_not_replaced(call: Call, tmp_path: Path) -> None:
    path = write_case(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "rna.factors.csv").write_text("mine\n")
    code, _, err = call("represent", path, "--quiet")
    assert code == 2
    assert "rna.factors.csv" in err
    assert call("represent", path, "--quiet", "--force")[0] == 0
