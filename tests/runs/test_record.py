"""The commands end to end on small simulated data; their folders and pages."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.kinetics.toys import (
    EXAMPLES,
    GUIDE,
    SMALL,
    draw_kinn,
    draw_targets,
    write_rates,
)
from typer.testing import CliRunner

from meristem.cli.kinetics import app
from meristem.errors import ConfigError, DataError, MeristemError
from meristem.kinetics.commands.describe import describe_model
from meristem.kinetics.commands.explain import explain_run
from meristem.kinetics.commands.fit import search_run
from meristem.kinetics.commands.report import build_kinetics_report
from meristem.kinetics.commands.settings import (
    KineticsSettings,
    TransferSettings,
    read_settings,
)
from meristem.kinetics.commands.sources import load_source
from meristem.kinetics.network.store import write_kinns
from meristem.kinetics.scheme.scheme import read_scheme
from meristem.runs.destination import Destination
from meristem.runs.record import plan_run

RUN_FILES = {
    "run.json",
    "model.json",
    "scores.csv",
    "predictions.csv",
    "rates.csv",
    "control.csv",
    "occupancy.csv",
    "matched_rates.csv",
    "rate_table.csv",
    "identifiability.csv",
    "identifiability.json",
    "report.html",
}


def invoke(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None:
        raise result.exception
    return result.output


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    config = folder / "config.toml"
    config.write_text(SMALL)
    invoke("search", config, "--out", folder / "run", "--quiet")
    return folder / "run"


def test_search_writes_what_it_promises(searched: Path) -> None:
    names = {path.name for path in searched.iterdir()}
    extra = {
        "trials.csv",
        "shortlist.csv",
        "windows.csv",
        "inclusion.csv",
        "search.json",
    }
    assert names >= RUN_FILES | extra
    run = json.loads((searched / "run.json").read_text())
    assert run["seeds"] == {"seed": 3}
    assert run["config"]["search"]["size"] == 4
    assert {"meristem", "torch"} <= set(run["versions"])
    scores = pd.read_csv(searched / "scores.csv")
    assert {"ridge", "edit count"} <= set(scores["model"])
    assert len(pd.read_csv(searched / "trials.csv")) == 8
    windows = pd.read_csv(searched / "windows.csv")
    assert {"true_start", "covered"} <= set(windows.columns)


def test_the_page_is_whole_and_well_formed(searched: Path) -> None:
    text = (searched / "report.html").read_text()
    ET.fromstring(text.partition("<html")[1] + text.partition("<html")[2])
    assert "http://" not in text.replace("http://www.w3.org", "")
    for words in ("never seen", "Where each rate reads", "What the data fix"):
        assert words in text
    assert list((searched / "figures").glob("*.svg"))


def test_a_finished_search_is_not_done_again(searched: Path) -> None:
    before = (searched / "search.json").read_text()
    model = (searched / "model.json").read_text()
    config = searched.parent / "config.toml"
    invoke("search", config, "--out", searched, "--quiet")
    assert (searched / "search.json").read_text() == before
    assert json.loads(model)["scheme"]


def test_fit_with_given_windows(tmp_path: Path) -> None:
    reactions = ("k01", "k10", "k12", "k21", "k23", "k32", "k30")
    windows = "".join(
        f'[[windows]]\nreaction = "{name}"\nstart = {5 + 5 * i}\nstop = {10 + 5 * i}\n'
        for i, name in enumerate(reactions)
    )
    config = tmp_path / "config.toml"
    config.write_text(SMALL + windows)
    invoke("fit", config, "-o", tmp_path / "run", "--quiet")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names >= RUN_FILES
    first = (tmp_path / "run" / "predictions.csv").read_text()
    invoke("fit", config, "-o", tmp_path / "again", "--quiet")
    assert (tmp_path / "again" / "predictions.csv").read_text() == first


def test_a_table_of_rates_is_read(tmp_path: Path) -> None:
    write_rates(tmp_path / "rates.csv")
    config = tmp_path / "config.toml"
    config.write_text('[data]\nkind = "table"\npath = "rates.csv"\nlimit = -4.0\n')
    settings = read_settings(config, KineticsSettings)
    source = load_source(settings.data, np.random.default_rng(0))
    assert source.train.x.shape == (60, 25, 15)
    assert source.train.y.min() == -4.0
    assert source.train.censored.any()
    assert source.test is None
    assert len(set(source.train.group)) == len(set(draw_targets(60)))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.json"
    write_kinns([draw_kinn(seed) for seed in range(2)], path)
    return path


def test_explain(model: Path, tmp_path: Path) -> None:
    pytest.importorskip("antimony")
    out = tmp_path / "explained"
    target = draw_targets(1)[0]
    invoke(
        "explain",
        "-m",
        model,
        "--guide",
        GUIDE,
        "--target",
        target,
        "-o",
        out,
        "--sbml",
    )
    names = {path.name for path in out.iterdir()}
    assert {"mutagenesis.csv", "pair0.xml", "pair1.ant", "report.html"} <= names
    rates = pd.read_csv(out / "rates.csv")
    assert set(rates["pair"]) == {"matched", target}
    page = (out / "report.html").read_text()
    assert "Each pair beside the matched one" in page
    assert target in page


def test_a_guide_without_pam_is_not_explained(model: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="PAM"):
        explain_run(model, GUIDE[:-3], [], Destination(tmp_path / "out"))


def test_score(model: Path, tmp_path: Path) -> None:
    table = tmp_path / "targets.tsv"
    table.write_text("target\n" + "\n".join(draw_targets(30)) + "\n")
    out = tmp_path / "scores.tsv"
    said = invoke(
        "score",
        "--model",
        model,
        "--targets",
        table,
        "--out",
        out,
        "--guide",
        GUIDE,
        "--quiet",
    )
    assert "30 sites" in said
    assert len(pd.read_csv(out, sep="\t")) == 30


def write_sites(folder: Path, turned: str = "") -> Path:
    """Write labelled sites of six guides and a configuration.

    The labels of the guide `turned` are turned round.
    """
    rng = np.random.default_rng(0)
    lines = ["guide,target,label"]
    for _ in range(6):
        letters = "".join(rng.choice(list("ACGT"), 20))
        rows = []
        for target in draw_targets(60):
            shifted = letters[:10] + target[10:20] + "AGG"
            edits = sum(a != b for a, b in zip(letters, shifted, strict=False))
            if edits <= 6:
                rows.append((shifted, int(rng.random() < 0.3)))
        for place in range(20):
            edited = letters[:place] + "A" + letters[place + 1 :] + "TGG"
            rows.append((edited, place % 2))
        for target, label in rows:
            said = 1 - label if letters == turned else label
            lines.append(f"{letters}NGG,{target},{said}")
    folder.mkdir(exist_ok=True)
    (folder / "sites.csv").write_text("\n".join(lines) + "\n")
    config = folder / "transfer.toml"
    config.write_text(
        'model = "../model.json"\ntables = ["sites.csv"]\nmembers = 2\n'
        "bootstraps = 10\nsearch_trials = 2\n[trunk]\nfirst_width = 8\ndense = 8\n"
        "[train]\nepochs = 1\nsteps = 10\n"
    )
    return config


def test_transfer_and_what_it_never_looks_at(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    invoke("transfer", write_sites(tmp_path / "a"), "-o", out, "--quiet")
    names = {path.name for path in out.iterdir()}
    assert {"ranking.csv", "shift.csv", "calibration.csv", "choices.csv"} <= names
    ranking = pd.read_csv(out / "ranking.csv")
    assert {"edit count", "same trunk, no kinetics"} < set(ranking["score"])
    assert set(pd.read_csv(out / "choices.csv")["chosen"]) == {"epoch", "scale"}
    page = (out / "report.html").read_text()
    assert "How much of the correction is kept" in page
    held = json.loads((out / "held_out.json").read_text())
    assert len(held["guides"]) == 1

    table, scores = tmp_path / "targets.tsv", tmp_path / "scores.tsv"
    table.write_text("target\n" + "\n".join(draw_targets(9)) + "\n")
    given = ("--targets", table, "--out", scores, "--guide", GUIDE, "--quiet")
    assert "9 sites" in invoke("score", "--model", out, *given)
    assert pd.read_csv(scores, sep="\t")["probability"].between(0, 1).all()

    # other labels of the guide held out: other figures, the same networks and scale
    again = tmp_path / "again"
    config = write_sites(tmp_path / "b", turned=held["guides"][0])
    invoke("transfer", config, "-o", again, "--quiet")
    for path in sorted((out / "transfer").iterdir()):
        assert path.read_bytes() == (again / "transfer" / path.name).read_bytes()
    for name in ("choices.csv", "trials.csv", "calibration.json"):
        assert (out / name).read_text() == (again / name).read_text()
    assert not ranking.equals(pd.read_csv(again / "ranking.csv"))


def test_every_example_is_valid() -> None:
    for path in sorted(EXAMPLES.glob("*.toml")):
        if path.name.startswith("scheme"):
            read_scheme(path)
        elif path.name.startswith("transfer"):
            read_settings(path, TransferSettings)
        else:
            read_settings(path, KineticsSettings)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rows = 240", "rows = 3", "data.rows"),
        ('kind = "simulated"', 'kind = "mpkp"', "need a path"),
        ("seed = 3", "sead = 3", "sead"),
        ("[search]", "[search", "TOML"),
        ("epochs = 6", "epochs = 0", "train.epochs"),
    ],
)
def test_wrong_configurations_are_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SMALL.replace(old, new, 1))
    with pytest.raises(ConfigError, match=message):
        invoke("search", config, "-o", tmp_path / "run", "--quiet")


def test_windows_must_fit_the_scheme(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SMALL + '[[windows]]\nreaction = "on"\nstart = 0\nstop = 3\n')
    with pytest.raises(ConfigError, match="unknown reaction 'on'"):
        invoke("fit", config, "-o", tmp_path / "run", "--quiet")
    config.write_text(SMALL)
    with pytest.raises(ConfigError, match="no window for reaction 'k01'"):
        invoke("fit", config, "-o", tmp_path / "run", "--quiet")


def test_generations_are_announced(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SMALL)
    seen: list[tuple[int, int]] = []
    settings = read_settings(config, KineticsSettings)
    search_run(
        settings,
        Destination(
            tmp_path / "run", lambda stage, done, total: seen.append((done, total))
        ),
    )
    assert (1, 2) in seen
    assert (2, 2) in seen


def test_networks_of_other_features_are_not_explained(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SMALL)
    settings = read_settings(config, KineticsSettings)
    source = load_source(settings.data, np.random.default_rng(0))
    kinn = replace(draw_kinn(0), weights=np.zeros((7, 50, 4)), channels="")
    run = plan_run(
        Destination(tmp_path / "run"), title="t", question="q", config={}, seed=0
    )
    describe_model(run, [kinn], source.train)
    assert not (tmp_path / "run" / "mutagenesis.csv").exists()
    write_kinns([kinn], tmp_path / "model.json")
    with pytest.raises(DataError, match="not fitted to guide-target pairs"):
        explain_run(tmp_path / "model.json", GUIDE, [], Destination(tmp_path / "out"))


def test_a_folder_without_a_run_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(MeristemError, match=r"run\.json"):
        build_kinetics_report(tmp_path)


def test_the_run_folder_must_be_a_folder(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SMALL)
    with pytest.raises(MeristemError, match="config.toml"):
        invoke("search", config, "-o", config, "--quiet")


def test_a_folder_with_another_search_is_refused(tmp_path: Path) -> None:
    first = tmp_path / "small.toml"
    first.write_text(SMALL)
    search_run(read_settings(first, KineticsSettings), Destination(tmp_path / "run"))
    other = tmp_path / "other.toml"
    other.write_text(SMALL.replace("seed = 3", "seed = 4"))
    with pytest.raises(ConfigError, match="other rows, settings or seed"):
        search_run(
            read_settings(other, KineticsSettings), Destination(tmp_path / "run")
        )
    longer = tmp_path / "longer.toml"
    longer.write_text(SMALL.replace("generations = 2", "generations = 3"))
    search_run(read_settings(longer, KineticsSettings), Destination(tmp_path / "run"))
    assert len(pd.read_csv(tmp_path / "run" / "trials.csv")) == 12


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("guide,target,log10_rate\n")
    content = {"data": {"kind": "table", "path": str(path)}}
    settings = KineticsSettings.model_validate(content)
    with pytest.raises(DataError, match="holds no row"):
        load_source(settings.data, np.random.default_rng(0))
