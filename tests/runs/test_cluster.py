"""`meristem.runs.cluster`: the fits of a run on a Dask scheduler."""

import os
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from tests.calls import Call

import meristem.runs.cluster
from meristem.errors import ConfigError
from meristem.runs.cluster import on_cluster
from meristem.runs.tasks import Arrays, Task, run_tasks


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


def _once_killed(folder: str, number: int) -> Arrays:
    """Leave a mark, end the worker in the middle of one task, work again after it."""
    mark = Path(folder) / f"{number}"
    tries = len(list(mark.parent.glob(f"{number}.*")))
    (mark.parent / f"{number}.{tries}").touch()
    time.sleep(0.05)
    if number == 7 and tries == 0:
        os._exit(1)
    return {"square": np.array([number**2])}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_costs_its_running_fits_alone(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    marks, kept = tmp_path / "marks", tmp_path / "kept"
    marks.mkdir()
    tasks = [
        Task(f"task{k}", f"key{k}", _once_killed, (str(marks), k)) for k in range(30)
    ]
    with on_cluster("local", 2) as jobs:
        assert jobs == 2
        found = dict(run_tasks(tasks, jobs=jobs, folder=kept))
    assert {k: int(v["square"][0]) for k, v in found.items()} == {
        k: k**2 for k in range(30)
    }
    tries = [len(list(marks.glob(f"{k}.*"))) for k in range(30)]
    assert tries[7] >= 2
    # what had arrived is not computed again: at most what that worker held
    assert sum(tries) <= 30 + 12
    assert len(list(kept.iterdir())) == 30
