from pathlib import Path

import pandas as pd
import pytest

from meristem.errors import ConfigError, DataError
from meristem.runs.folder import RunFolder

TABLE = pd.DataFrame({"sample_id": ["a", "b"], "x": [1.5, 2.5]})


def test_stamps_count_only_with_their_outputs(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not folder.is_done("a", "key")
    folder.write_table("x.csv", TABLE)
    folder.mark_done("a", "key", ("x.csv", "never_written.csv"))
    assert folder.is_done("a", "key")
    assert not folder.is_done("a", "other")
    folder.file("x.csv").write_text("sample_id,x\na,1.5\n")
    assert not folder.is_done("a", "key")
    folder.write_table("x.csv", TABLE)
    assert folder.is_done("a", "key")
    folder.file("x.csv").unlink()
    assert not folder.is_done("a", "key")


def test_a_changed_file_is_refused_with_the_command_that_mends_it(
    tmp_path: Path,
) -> None:
    folder = RunFolder(tmp_path)
    folder.write_record({"command": "meristem run a.toml --out b"})
    folder.write_table("x.csv", TABLE)
    folder.write_json("y.json", {"a": 1})
    assert folder.read_json("y.json") == {"a": 1}
    folder.refuse_damaged()
    for name in ("x.csv", "y.json"):
        raw = folder.file(name).read_bytes()
        for changed in (raw[:-3], b"", raw.replace(b"1", b"7")):
            folder.file(name).write_bytes(changed)
            read = folder.read_table if name == "x.csv" else folder.read_json
            with pytest.raises(DataError, match="cut or changed") as caught:
                read(name)
            assert "meristem run a.toml --out b" in caught.value.remedy
            with pytest.raises(DataError, match=name):
                folder.refuse_damaged()
        folder.file(name).write_bytes(raw)
    folder.refuse_damaged()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        "[" * 30_000,
        '{"artefacts": 3}',
        '{"timings": {}}',
        '{"timings": [1]}',
        '{"inputs": null}',
        '{"versions": "1"}',
    ],
)
def test_a_damaged_record_is_one_error_and_can_be_written_anew(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ConfigError, match="is damaged") as caught:
        RunFolder.open(tmp_path)
    assert "meristem run" in caught.value.remedy
    folder = RunFolder(tmp_path)
    folder.write_table("x.csv", TABLE)
    assert set(RunFolder.open(tmp_path).record()["artefacts"]) == {"x.csv"}


def test_files_of_others_are_not_replaced(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.file("scores.csv").write_text("mine")
    with pytest.raises(ConfigError, match=r"did not write: scores\.csv") as caught:
        folder.refuse_foreign(("nodes.csv", "scores.csv"))
    assert "--force" in caught.value.remedy
    with pytest.raises(ConfigError, match="did not write"):
        folder.write_table("scores.csv", TABLE)
    with pytest.raises(ConfigError, match="did not write"):
        folder.announce("scores.csv")
    folder.drop("scores.csv")
    assert folder.file("scores.csv").read_text() == "mine"
    RunFolder(tmp_path, force=True).write_table("scores.csv", TABLE)
    folder.write_table("scores.csv", TABLE)  # listed now
    folder.drop("scores.csv")
    assert not folder.file("scores.csv").exists()


def test_what_was_announced_may_be_written(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.announce("report.html")
    folder.file("report.html").write_text("page")
    folder.refuse_foreign(("report.html",))
    folder.refuse_damaged()
    folder.note("report.html")
    folder.file("report.html").write_text("other")
    with pytest.raises(DataError, match=r"report\.html"):
        folder.refuse_damaged()


def test_ids_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    table = pd.DataFrame(
        {"sample_id": ["007", "NA"], "fold": ["0", "all"], "x": [1, 2]}
    )
    folder.write_table("t.csv", table)
    again = folder.read_table("t.csv")
    assert again["sample_id"].tolist() == ["007", "NA"]
    assert again["fold"].tolist() == ["0", "all"]


def test_only_run_folders_open(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run.json"):
        RunFolder.open(tmp_path)


def test_values_json_cannot_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        RunFolder(tmp_path).write_json("a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(DataError, match="cannot be written"):
        RunFolder(blocked).write_json("a.json", {})
