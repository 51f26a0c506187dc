"""`kinetics fit` on an assay: from files to constants with intervals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from meristem.cli.kinetics import app
from meristem.errors import ConfigError, DataError
from meristem.kinetics.commands.enzyme_files import write_enzyme
from meristem.kinetics.commands.fit import fit_run, search_run
from meristem.kinetics.commands.settings import (
    KineticsSettings,
    load_scheme,
    read_settings,
)
from meristem.kinetics.scheme.catalog import two_substrate_enzyme
from meristem.kinetics.scheme.sbml import write_sbml
from meristem.runs.destination import Destination

TEXTBOOK = ["kcat", "Ka", "Kb", "Kia", "Ki"]


@pytest.fixture(scope="module")
def enzyme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enzyme") / "data"
    return write_enzyme(folder, noise=0.05, repeats=1, seed=3).parent


def config(folder: Path, enzyme: Path, text: str = "", table: str = "") -> Path:
    path = folder / "fit.toml"
    data = table or (enzyme / "assay.csv").as_posix()
    path.write_text(
        f'{text}\n[data]\nkind = "assay"\npath = "{data}"\n[assay]\nstarts = 3\n'
    )
    return path


def run(path: Path, out: Path) -> Path:
    return fit_run(read_settings(path, KineticsSettings), Destination(out))


def test_the_simulated_enzyme_comes_back(enzyme: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["fit", str(enzyme / "meristem.toml"), "--out", str(out)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    truth = pd.read_csv(enzyme / "truth.csv").set_index("constant")["value"]
    found = pd.read_csv(out / "michaelis.csv").set_index("constant")
    assert found["value"].to_dict() == pytest.approx(
        truth[TEXTBOOK].to_dict(), rel=0.15
    )
    inside = (found["low"] <= truth[TEXTBOOK]) & (truth[TEXTBOOK] <= found["high"])
    assert inside.sum() >= 3
    constants = pd.read_csv(out / "constants.csv").set_index("parameter")
    assert constants.loc["cat", "bounded"]
    assert not constants.loc["bind_I", "bounded"]
    told = pd.read_csv(out / "identifiability.csv").set_index("parameter")
    assert not (told["identified"] & ~constants["bounded"]).any()
    scores = pd.read_csv(out / "scores.csv").set_index(["model", "metric"])["value"]
    rmse = scores.xs("rmse", level="metric")
    assert rmse["kinetic scheme"] < 0.3 * rmse["log-linear regression"]
    page = (out / "report.html").read_text()
    assert "Constants of the textbook" in page
    assert "no end" in page


def test_held_out_rows_do_not_touch_their_prediction(
    enzyme: Path, tmp_path: Path
) -> None:
    """A condition measured ten times too fast changes only what others learn of it."""
    table = pd.read_csv(enzyme / "assay.csv")
    spoiled = table.copy()
    spoiled.loc[7, "rate"] *= 10
    before, after = (
        _predictions(tmp_path, enzyme, name, frame)
        for name, frame in (("a", table), ("b", spoiled))
    )
    changed = before["kinetic scheme"] != after["kinetic scheme"]
    assert changed.any()
    assert not changed[7]


def _predictions(
    folder: Path, enzyme: Path, name: str, table: pd.DataFrame
) -> pd.DataFrame:
    path = folder / f"{name}.csv"
    table.to_csv(path, index=False)
    text = 'scheme = "two-substrate"'
    run(config(folder, enzyme, text, path.as_posix()), folder / name)
    return pd.read_csv(folder / name / "predictions.csv")


def test_sbml_antimony_and_the_catalogue_say_the_same(
    enzyme: Path, tmp_path: Path
) -> None:
    pytest.importorskip("antimony")
    pytest.importorskip("libsbml")
    named = 'observed = ["cat"]\nligands = ["A", "B", "I"]'
    found = {}
    for kind in ("two-substrate", "enzyme.xml", "enzyme.ant"):
        if "." in kind:
            write_sbml(two_substrate_enzyme(), tmp_path / kind)
        text = f'scheme = "{kind}"\n' + (named if "." in kind else "")
        out = tmp_path / f"run-{kind}"
        run(config(tmp_path, enzyme, text), out)
        found[kind] = pd.read_csv(out / "michaelis.csv")["value"].to_numpy()
    assert found["enzyme.xml"] == pytest.approx(found["two-substrate"], rel=0.02)
    assert found["enzyme.ant"] == pytest.approx(found["enzyme.xml"], rel=1e-6)


def test_a_chain_of_antimony_may_end_where_it_is_observed(tmp_path: Path) -> None:
    pytest.importorskip("antimony")
    (tmp_path / "chain.ant").write_text(
        "model chain\n species A, B, C;\n L = 1;\n"
        " go: A -> B; kg*L*A; back: B -> A; kb*B; cut: B -> C; kc*B;\n"
        " kg = 2; kb = 1; kc = 3; A = 1; B = 0; C = 0;\nend\n"
    )
    text = 'scheme = "chain.ant"\nobserved = ["cut"]\nligands = ["L"]\n'
    table = "assay.csv"
    for observable in ("passage", "decay"):
        chosen = f'{text}observable = "{observable}"'
        path = config(tmp_path, tmp_path, chosen, table)
        scheme = load_scheme(read_settings(path, KineticsSettings))
        assert scheme.observable == observable
        assert scheme.sinks == ("C",)
    path = config(tmp_path, tmp_path, text, table)
    with pytest.raises(ConfigError, match="'C' has no exit"):
        load_scheme(read_settings(path, KineticsSettings))


@pytest.mark.parametrize("observable", ["passage", "decay"])
def test_other_observables_end_to_end(tmp_path: Path, observable: str) -> None:
    """A chain with a sink, its rates shifted by a column of the table."""
    chain = tmp_path / "chain.toml"
    chain.write_text(
        'name = "chain"\nstates = ["a", "b", "c"]\nobservable = "passage"\n'
        '[[reactions]]\nname = "go"\nsource = "a"\ntarget = "b"\nligand = "L"\n'
        '[[reactions]]\nname = "back"\nsource = "b"\ntarget = "a"\n'
        '[[reactions]]\nname = "end"\nsource = "b"\ntarget = "c"\nobserved = true\n'
    )
    rng = np.random.default_rng(4)
    ligand, dose = rng.uniform(0.1, 20, 60), rng.uniform(-1, 1, 60)
    go, back, end = 2.0 * ligand, 1.0, 3.0 * np.exp(0.8 * dose)
    total = go + back + end
    slow = (total - np.sqrt(total**2 - 4 * go * end)) / 2
    rate = slow if observable == "decay" else go * end / total
    table = pd.DataFrame({"L": ligand, "dose": dose, "rate": rate})
    table.to_csv(tmp_path / "chain.csv", index=False)
    text = f'scheme = "chain.toml"\nobservable = "{observable}"\nseed = 2\n'
    text += '[shifts]\ndose = ["end"]'
    out = tmp_path / "run"
    run(config(tmp_path, tmp_path, text, "chain.csv"), out)
    found = pd.read_csv(out / "constants.csv").set_index("parameter")["value"]
    assert found.to_dict() == pytest.approx(
        {"go": 2.0, "back": 1.0, "end": 3.0, "end:dose": 0.8}, rel=1e-2
    )


def test_any_columns_shift_log_rates_and_predict_another_table(tmp_path: Path) -> None:
    """No ligand at all: a mutant and a pH, and rows of a second table."""
    steps = tmp_path / "steps.toml"
    steps.write_text(
        'name = "steps"\nstates = ["free", "bound"]\nobservable = "flux"\n'
        '[[reactions]]\nname = "on"\nsource = "free"\ntarget = "bound"\n'
        '[[reactions]]\nname = "cat"\nsource = "bound"\ntarget = "free"\n'
        "observed = true\n"
    )
    rng = np.random.default_rng(6)
    mutant, ph = rng.integers(0, 2, 80), rng.normal(0, 1, 80)
    on, cat = np.exp(0.7 + 0.9 * ph), np.exp(0.2 - 1.1 * mutant)
    rate = on * cat / (on + cat) * np.exp(rng.normal(0, 0.02, 80))
    table = pd.DataFrame({"mutant": mutant, "ph": ph, "rate": rate})
    table[:50].to_csv(tmp_path / "seen.csv", index=False)
    table[50:].to_csv(tmp_path / "other.csv", index=False)
    text = 'scheme = "steps.toml"\n[shifts]\nmutant = ["cat"]\nph = ["on"]'
    path = config(tmp_path, tmp_path, text, "seen.csv")
    path.write_text(
        path.read_text().replace("[assay]", 'test_path = "other.csv"\n[assay]')
    )
    run(path, tmp_path / "run")
    found = pd.read_csv(tmp_path / "run" / "constants.csv").set_index("parameter")
    assert found.loc["cat:mutant", "value"] == pytest.approx(-1.1, abs=0.1)
    predicted = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert predicted["observed"].to_numpy() == pytest.approx(np.log10(rate[50:]))
    scores = pd.read_csv(tmp_path / "run" / "scores.csv").set_index(["model", "metric"])
    rmse = scores["value"].xs("rmse", level="metric")
    assert rmse["kinetic scheme"] < 0.015 < rmse["log-linear regression"]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("-1", ["rate", "not positive", "line 4"]),
        ("", ["missing", "line 4"]),
        ("fast", ["'fast'", "line 4"]),
        ("1e400", ["line 4"]),
    ],
)
def test_bad_cells_are_refused_with_their_line(
    enzyme: Path, tmp_path: Path, cell: str, words: list[str]
) -> None:
    lines = (enzyme / "assay.csv").read_text().splitlines()
    lines[3] = ",".join([*lines[3].split(",")[:-1], cell])
    (tmp_path / "bad.csv").write_text("\n".join(lines) + "\n")
    path = config(tmp_path, enzyme, 'scheme = "two-substrate"', "bad.csv")
    with pytest.raises(DataError) as error:
        run(path, tmp_path / "run")
    assert all(word in str(error.value) for word in words)
    assert not (tmp_path / "run" / "run.json").exists()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('scheme = "two-substrate"\n[shifts]\nwarm = ["cut"]', "'cut'"),
        ('scheme = "two-substrate"\n[shifts]\nA = ["cat"]', "ligand"),
        ('scheme = "two-substrate"\n[shifts]\nwarm = ["cat"]', "'warm'"),
        ('scheme = "cas9-4"', "nothing changes"),
        ('scheme = "two-substrate"\nobserved = ["cat"]', "observed"),
        ('scheme = "two-substrate"\n[train]\nepochs = 3', "train"),
    ],
)
def test_settings_that_fit_nothing_are_refused(
    enzyme: Path, tmp_path: Path, text: str, word: str
) -> None:
    path = config(tmp_path, enzyme, text)
    with pytest.raises(ConfigError, match=word):
        run(path, tmp_path / "run")


def test_a_search_of_an_assay_and_too_few_conditions_are_refused(
    enzyme: Path, tmp_path: Path
) -> None:
    path = config(tmp_path, enzyme, 'scheme = "two-substrate"')
    with pytest.raises(ConfigError, match="kinetics fit"):
        search_run(read_settings(path, KineticsSettings), Destination(tmp_path / "run"))
    lines = (enzyme / "assay.csv").read_text().splitlines()[:4]
    (tmp_path / "few.csv").write_text("\n".join(lines) + "\n")
    path = config(tmp_path, enzyme, 'scheme = "two-substrate"', "few.csv")
    with pytest.raises(DataError, match="3 different conditions"):
        run(path, tmp_path / "run")
