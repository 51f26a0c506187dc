from pathlib import Path

import pandas as pd
import pytest

from meristem.errors import ConfigError, DataError
from meristem.runs.folder import RunFolder, digest


def test_stamps_count_only_with_their_outputs(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not folder.is_done("a", "key", ())
    folder.mark_done("a", "key")
    assert folder.is_done("a", "key", ())
    assert not folder.is_done("a", "other", ())
    assert not folder.is_done("a", "key", ("absent.csv",))


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


def test_digests_follow_the_content() -> None:
    assert digest("a", {"x": 1, "y": 2}) == digest("a", {"y": 2, "x": 1})
    assert digest("a") != digest("b")
