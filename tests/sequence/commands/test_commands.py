"""The commands end to end on a small simulation: files in, run folder out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.sequence.toys import planted

from meristem.errors import ConfigError, DataError
from meristem.runs.destination import Destination
from meristem.runs.folder import RunFolder
from meristem.sequence.commands.design import Wish, design_run
from meristem.sequence.commands.explain import Question, explain_run
from meristem.sequence.commands.fitting import centre_sources
from meristem.sequence.commands.generate import Order, generate_run
from meristem.sequence.commands.predict import open_model, predict_sequences
from meristem.sequence.commands.report import build_report
from meristem.sequence.commands.search import search_run
from meristem.sequence.commands.settings import read_settings
from meristem.sequence.commands.train import train_run
from meristem.sequence.generation.networks import GenerateOptions
from meristem.simulate.sequence_files import write_sequences

CONFIG = """
title = "Small"
motifs = "motifs.meme"
[[data]]
path = "measurements.csv"
tasks = { activity = "activity", stress = "stress" }
group = "family"
[split]
scheme = "group"
folds = 2
tested = 1
[train]
members = 1
epochs = 2
[[models]]
kind = "kmer"
options = { k = [3] }
[[models]]
kind = "motif"
options = { k = [3] }
[[models]]
kind = "cnn"
label = "net"
options = { channels = 8, depth = 0, hidden = 8, read = "both" }
[search]
generations = 1
size = 2
rungs = [1]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sequence") / "sim"
    write_sequences(planted(), folder)
    (folder / "small.toml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def run(home: Path) -> Path:
    out = home.parent / "run"
    train_run(read_settings(home / "small.toml"), Destination(out))
    return out


def test_a_run_folder_holds_scores_predictions_and_a_report(run: Path) -> None:
    scores = pd.read_csv(run / "scores.csv")
    assert list(scores.columns) == [
        "model", "task", "split", "replicate", "fold", "metric", "value",
    ]  # fmt: skip
    assert set(scores["model"]) == {"gc", "kmer", "motif", "net"}
    predictions = pd.read_csv(run / "predictions.csv")
    groups = predictions[predictions["model"] == "net"]["group"]
    assert groups.nunique() == 30
    record = RunFolder.open(run).record()
    assert record["kind"] == "sequence"
    assert record["finished"]
    text = (run / "report.html").read_text()
    assert "Accuracy on sequences left out" in text
    assert "How the networks learned" in text


def test_a_report_can_be_written_again(run: Path) -> None:
    before = (run / "report.html").read_bytes()
    assert build_report(run).read_bytes() == before


def test_fasta_and_tables_are_predicted_alike(run: Path, home: Path) -> None:
    out = run.parent
    n = predict_sequences(run, home / "sequences.fa", out / "a.csv", label="net")
    predict_sequences(run, home / "measurements.csv", out / "b.tsv", label="net")
    one, other = pd.read_csv(out / "a.csv"), pd.read_csv(out / "b.tsv", sep="\t")
    assert n == len(one) == 120
    pd.testing.assert_frame_equal(one, other)
    assert (one["unknown_bases"] == 0).all()
    with pytest.raises(ConfigError, match="is there already"):
        predict_sequences(run, home / "sequences.fa", out / "a.csv")


def test_long_sequences_and_unknown_models_are_refused(run: Path, home: Path) -> None:
    (home / "long.fa").write_text(">a\n" + "ACGT" * 40 + "\n")
    with pytest.raises(DataError, match="160 bp long, and the model reads 48"):
        predict_sequences(run, home / "long.fa", run.parent / "c.csv", label="net")
    assert not (run.parent / "c.csv").exists()
    question = Question("saliency", label="net", sequences=home / "long.fa")
    with pytest.raises(DataError, match="160 bp long, and the model reads 48"):
        explain_run(run, Destination(run.parent / "c"), question)
    assert not (run.parent / "c").exists()
    with pytest.raises(ConfigError, match="no model 'tree'"):
        open_model(run, "tree")


def test_closed_forms_say_when_sequences_are_longer_than_any_known(
    run: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "long.fa").write_text(">a\n" + "ACGT" * 40 + "\n>b\nACGT\n")
    predict_sequences(run, home / "long.fa", run.parent / "l.csv", label="kmer")
    assert "1 of 2 sequences are longer than any" in caplog.text
    assert "(48 bp)" in caplog.text


@pytest.mark.parametrize(
    ("method", "label"), [("ism", "motif"), ("integrated", "net"), ("saliency", "net")]
)
def test_explanations_hold_maps_and_a_page(
    run: Path, home: Path, method: str, label: str
) -> None:
    out = run.parent / f"explain_{method}"
    question = Question(method, label=label, most=12, motifs=home / "motifs.meme")
    page = explain_run(run, Destination(out), question)
    table = pd.read_csv(out / "attributions.csv")
    assert table["sequence_id"].nunique() == 12
    assert len(table) == 12 * 48
    assert "Attribution maps" in page.read_text()
    assert set(pd.read_csv(out / "marginals.csv")["motif"]) >= {"M1", "M10"}
    assert len(pd.read_csv(out / "spacing.csv"))
    assert "Pairs of motifs" in page.read_text()
    assert (out / "completeness.csv").exists() == (method == "integrated")


def test_wrong_questions_are_refused(run: Path) -> None:
    with pytest.raises(ConfigError, match="no method"):
        explain_run(run, Destination(run.parent / "x"), Question(method="magic"))
    with pytest.raises(ConfigError, match="no task"):
        explain_run(run, Destination(run.parent / "x"), Question(task="height"))
    assert not (run.parent / "x").exists()


def test_designs_are_judged_by_a_model_of_the_other_half(run: Path, home: Path) -> None:
    (home / "start.fa").write_text(
        "".join(f">s{k}\n{text}\n" for k, text in enumerate(planted().sequence[:3]))
    )
    wish = Wish(
        home / "start.fa", 2, strategy="greedy", oracle="motif", validator="kmer"
    )
    page = design_run(run, Destination(run.parent / "design"), wish)
    table = pd.read_csv(run.parent / "design" / "designs.csv")
    assert (table["edits"] <= 2).all()
    assert table["kept"].all()
    assert (table["oracle_gain"] > 0).all()
    assert "confirms" in page.read_text()
    with pytest.raises(ConfigError, match="both of kind 'motif'"):
        design_run(
            run,
            Destination(run.parent / "design2"),
            Wish(home / "start.fa", oracle="motif", validator="motif"),
        )
    with pytest.raises(ConfigError, match="no strategy"):
        design_run(
            run,
            Destination(run.parent / "design2"),
            Wish(home / "start.fa", strategy="luck"),
        )


def test_designs_that_are_not_what_was_asked_for_are_not_handed_out(
    run: Path, home: Path
) -> None:
    text = planted().sequence[0]
    site = "GGTCTCAGGTCTCAGGTCTC"
    (home / "mixed.fa").write_text(f">good\n{text}\n>bad\n{site}{text[20:]}\n")
    wish = Wish(
        home / "mixed.fa",
        2,
        strategy="greedy",
        forbidden=("GGTCTC",),
        oracle="motif",
        validator="kmer",
    )
    out = run.parent / "mixed"
    page = design_run(run, Destination(out), wish)
    table = pd.read_csv(out / "designs.csv").set_index("sequence_id")
    assert table["kept"].to_dict() == {"good": True, "bad": False}
    assert table.loc["bad", "broken"] == "a forbidden word is left"
    assert ">bad" not in (out / "designs.fa").read_text()
    assert "1 of 2 are not all that was asked for" in page.read_text()
    out = run.parent / "none"
    with pytest.raises(ConfigError, match="no design keeps.*share of G and C"):
        design_run(run, Destination(out), replace(wish, gc=(0.99, 1.0)))
    assert not out.exists()


def test_generated_sequences_are_judged_by_the_other_half(run: Path) -> None:
    options = GenerateOptions(epochs=2, channels=8, noise=4)
    order = Order(30, options, label="motif")
    page = generate_run(run, Destination(run.parent / "generated"), order)
    assert "Wanted and predicted" in page.read_text()
    table = pd.read_csv(run.parent / "generated" / "generated.csv")
    assert len(table) == 30
    assert table["activity_wanted"].nunique() == 5
    assert table["sequence"].str.len().nunique() == 1
    quality = pd.read_csv(run.parent / "generated" / "quality.csv").set_index("set")
    assert list(quality.index) == ["generated", "real", "shuffled"]
    assert quality.loc["real", "spectrum"] < quality.loc["generated", "spectrum"]
    with pytest.raises(ConfigError, match="no task 'luck'"):
        generate_run(
            run, Destination(run.parent / "generated2"), Order(wanted=(("luck", 1.0),))
        )


def test_a_search_is_tested_beside_random_and_default(home: Path) -> None:
    out = home.parent / "search"
    search_run(read_settings(home / "small.toml"), Destination(out))
    scores = pd.read_csv(out / "scores.csv")
    assert set(scores["model"]) == {"default", "random", "evolution"}
    assert len(pd.read_csv(out / "trials.csv")) == 4
    assert "Architectures" in (out / "report.html").read_text()


def test_test_tables_train_nothing_even_as_copies(home: Path) -> None:
    table = pd.read_csv(home / "measurements.csv")
    table[table["family"].isin([f"f{k}" for k in range(5)])].to_csv(
        home / "test.csv", index=False
    )
    text = CONFIG.replace(
        "[split]",
        """[[data]]
path = "test.csv"
tasks = { activity = "activity", stress = "stress" }
group = "family"
role = "test"
[split]""",
    ).split('[[models]]\nkind = "cnn"')[0]
    (home / "test.toml").write_text(text)
    out = home.parent / "tested"
    train_run(read_settings(home / "test.toml"), Destination(out))
    summary = RunFolder.open(out).read_json("summary.json")
    assert summary["copies_of_test"] >= 10
    assert summary["test"] == 10
    assert "test:test" in set(pd.read_csv(out / "scores.csv")["split"])


def test_two_species_are_predicted_by_each_other_and_by_themselves(home: Path) -> None:
    table = pd.read_csv(home / "measurements.csv")
    number = table["family"].str[1:].astype(int)
    table["species"] = np.where(number % 2, "maize", "rice")
    table.loc[::9, ["activity", "stress"]] = np.nan
    table.to_csv(home / "species.csv", index=False)
    text = CONFIG.replace("measurements.csv", "species.csv").replace(
        'group = "family"', 'group = "species"'
    )
    text = text.replace('scheme = "group"', 'scheme = "each_group"\nwithin = true')
    text = text.replace("tested = 1", "").replace('kind = "motif"', 'kind = "curved"')
    (home / "species.toml").write_text(text)
    out = home.parent / "species"
    page = train_run(read_settings(home / "species.toml"), Destination(out)).read_text()
    scores = pd.read_csv(out / "scores.csv")
    folds = scores.groupby("split")["fold"].nunique()
    assert folds.to_dict() == {"each_group": 2, "within_group": 4}
    assert "Group by group" in page
    assert "maize" in page
    left_out = int(table["activity"].isna().sum())
    assert RunFolder.open(out).read_json("summary.json")["unmeasured"] == left_out
    assert f"{left_out} more have no value of any task" in page


def test_rows_that_all_copy_test_rows_are_named_as_the_reason(home: Path) -> None:
    more = '[[data]]\npath = "measurements.csv"\nrole = "test"\n'
    more += 'tasks = { activity = "activity", stress = "stress" }\n[split]'
    (home / "bad.toml").write_text(CONFIG.replace("[split]", more))
    with pytest.raises(DataError, match="all 120 training rows are near copies"):
        train_run(read_settings(home / "bad.toml"), Destination(home.parent / "bad"))


def test_sources_are_given_one_mean() -> None:
    value = np.array([[1.0], [3.0], [10.0], [np.nan]])
    found = centre_sources(value, np.array(["a", "a", "b", "b"]))
    assert np.nanmean(found[:2]) == pytest.approx(np.nanmean(found[2:]))
    assert found[1, 0] - found[0, 0] == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('scheme = "group"', 'scheme = "random"', "rows share a group"),
        ('kind = "motif"', 'kind = "tree"', "no model of kind"),
        (
            'k = [3] }\n[[models]]\nkind = "cnn"',
            'q = 3 }\n[[models]]\nkind = "cnn"',
            "cannot be used",
        ),
        ('motifs = "motifs.meme"', "", "needs a set of motifs"),
        ('path = "measurements.csv"', 'path = "nothing.csv"', "does not exist"),
        ('label = "net"', 'label = ".."', "models.2.label"),
        ('label = "net"', 'label = "net"\nfreeze = true', "freeze keeps the weights"),
        ('scheme = "group"', 'scheme = "group"\nwithin = true', "within needs scheme"),
    ],
)
def test_faults_are_refused_before_anything_is_written(
    home: Path, old: str, new: str, message: str
) -> None:
    (home / "bad.toml").write_text(CONFIG.replace(old, new))
    out = home.parent / "bad"
    with pytest.raises((ConfigError, DataError), match=message):
        train_run(read_settings(home / "bad.toml"), Destination(out))
    assert not out.exists()


def test_a_task_of_one_value_is_refused_by_name(home: Path) -> None:
    table = pd.read_csv(home / "measurements.csv")
    table.assign(stress=1.0).to_csv(home / "flat.csv", index=False)
    (home / "bad.toml").write_text(CONFIG.replace("measurements.csv", "flat.csv"))
    with pytest.raises(DataError, match="'stress'"):
        train_run(read_settings(home / "bad.toml"), Destination(home.parent / "bad"))
    (home / "bad.toml").write_text(
        CONFIG.replace("[train]", '[train]\nloss = "binary"')
    )
    with pytest.raises(DataError, match="neither 0 nor 1"):
        train_run(read_settings(home / "bad.toml"), Destination(home.parent / "bad"))


def test_unknown_fields_are_refused(home: Path) -> None:
    (home / "bad.toml").write_text("speed = 3\n" + CONFIG)
    with pytest.raises(ConfigError, match="speed"):
        read_settings(home / "bad.toml")
