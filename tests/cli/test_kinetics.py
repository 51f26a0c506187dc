"""`meristem.cli.kinetics` as mounted in the application; its commands are tested in
`tests/kinetics`."""

import pytest
from tests.calls import Call


@pytest.mark.parametrize("name", ["fit", "search", "transfer", "explain", "score"])
def test_every_command_explains_itself(call: Call, name: str) -> None:
    code, text, _ = call("kinetics", name, "--help")
    assert code == 0
    assert name in text
