"""Faults of the inputs: one error that says where and what to do, and no folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.kinetics.toys import EXAMPLES, GUIDE, SMALL, write_rates
from typer.testing import CliRunner

from meristem.cli.kinetics import app
from meristem.errors import MeristemError
from meristem.kinetics.commands.enough_rows import refuse_few, say_if_few
from meristem.kinetics.commands.settings import TransferSettings, read_settings
from meristem.kinetics.commands.transfer import transfer_run
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.kinn import Architecture, Kinn, Measurements
from meristem.kinetics.network.mpkp import ENZYMES, GUIDES, read_rates
from meristem.kinetics.network.simulate import planted_benchmark
from meristem.kinetics.network.store import write_kinns
from meristem.runs.destination import Destination

REACTIONS = ("k01", "k10", "k12", "k21", "k23", "k32", "k30")
PLANTED = "".join(
    f'[[windows]]\nreaction = "{name}"\nstart = {5 + 5 * i}\nstop = {10 + 5 * i}\n'
    for i, name in enumerate(REACTIONS)
)


def refused(out: Path, *words: object) -> str:
    """Return what a command says; it must fail with one error and leave no `out`."""
    result = CliRunner().invoke(app, [*map(str, words), "--out", str(out)])
    assert isinstance(result.exception, MeristemError), result.exception
    assert not out.exists()
    assert result.exception.remedy
    return result.exception.message


def table_config(folder: Path, data: str = "") -> Path:
    config = folder / "config.toml"
    windows = (EXAMPLES / "cas9_fit.toml").read_text().partition("[[windows]]")[2]
    config.write_text(
        f'[data]\nkind = "table"\npath = "rates.csv"\n{data}\n[train]\nepochs = 2\n'
        f"[ensemble]\ncopies = 1\n[[windows]]{windows}"
    )
    return config


def put(path: Path, line: int, column: int, value: str) -> None:
    """Replace one field of a comma-separated file."""
    lines = path.read_text().splitlines()
    fields = lines[line - 1].split(",")
    fields[column] = value
    lines[line - 1] = ",".join(fields)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "", "fast"])
def test_rates_are_finite(tmp_path: Path, value: str) -> None:
    write_rates(tmp_path / "rates.csv")
    put(tmp_path / "rates.csv", 8, 2, value)
    said = refused(tmp_path / "run", "fit", table_config(tmp_path), "--quiet")
    assert "rates.csv, line 8: column 'log10_rate'" in said
    assert (repr(value) if value else "is empty") in said


@pytest.mark.parametrize("value", ["inf", "", "fast"])
def test_rates_of_the_kinetic_tables_are_finite(tmp_path: Path, value: str) -> None:
    numbers = [f"{e}_{kind}" for e in ENZYMES for kind in ("log10_rate", "ndaba")]
    table = pd.DataFrame({name: np.full(3, -2.0) for name in numbers})
    table.insert(0, "guide", 1)
    table.insert(1, "descriptor", "Matched")
    table.insert(2, "target", GUIDES[1])
    path = tmp_path / "rates.csv"
    table.to_csv(path, index=False)
    put(path, 3, 4, value)
    with pytest.raises(MeristemError, match=r"line 3, column 'wt_ndaba'"):
        read_rates(path)


def test_marks_are_yes_or_no(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    write_rates(path)
    lines = path.read_text().splitlines()
    rows = [f"{line},{i % 2}.0" for i, line in enumerate(lines[1:])]
    path.write_text("\n".join([f"{lines[0]},censored", *rows]) + "\n")
    put(path, 5, 3, "maybe")
    said = refused(tmp_path / "run", "fit", table_config(tmp_path))
    assert "line 5: column 'censored' holds 'maybe'" in said


def test_guides_of_a_table_have_their_pam(tmp_path: Path) -> None:
    write_rates(tmp_path / "rates.csv")
    put(tmp_path / "rates.csv", 9, 0, GUIDE[:-3])
    said = refused(tmp_path / "run", "fit", table_config(tmp_path))
    assert "line 9" in said and "PAM" in said  # noqa: PT018


@pytest.mark.parametrize("command", ["fit", "search"])
def test_four_rows_are_too_few(tmp_path: Path, command: str) -> None:
    write_rates(tmp_path / "rates.csv", n=4)
    said = refused(tmp_path / "run", command, table_config(tmp_path))
    assert "rates.csv: holds 4 different sequences, and at least 50" in said


def test_few_rows_to_test_on_are_refused(tmp_path: Path) -> None:
    write_rates(tmp_path / "rates.csv")
    write_rates(tmp_path / "test.csv", n=3)
    config = table_config(tmp_path, 'test_path = "test.csv"')
    assert "test.csv: holds 3" in refused(tmp_path / "run", "fit", config)


def test_rates_must_vary() -> None:
    x = np.zeros((60, 5, 3), dtype=np.uint8)
    y = np.full(60, -5.0)
    data = Measurements(x, y, np.ones(60, dtype=bool), np.arange(60), "")
    with pytest.raises(MeristemError, match="0 different rates above"):
        refuse_few(data, where="rates.csv")


def test_few_rows_for_the_parameters_are_said() -> None:
    x = np.zeros((60, 5, 3), dtype=np.uint8)
    data = Measurements(x, np.zeros(60), np.zeros(60, bool), np.arange(60), "")
    wide, narrow = Window(0, 4, form="pwm"), Window(1, 3)
    assert say_if_few(data, [Architecture((narrow, None))]) == ""
    said = say_if_few(data, [Architecture((wide,) * 5), Architecture((narrow,) * 5)])
    assert "60 different sequences for 65 parameters" in said  # 5 * (4 * 3 + 1)


def test_the_page_says_that_rows_are_few(tmp_path: Path) -> None:
    write_rates(tmp_path / "rates.csv")
    words = ["fit", table_config(tmp_path), "--quiet", "--out", tmp_path / "run"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0
    assert "caution: Few rows: " in result.stderr
    assert "Few rows: " in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("stop = 20", "stop = 99"), "'k12'.*stop = 99.*at most 50"),
        (lambda t: t.replace("stop = 20", "stop = 3"), "'k12'.*start < stop"),
        (lambda t: t.replace('"k12"', '"k10"'), "'k10'.*has a window already"),
        (
            lambda t: 'scheme = "broken.toml"\n' + t,
            r"broken\.toml.*: is not valid TOML",
        ),
        (lambda t: 'scheme = "absent.toml"\n' + t, r"absent\.toml: does not exist"),
        (lambda t: 'scheme = "cas9-4"\n' + t, "scheme: simulated data come with"),
        (lambda t: t.replace("0.05", "inf"), r"train\.learning_rate.*finite"),
        (lambda t: t.replace("rows = 240", "rows = 240\nchanges = [51]"), "changes.0"),
        (lambda t: t.replace("rows = 240", "rows = 1000000000"), r"data\.rows: .*less"),
        (lambda t: t.replace("copies = 1", "copies = 1000000000"), r"ensemble\.copies"),
        (lambda t: t.replace("stop = 20", "stop = 20\nhidden = 1000000000"), "hidden"),
        (lambda t: t.replace("copies = 1", "distil = true"), r"ensemble\.distil: sim"),
    ],
)
@pytest.mark.parametrize("command", ["fit", "search"])
def test_what_does_not_fit_is_refused_at_once(
    tmp_path: Path, command: str, change: Callable[[str], str], message: str
) -> None:
    (tmp_path / "broken.toml").write_text("name = [\n")
    config = tmp_path / "config.toml"
    config.write_text(change(SMALL + PLANTED))
    said = refused(tmp_path / "run", command, config)
    with pytest.raises(MeristemError, match=f"(?s){message}"):
        raise MeristemError(said)


def test_windows_of_pairs_end_with_the_pair(tmp_path: Path) -> None:
    write_rates(tmp_path / "rates.csv")
    config = table_config(tmp_path)
    config.write_text(config.read_text().replace("stop = 24", "stop = 99"))
    said = refused(tmp_path / "run", "fit", config)
    assert "'CI'" in said and "at most 25" in said  # noqa: PT018


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('space = "uniform-5"', "searches windows of the scheme 'cas9-5'"),
        ('space = "none"', "no architecture space 'none'"),
        ("folds = 400", "cannot make 400 folds"),
        ("[train]\nbinding = 0.5", "no measured binding"),
    ],
)
def test_searches_that_cannot_be_made(tmp_path: Path, text: str, message: str) -> None:
    write_rates(tmp_path / "rates.csv")
    config = tmp_path / "config.toml"
    config.write_text(
        'scheme = "cas9-4"\n[data]\nkind = "table"\npath = "rates.csv"\n'
        f"[search]\n{text}\n"
    )
    assert message in refused(tmp_path / "run", "search", config)


@pytest.mark.parametrize("top", ["", 'scheme = "cas9-4"\n'])
def test_an_observable_that_the_space_has_not_is_refused(
    tmp_path: Path, top: str
) -> None:
    write_rates(tmp_path / "rates.csv")
    config = tmp_path / "config.toml"
    config.write_text(
        f'{top}observable = "decay"\n[data]\nkind = "table"\npath = "rates.csv"\n'
    )
    said = refused(tmp_path / "run", "search", config)
    assert "'decay' would not be used" in said
    config.write_text('observable = "decay"\n[data]\nkind = "simulated"\n')
    assert "'decay' would not be used" in refused(tmp_path / "run", "search", config)


@pytest.mark.parametrize(
    ("data", "rest", "message"),
    [
        ('kind = "mpkp"\ntest_path = "b.csv"', "", "test_path: nothing reads it"),
        ('kind = "table"\nenzyme = "hypa"', "", "enzyme: nothing reads it"),
        ('kind = "simulated"\nchannels = "edits"', "", "channels: nothing reads it"),
        ('kind = "assay"\nlimit = -4', "", "limit: nothing reads it"),
        ('kind = "simulated"', '[search]\nspace = "general"', "search.space: nothing"),
        (
            'kind = "table"\nchannels = "edits"',
            "[search]\nkind_folds = 3",
            "kinds of mismatch are those of the channels 'chemistry'",
        ),
        ('kind = "table"', "[ensemble]\nsmooth = [3]", "ensemble.smooth: `fit` reads"),
    ],
)
def test_settings_that_nothing_reads(
    tmp_path: Path, data: str, rest: str, message: str
) -> None:
    path = "" if "simulated" in data else 'path = "rates.csv"\n'
    config = tmp_path / "config.toml"
    config.write_text(f"[data]\n{data}\n{path}{rest}\n")
    assert message in refused(tmp_path / "run", "fit", config)


def test_absent_tables_leave_no_folder(tmp_path: Path) -> None:
    assert "rates.csv: does not exist" in refused(
        tmp_path / "run", "fit", table_config(tmp_path)
    )


def test_networks_of_sequences_score_no_sites(tmp_path: Path) -> None:
    scheme = planted_benchmark(np.random.default_rng(0)).scheme
    windows = Architecture(tuple(Window(i, i + 5) for i in range(7)))
    limits = (-np.inf, np.inf)
    kinn = Kinn(scheme, windows, np.zeros((7, 50, 4)), np.zeros(7), 0.0, limits)
    model, sites = tmp_path / "model.json", tmp_path / "sites.csv"
    write_kinns([kinn], model)
    sites.write_text(f"guide,target,label\n{GUIDE},{GUIDE},1\n")
    config = tmp_path / "transfer.toml"
    config.write_text('model = "model.json"\ntables = ["sites.csv"]\n')
    out = tmp_path / "out"
    with pytest.raises(MeristemError, match="not fitted to guide-target pairs"):
        transfer_run(read_settings(config, TransferSettings), Destination(out))
    for words in (
        ("score", "--model", model, "--targets", sites),
        ("explain", "--model", model, "--guide", GUIDE),
    ):
        said = refused(out, *words)
        assert "model.json: was not fitted to guide-target pairs" in said
        assert "50 positions of 4 bases" in said
