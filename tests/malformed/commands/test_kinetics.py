"""Configurations, tables and models that the kinetic commands cannot use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.kinetics.toys import GUIDE, draw_kinn, draw_targets
from tests.malformed.hostile import (
    PNG,
    Case,
    Spoil,
    change,
    cut,
    each,
    folder_at,
    header,
    link,
    nothing,
    pipe,
    put,
    record,
    refused_in_copy,
)
from tests.runs.test_record import EXAMPLES, write_rates

from meristem.kinetics.network.store import write_kinns


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of rates with its configuration, a model, sites, a transfer."""
    folder = tmp_path_factory.mktemp("kinetics") / "good"
    folder.mkdir()
    make_good(folder)
    return folder


def make_good(folder: Path) -> None:
    write_rates(folder / "rates.csv")
    windows = (EXAMPLES / "cas9_fit.toml").read_text().partition("[[windows]]")[2]
    (folder / "fit.toml").write_text(
        'title = "Small"\nseed = 1\n[data]\nkind = "table"\npath = "rates.csv"\n'
        "[train]\nepochs = 2\n[search]\ngenerations = 1\nsize = 2\nfolds = 2\n"
        f"epochs = 2\nshortlist = 1\n[ensemble]\ncopies = 1\n[[windows]]{windows}"
    )
    write_kinns([draw_kinn(1), draw_kinn(2)], folder / "model.json")
    rows = [f"{GUIDE},{t},{i % 2}" for i, t in enumerate(draw_targets(40))]
    (folder / "sites.csv").write_text("\n".join(["guide,target,label", *rows]) + "\n")
    (folder / "transfer.toml").write_text(
        'model = "model.json"\ntables = ["sites.csv"]\n[train]\nepochs = 1\n'
    )


FIT = "kinetics fit fit.toml --out new --quiet"
SEARCH = "kinetics search fit.toml --out new --quiet"
TRANSFER = "kinetics transfer transfer.toml --out new --quiet"
EXPLAIN = f"kinetics explain --model model.json --guide {GUIDE} --out new"
SCORE = "kinetics score --model model.json --targets sites.csv --out new.tsv --quiet"


def fit(old: str, new: str) -> Spoil:
    return change("fit.toml", old, new)


def transfer(text: str) -> Spoil:
    return change("transfer.toml", "[train]", text + "\n[train]")


CASES: dict[str, Case] = {
    "configuration a PNG": (
        "kinetics fit a.toml --out new",
        put("a.toml", PNG),
        "a.toml",
    ),
    "configuration a pipe": ("kinetics fit a.toml --out new", pipe("a.toml"), "a.toml"),
    "configuration endless": (
        "kinetics search /dev/zero --out new",
        nothing,
        "/dev/zero",
    ),
    "configuration a model": (
        "kinetics search model.json --out new",
        nothing,
        "model.json",
    ),
    "configuration of an analysis": (
        "kinetics fit a.toml --out new",
        put("a.toml", '[genotypes]\npath = "x.vcf"\n'),
        "a.toml",
    ),
    "configuration of a transfer": (
        "kinetics fit transfer.toml --out new",
        nothing,
        "transfer.toml",
    ),
    "configuration of a fit": (
        "kinetics transfer fit.toml --out new",
        nothing,
        "fit.toml",
    ),
    "configuration of many digits": (
        FIT,
        fit("seed = 1", "seed = 1" + "0" * 5000),
        "fit.toml",
    ),
    "seed negative": (FIT, fit("seed = 1", "seed = -1"), "seed"),
    "seed huge": (FIT, fit("seed = 1", "seed = " + "9" * 100), "seed"),
    "seed a truth": (FIT, fit("seed = 1", "seed = true"), "seed"),
    "title a number": (FIT, fit('"Small"', "5"), "title"),
    "scheme unknown": (FIT, fit("seed = 1", 'seed = 1\nscheme = "ghost"'), "ghost"),
    "scheme a PNG": (
        FIT,
        each(put("s.toml", PNG), fit("seed = 1", 'seed = 1\nscheme = "s.toml"')),
        "s.toml",
    ),
    "scheme absent": (
        FIT,
        fit("seed = 1", 'seed = 1\nscheme = "ghost.toml"'),
        "ghost.toml",
    ),
    "scheme of nothing": (
        FIT,
        each(put("s.toml", "a = 1"), fit("seed = 1", 'seed = 1\nscheme = "s.toml"')),
        "s.toml",
    ),
    "data of nothing": (FIT, fit('kind = "table"\npath = "rates.csv"', ""), "data"),
    "data an array": (FIT, fit("[data]", "[[data]]"), "data"),
    "path a number": (FIT, fit('"rates.csv"', "5"), "data.path"),
    "path a folder": (FIT, fit('"rates.csv"', '"."'), "folder"),
    "path endless": (FIT, fit('"rates.csv"', '"/dev/zero"'), "/dev/zero"),
    "path with a zero": (FIT, fit('"rates.csv"', '"a\\u0000b"'), "path"),
    "path of a model": (FIT, fit('"rates.csv"', '"model.json"'), "model.json"),
    "limit infinite": (FIT, fit('"rates.csv"', '"rates.csv"\nlimit = inf'), "limit"),
    "limit above every rate": (
        FIT,
        fit('"rates.csv"', '"rates.csv"\nlimit = 100.0'),
        "rates",
    ),
    "channels unknown": (
        FIT,
        fit('"rates.csv"', '"rates.csv"\nchannels = "ghost"'),
        "ghost",
    ),
    "kind of tables on a table": (FIT, fit('"table"', '"mpkp"'), "rates.csv"),
    "epochs of 10^9": (
        FIT,
        fit("epochs = 2\n[search]", "epochs = 1000000000\n[search]"),
        "epochs",
    ),
    "learning rate of 10": (
        FIT,
        fit("[train]", "[train]\nlearning_rate = 1e300"),
        "learning_rate",
    ),
    "decay NaN": (FIT, fit("[train]", "[train]\ndecay = nan"), "decay"),
    "batch of text": (FIT, fit("[train]", '[train]\nbatch = "all"'), "batch"),
    "l2 infinite": (FIT, fit("[train]", "[train]\nl2 = inf"), "l2"),
    "l2 of 1e308": (FIT, fit("[train]", "[train]\nl2 = 1e308"), "l2"),
    "held out above half": (
        FIT,
        fit("copies = 1", "copies = 1\nheld_out = 0.9"),
        "held_out",
    ),
    "copies negative": (FIT, fit("copies = 1", "copies = -1"), "copies"),
    "smooth beyond": (FIT, fit("copies = 1", "copies = 1\nsmooth = [99]"), "smooth"),
    "window backwards": (FIT, fit("start = ", "start = 9"), "windows"),
    "window negative": (FIT, fit("start = ", "start = -"), "windows"),
    "kernel zero": (FIT, fit("kernel = 3", "kernel = 0"), "kernel"),
    "filters negative": (FIT, fit("filters = 2", "filters = -3"), "filters"),
    "rank negative": (FIT, fit("stop = ", "rank = -3\nstop = "), "rank"),
    "windows of text": (FIT, fit("[[windows]]", "[windows]"), "fit.toml"),
    "folds of 10^9": (SEARCH, fit("folds = 2", "folds = 1000000000"), "folds"),
    "folds one": (SEARCH, fit("folds = 2", "folds = 1"), "folds"),
    "method unknown": (
        SEARCH,
        fit("folds = 2", 'folds = 2\nmethod = "prayer"'),
        "method",
    ),
    "space unknown": (SEARCH, fit("folds = 2", 'folds = 2\nspace = "ghost"'), "ghost"),
    "rates header alone": (FIT, header("rates.csv"), "rates.csv"),
    "rates cut in a row": (FIT, cut("rates.csv", 0.501), "rates.csv"),
    "rates a PNG": (SEARCH, put("rates.csv", PNG), "rates.csv"),
    "rates a pipe": (SEARCH, pipe("rates.csv"), "rates.csv"),
    "rates a loop": (SEARCH, link("rates.csv", "rates.csv"), "rates.csv"),
    "rates a folder": (SEARCH, folder_at("rates.csv"), "rates.csv"),
    "rates of strange letters": (FIT, change("rates.csv", "ACG", "XYZ"), "rates.csv"),
    "out a file": (
        "kinetics fit fit.toml --out rates.csv --quiet",
        nothing,
        "rates.csv",
    ),
    "out below a file": (
        "kinetics fit fit.toml --out rates.csv/x --quiet",
        nothing,
        "rates.csv",
    ),
    "out of others": (
        "kinetics fit fit.toml --out o --quiet",
        put("o/scores.csv", "mine"),
        "scores.csv",
    ),
    "threads zero": (FIT + " --threads 0", nothing, "--threads"),
    "threads of 10^9": (FIT + " --threads 1000000000", nothing, "threads"),
    "option unknown": (SEARCH + " --speed 3", nothing, "--speed"),
    "transfer of no model": (
        TRANSFER,
        change("transfer.toml", "model.json", "ghost.json"),
        "ghost.json",
    ),
    "transfer of a PNG": (TRANSFER, put("model.json", PNG), "model.json"),
    "transfer of a cut model": (TRANSFER, cut("model.json"), "model.json"),
    "transfer of no table": (
        TRANSFER,
        change("transfer.toml", '["sites.csv"]', "[]"),
        "tables",
    ),
    "transfer of a table of text": (
        TRANSFER,
        change("transfer.toml", '["sites.csv"]', '"sites.csv"'),
        "tables",
    ),
    "transfer of rates": (
        TRANSFER,
        change("transfer.toml", "sites.csv", "rates.csv"),
        "tables",
    ),
    "transfer of one guide": (TRANSFER, nothing, "guide"),
    "transfer of labels of text": (
        TRANSFER,
        change("sites.csv", ",0\n", ",no\n"),
        "label",
    ),
    "transfer, header alone": (TRANSFER, header("sites.csv"), "sites.csv"),
    "transfer, seed negative": (
        TRANSFER,
        change("transfer.toml", "model =", "seed = -1\nmodel ="),
        "seed",
    ),
    "transfer, share of all": (
        TRANSFER,
        change("transfer.toml", "model =", "test_share = 1.0\nmodel ="),
        "test_share",
    ),
    "transfer, one member": (
        TRANSFER,
        change("transfer.toml", "model =", "members = 1\nmodel ="),
        "members",
    ),
    "transfer, trunk unknown": (
        TRANSFER,
        transfer('[trunk]\nfirst = "ghost"'),
        "first",
    ),
    "transfer, trunk of 10^9": (
        TRANSFER,
        transfer("[trunk]\ndense = 1000000000"),
        "dense",
    ),
    "explain a PNG": (EXPLAIN, put("model.json", PNG), "model.json"),
    "explain a folder": (
        f"kinetics explain --model . --guide {GUIDE} --out new",
        nothing,
        "folder",
    ),
    "explain a pipe": (EXPLAIN, pipe("model.json"), "model.json"),
    "explain a configuration": (
        f"kinetics explain --model fit.toml --guide {GUIDE} --out new",
        nothing,
        "fit.toml",
    ),
    "explain a cut model": (EXPLAIN, cut("model.json", 0.9), "model.json"),
    "explain a model nested deep": (
        EXPLAIN,
        put("model.json", "[" * 200_000),
        "model.json",
    ),
    "explain no guide": (
        "kinetics explain --model model.json --guide '' --out new",
        nothing,
        "guide",
    ),
    "explain a short guide": (
        "kinetics explain --model model.json --guide ACGT --out new",
        nothing,
        "guide",
    ),
    "explain a guide of digits": (
        "kinetics explain --model model.json --guide 12345678901234567890NGG --out new",
        nothing,
        "guide",
    ),
    "explain a guide of Greek": (
        "kinetics explain --model model.json --guide ΑΓΓΑΑΓΓΑΑΓΓΑΑΓΓΑΑΓΓΑNGG --out new",
        nothing,
        "guide",
    ),
    "explain an empty target": (EXPLAIN + " --target ''", nothing, "target"),
    "explain a long target": (
        EXPLAIN + " --target " + "ACGT" * 1000,
        nothing,
        "target",
    ),
    "explain onto a file": (
        EXPLAIN.replace("--out new", "--out sites.csv"),
        nothing,
        "sites.csv",
    ),
    "model of NaN": (
        EXPLAIN,
        lambda f: (f / "model.json").write_text(
            (f / "model.json").read_text().replace("0.", "NaN, 0.", 1)
        ),
        "model.json",
    ),
    "model of another format": (
        EXPLAIN,
        record("model.json", lambda c: c.update(format=99)),
        "model.json",
    ),
    "model without members": (
        SCORE,
        record("model.json", lambda c: c.update(members=[])),
        "model.json",
    ),
    "model of numbers": (
        SCORE,
        record("model.json", lambda c: c.update(members=[1])),
        "model.json",
    ),
    "model of a member of nothing": (
        SCORE,
        record("model.json", lambda c: c.update(members=[{}])),
        "model.json",
    ),
    "model of infinite weights": (
        SCORE,
        lambda f: (f / "model.json").write_text(
            _infinite((f / "model.json").read_text())
        ),
        "model.json",
    ),
    "score a PNG": (SCORE, put("sites.csv", PNG), "sites.csv"),
    "score a pipe": (SCORE, pipe("sites.csv"), "sites.csv"),
    "score endless": (SCORE.replace("sites.csv", "/dev/zero"), nothing, "/dev/zero"),
    "score a folder": (SCORE.replace("sites.csv", "."), nothing, "folder"),
    "score a header": (SCORE, header("sites.csv"), "sites.csv"),
    "score rates of text": (
        SCORE,
        put("sites.csv", "guide,target\nhello,world\n"),
        "sites.csv",
    ),
    "score two guides": (SCORE + " --guide ACGT", nothing, "guide"),
    "score by a folder": (SCORE.replace("model.json", "."), nothing, "."),
    "score onto the sites": (
        SCORE.replace("--out new.tsv", "--out sites.csv"),
        nothing,
        "sites.csv",
    ),
    "score onto a folder": (
        SCORE.replace("--out new.tsv", "--out folder --force"),
        folder_at("folder"),
        "folder",
    ),
    "score below a file": (
        SCORE.replace("--out new.tsv", "--out sites.csv/a.tsv"),
        nothing,
        "sites.csv",
    ),
}


def _infinite(text: str) -> str:
    return re.sub(r"-?\d+\.\d+(e-?\d+)?", "1e999", text, count=40)


@pytest.mark.parametrize("case", CASES)
def test_kinetic_inputs_that_do_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], good, tmp_path)
