from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from meristem.runs.tasks import Task, load_result, result_path, run_tasks, save_result


def result() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        "predicted": rng.standard_normal((3, 2)),
        "spread": np.full((3, 2), np.nan),
        "node_name": np.array(["auxin", "sucrose"]),
        "n_variant": np.asarray(17),
        "seconds": np.asarray(0.25),
    }


def test_round_trip_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "work" / "r.task"
    save_result(path, result())
    back = load_result(path)
    assert back is not None
    assert back.keys() == result().keys()
    for name, value in result().items():
        np.testing.assert_array_equal(value, back[name])
        assert value.dtype == back[name].dtype
    assert [item.name for item in path.parent.iterdir()] == ["r.task"]


def test_absent_file(tmp_path: Path) -> None:
    assert load_result(tmp_path / "r.task") is None


def test_a_file_cut_anywhere_or_with_a_flipped_byte_is_never_believed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r.task"
    save_result(path, result())
    whole = path.read_bytes()
    rng = np.random.default_rng(2)
    for end in rng.integers(0, len(whole), 25):
        path.write_bytes(whole[:end])
        assert load_result(path) is None
    for place in rng.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        assert load_result(path) is None


@pytest.mark.parametrize("name", ["binn/α β", "x" * 300, "group:a/b-r1-f2"])
def test_any_name_makes_a_file_name(name: str) -> None:
    path = result_path(Path("work"), Task(name, "0123", result, ()))
    assert path.parent == Path("work")
    assert len(path.name) < 150
    assert path.name.endswith("-0123.task")


def _square(x: int) -> dict[str, np.ndarray]:
    time.sleep(0.01 * (3 - x))  # the first takes longest
    return {"square": np.asarray(x * x)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_under_their_number_and_are_kept(
    tmp_path: Path, jobs: int
) -> None:
    tasks = [Task("square", f"k{x}", _square, (x,)) for x in range(4)]
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        found = dict(
            run_tasks(
                tasks,
                jobs=jobs,
                folder=tmp_path,
                progress=lambda done, total: seen.append((done, total)),
            )
        )
        assert [int(found[x]["square"]) for x in range(4)] == [0, 1, 4, 9]
    assert seen == [(k, 4) for k in range(5)] + [(4, 4)]
    assert len(list(tmp_path.iterdir())) == 4


def test_another_key_is_another_result(tmp_path: Path) -> None:
    for key, x in (("a", 2), ("b", 3), ("a", 2)):
        task = Task("square", key, _square, (x,))
        [(_, arrays)] = run_tasks([task], folder=tmp_path)
        assert arrays["square"] == x * x
    assert len(list(tmp_path.iterdir())) == 2
