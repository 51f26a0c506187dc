from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from meristem.evaluate import work
from meristem.evaluate.fold import FoldResult, FoldTask
from meristem.evaluate.work import load_result, result_path, save_result
from meristem.records import Split

SHAPE = (3, 2)


def result() -> FoldResult:
    rng = np.random.default_rng(1)
    return FoldResult(
        predicted=rng.standard_normal(SHAPE),
        spread=np.full(SHAPE, np.nan),
        node_name=np.array(["auxin", "sucrose"]),
        latent=rng.standard_normal((3, 2)),
        sensitivity=rng.standard_normal((2, 2)),
        n_variant=17,
        fit_seconds=0.25,
        predict_seconds=0.5,
    )


def test_round_trip_is_exact(tmp_path):
    path = tmp_path / "work" / "r.fold"
    save_result(path, result())
    back = load_result(path, SHAPE)
    assert back is not None
    for column in fields(FoldResult):
        one, two = getattr(result(), column.name), getattr(back, column.name)
        np.testing.assert_array_equal(one, two)
    assert [item.name for item in path.parent.iterdir()] == ["r.fold"]


def test_absent_file(tmp_path):
    assert load_result(tmp_path / "r.fold", SHAPE) is None


def test_a_file_cut_anywhere_or_with_a_flipped_byte_is_never_believed(tmp_path):
    path = tmp_path / "r.fold"
    save_result(path, result())
    whole = path.read_bytes()
    rng = np.random.default_rng(2)
    for end in rng.integers(0, len(whole), 25):
        path.write_bytes(whole[:end])
        assert load_result(path, SHAPE) is None
    for place in rng.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        assert load_result(path, SHAPE) is None


def test_another_shape_or_format_is_not_taken(tmp_path, monkeypatch):
    path = tmp_path / "r.fold"
    save_result(path, result())
    assert load_result(path, (4, 2)) is None
    save_result(path, replace(result(), spread=np.zeros((1, 1))))
    assert load_result(path, SHAPE) is None
    monkeypatch.setattr(work, "FORMAT", work.FORMAT + 1)
    save_result(path, result())
    monkeypatch.undo()
    assert load_result(path, SHAPE) is None


@pytest.mark.parametrize("label", ["binn/α β", "x" * 300])
def test_any_label_makes_a_file_name(label):
    split = Split("group:a/b", 1, 2, np.arange(2), np.arange(2))
    path = result_path(Path("work"), FoldTask(label, None, split, "0123"))
    assert path.parent == Path("work")
    assert len(path.name) < 150
    assert path.name.endswith("-0123.fold")
