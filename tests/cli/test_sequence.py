"""`meristem.cli.sequence` as mounted; its commands are tested in `tests/sequence`."""

import pytest
from tests.calls import Call


@pytest.mark.parametrize("name", ["train", "predict", "explain", "design", "search"])
def test_every_command_explains_itself(call: Call, name: str) -> None:
    code, text, _ = call("sequence", name, "--help")
    assert code == 0
    assert name in text


def test_a_wrong_direction_is_refused(call: Call, tmp_path) -> None:
    code, _, error = call(
        "sequence", "design", tmp_path, "--out", tmp_path / "o", "--start",
        tmp_path / "s.fa", "--direction", "up",
    )  # fmt: skip
    assert code == 2
    assert "TASK=WEIGHT" in error
