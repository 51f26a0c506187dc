"""`meristem.runs.cluster`: the fits of a run on a Dask scheduler."""

import socket
from pathlib import Path

import pytest
from tests.calls import Call

import meristem.runs.cluster
from meristem.errors import ConfigError
from meristem.runs.cluster import on_cluster


def test_without_a_cluster_nothing_changes() -> None:
    with on_cluster(None, 3) as jobs:
        assert jobs == 3


def test_a_scheduler_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(meristem.runs.cluster, "_PATIENCE", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with (
        pytest.raises(ConfigError, match="no Dask scheduler answers"),
        on_cluster(address, None),
    ):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_numbers(
    call: Call, demo: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    for name, more in (("here", ()), ("there", ("--cluster", "local"))):
        out = tmp_path / name
        code, _, err = call("evaluate", demo, "--out", out, "--quiet", *more)
        assert code == 0, err
    one, two = (tmp_path / name / "predictions.csv" for name in ("here", "there"))
    assert one.read_bytes() == two.read_bytes()
