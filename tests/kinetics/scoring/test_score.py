"""Scoring: equal to the networks themselves, in chunks, whole files or nothing."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.kinetics.toys import GUIDE, draw_kinn, draw_targets

from meristem.errors import DataError
from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.network.store import read_kinns, write_kinns
from meristem.kinetics.scoring.score import Scorer, count_rows, iter_scores, score_file


@pytest.mark.parametrize("channels", ["edits", "chemistry"])
@pytest.mark.parametrize("hidden", [False, True])
def test_equal_to_the_networks(channels: str, hidden: bool) -> None:
    kinns = [draw_kinn(seed, channels, hidden=hidden) for seed in range(3)]
    targets = draw_targets(40)
    x = encode_pairs([GUIDE] * 40, targets)
    edits = kinetic_channels(x, channels)
    expected = np.stack([kinn.log10_rate(edits) for kinn in kinns])
    got = Scorer(kinns).score(x)
    assert np.allclose(got.log10_rate, expected.mean(0), atol=1e-4)
    assert np.allclose(got.spread, expected.std(0), atol=1e-4)
    rates = np.mean([kinn.log_rates(edits) for kinn in kinns], axis=0) / math.log(10)
    assert np.allclose(got.log10_rates, rates, atol=1e-4)


def write_sites(path: Path, n: int) -> Path:
    rows = "\n".join(f"{GUIDE}\t{t}\tchr1:{i}" for i, t in enumerate(draw_targets(n)))
    path.write_text(f"guide\ttarget\tlocation\n{rows}\n")
    return path


def test_chunks_make_no_difference(tmp_path: Path) -> None:
    path = write_sites(tmp_path / "sites.tsv", 53)
    scorer = Scorer([draw_kinn(0)])
    whole = pd.concat(iter_scores(scorer, path))
    parts = pd.concat(iter_scores(scorer, path, chunk=10))
    assert np.allclose(whole["log10_rate"], parts["log10_rate"], atol=1e-6)
    assert whole["place"].tolist() == parts["place"].tolist()


def test_a_file_is_scored_row_by_row(tmp_path: Path) -> None:
    path = write_sites(tmp_path / "sites.tsv", 21)
    out = tmp_path / "scores.tsv"
    seen: list[int] = []
    n = score_file(Scorer([draw_kinn(0)]), path, out, rates=True, progress=seen.append)
    table = pd.read_csv(out, sep="\t")
    assert n == len(table) == seen[-1] == 21
    assert {"edits", "log10_rate", "spread", "log10_cat"} <= set(table.columns)
    assert table["target"].tolist() == draw_targets(21)


def test_nothing_is_left_behind_after_a_fault(tmp_path: Path) -> None:
    path = write_sites(tmp_path / "sites.tsv", 5)
    path.write_text(path.read_text() + f"{GUIDE}\tXYZ\tchr1\n")
    with pytest.raises(DataError, match="line 7: .*'XYZ'"):
        score_file(Scorer([draw_kinn(0)]), path, tmp_path / "scores.tsv")
    assert [p.name for p in tmp_path.iterdir()] == ["sites.tsv"]


def test_networks_survive_the_disk(tmp_path: Path) -> None:
    kinns = [draw_kinn(0, hidden=True), draw_kinn(1)]
    write_kinns(kinns, tmp_path / "model.json")
    back = read_kinns(tmp_path / "model.json")
    x = encode_pairs([GUIDE] * 9, draw_targets(9))
    for before, after in zip(kinns, back, strict=True):
        edits = kinetic_channels(x, before.channels)
        assert np.array_equal(before.predict(edits), after.predict(edits))
        assert after.limits == before.limits
        assert after.channels == before.channels


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"format": 99}'])
def test_other_files_are_no_networks(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"model\.json"):
        read_kinns(path)


def test_lines_are_counted(tmp_path: Path) -> None:
    assert count_rows(write_sites(tmp_path / "sites.tsv", 12)) == 13


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sites.tsv"
    path.write_text("guide\ttarget\n")
    with pytest.raises(DataError, match="holds no site"):
        score_file(Scorer([draw_kinn(0)]), path, tmp_path / "scores.tsv")
