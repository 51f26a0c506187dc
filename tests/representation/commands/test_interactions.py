"""`meristem interactions`: from files to scores, predictions and a page."""

from pathlib import Path

import pandas as pd
import pytest
from tests.representation.interactions.toys import write_proteome

from meristem.config.read import read_interactions_config
from meristem.errors import ConfigError, DataError
from meristem.representation.commands.interactions import interactions_run
from meristem.runs.destination import Destination

TEXT = """
sequences = "proteins.fa"
predict = "asked.csv"
epochs = 60
seeds = 1
hidden = 16
levels = 2
{more}
[run]
out = "out"
[network]
path = "pairs.tsv"
score = "score"
"""


def write(folder: Path, more: str = "") -> Path:
    write_proteome(folder, n=110, seed=3)
    (folder / "asked.csv").write_text("one,two\np0,p1\np1,p0\np5,p9\n")
    path = folder / "pairs.toml"
    path.write_text(TEXT.format(more=more))
    return path


def test_from_files_to_a_page(tmp_path: Path) -> None:
    config = read_interactions_config(write(tmp_path))
    report = interactions_run(config, Destination(tmp_path / "out"))
    text = report.read_text(encoding="utf-8")
    assert "On proteins that training never saw" in text
    scores = pd.read_csv(tmp_path / "out" / "scores.csv").set_index(["new", "model"])
    assert scores.loc[("both new", "degree"), "auc"] == 0.5
    assert scores.loc[("one new", "predictor"), "auc"] > 0.6
    asked = pd.read_csv(tmp_path / "out" / "predicted.csv")
    assert asked["chance"][0] == pytest.approx(asked["chance"][1], rel=1e-5)
    pairs = pd.read_csv(tmp_path / "out" / "pairs.csv")
    assert set(pairs["level"]) == {0, 1, 2}


def test_what_is_left_out_is_said_and_what_nothing_reads_is_refused(
    tmp_path: Path,
) -> None:
    path = write(tmp_path)
    fasta = (tmp_path / "proteins.fa").read_text().split(">")
    (tmp_path / "proteins.fa").write_text(">".join(fasta[:-3]))
    config = read_interactions_config(path).model_copy(update={"epochs": 1})
    text = interactions_run(config, Destination(tmp_path / "out")).read_text()
    assert "3 proteins have no sequence: " in text
    for more in ('embeddings = "e.csv"', 'split = "proteins"\nsimilarity = 0.5'):
        with pytest.raises(ConfigError, match="nothing reads"):
            read_interactions_config(write(tmp_path, more))


def test_random_pairs_and_unknown_proteins_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="random pairs share their proteins"):
        read_interactions_config(write(tmp_path, 'split = "pairs"'))
    config = read_interactions_config(write(tmp_path, 'split = "proteins"'))
    (tmp_path / "asked.csv").write_text("one,two\np0,q1\n")
    with pytest.raises(DataError, match="'q1' has no sequence"):
        interactions_run(config, Destination(tmp_path / "out"))
    assert not (tmp_path / "out" / "scores.csv").exists()
