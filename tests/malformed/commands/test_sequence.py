"""Configurations, tables and runs that models of DNA cannot work with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.malformed.hostile import (
    PNG,
    Case,
    call,
    change,
    cut,
    each,
    folder_at,
    gone,
    header,
    link,
    nothing,
    pipe,
    put,
    record,
    refused_in_copy,
)

TRAIN = "sequence train a.toml --out new -q"
SEARCH = "sequence search a.toml --out new -q"
PREDICT = "sequence predict run --sequences sequences.fa --out p.csv -q"
EXPLAIN = "sequence explain run --out e -q"
DESIGN = "sequence design run --start sequences.fa --out d -q"

CONFIG = """motifs = "motifs.meme"

[[data]]
path = "measurements.csv"
tasks = { activity = "activity", stress = "stress" }
group = "family"

[split]
scheme = "group"
folds = 3

[[models]]
kind = "kmer"

[[models]]
kind = "motif"
"""


def make_sequences(folder: Path) -> None:
    """Write 30 sequences with two measurements, and the run of one quick model."""
    folder.parent.mkdir(exist_ok=True)
    wanted = "--families 16 --mutants 1 --length 40"
    made = call(f"simulate sequences --out {folder} {wanted}", folder.parent)
    assert made.code == 0, made.err
    put("a.toml", CONFIG)(folder)
    made = call("sequence train a.toml --out run -q", folder)
    assert made.code == 0, made.err


MAKE = make_sequences


def config(old: str, new: str):
    return change("a.toml", old, new)


def model(text: str):
    """Another model."""
    return each(lambda f: put("a.toml", CONFIG + f"\n[[models]]\n{text}\n")(f))


def search(text: str):
    return each(lambda f: put("a.toml", CONFIG + f"\n[search]\n{text}\n")(f))


def rows(*lines: str, title: str = "sequence_id,family,sequence,activity,stress"):
    return put("measurements.csv", "\n".join([title, *lines]) + "\n")


def many(cell: str, n: int = 12) -> list[str]:
    """Return rows with random sequences and one text as every activity."""
    rng = np.random.default_rng(3)
    return [
        f"s{i},f{i},{''.join(rng.choice(list('ACGT'), 40))},{cell},{i}"
        for i in range(n)
    ]


ROWS = [row.replace(",1,", f",{i * i},") for i, row in enumerate(many("1", 30))]


CASES: dict[str, Case] = {
    "config absent": ("sequence train ghost.toml --out new", nothing, "ghost.toml"),
    "config a folder": ("sequence train run --out new", nothing, "run"),
    "config empty": (TRAIN, put("a.toml", ""), "a.toml"),
    "config unclosed": (TRAIN, put("a.toml", 'seed = 1\nmotifs = "a\n'), "line 2"),
    "config of an analysis": (
        TRAIN,
        put("a.toml", '[genotypes]\npath = "g"\n'),
        "data",
    ),
    "unknown key": (TRAIN, config("[split]", "sede = 1\n[split]"), "sede"),
    "tasks none": (
        TRAIN,
        config('activity = "activity", stress = "stress"', ""),
        "tasks",
    ),
    "task of no column": (TRAIN, config('"stress"', '"ghost"'), "ghost"),
    "one column for two tasks": (TRAIN, config('"stress"', '"activity"'), "activity"),
    "a task that is the sequence": (
        TRAIN,
        config('"stress"', '"sequence"'),
        "sequence",
    ),
    "group of no column": (TRAIN, config('"family"', '"ghost"'), "ghost"),
    "sequence of no column": (TRAIN, config("group =", 'sequence = "x"\ngroup ='), "x"),
    "folds of more than groups": (TRAIN, config("folds = 3", "folds = 900"), "folds"),
    "one fold": (TRAIN, config("folds = 3", "folds = 1"), "folds"),
    "scheme unknown": (TRAIN, config('scheme = "group"', 'scheme = "luck"'), "scheme"),
    "identity of none": (
        TRAIN,
        config('scheme = "group"', 'scheme = "identity"\nidentity = 0.1'),
        "identity",
    ),
    "groups without a column": (TRAIN, config('group = "family"\n', ""), "group"),
    "only test rows": (TRAIN, config("group =", 'role = "test"\ngroup ='), "role"),
    "table absent": (TRAIN, config("measurements.csv", "ghost.csv"), "ghost.csv"),
    "table a PNG": (TRAIN, put("measurements.csv", PNG), "measurements.csv"),
    "table a folder": (TRAIN, folder_at("measurements.csv"), "measurements.csv"),
    "table a pipe": (TRAIN, pipe("measurements.csv"), "measurements.csv"),
    "table empty": (TRAIN, put("measurements.csv", ""), "measurements.csv"),
    "table header alone": (TRAIN, header("measurements.csv"), "measurements.csv"),
    "table a loop": (
        TRAIN,
        link("measurements.csv", "measurements.csv"),
        "measurements.csv",
    ),
    "values of text": (TRAIN, rows(*many("high")), "activity"),
    "values infinite": (TRAIN, rows(*many("inf")), "measurements.csv"),
    "values of 1e308": (
        TRAIN,
        rows(*many("1e308")[:6], *many("-1e308")[6:]),
        "activity",
    ),
    "values constant": (TRAIN, rows(*many("1")), "activity"),
    "values absent": (TRAIN, rows(*many("")), "activity"),
    "values with decimal commas": (TRAIN, rows(*many('"1,5"')), "activity"),
    "sequences of amino acids": (
        TRAIN,
        rows(*(row.replace("A", "L") for row in many("1"))),
        "measurements.csv",
    ),
    "sequences empty": (
        TRAIN,
        rows(*(f"s{i},f{i},,{i},1" for i in range(12))),
        "measurements.csv",
    ),
    "sequences of N": (
        TRAIN,
        rows(*(f"s{i},f{i},{'N' * 40},{i},{i}" for i in range(12))),
        "measurements.csv",
    ),
    "two sequences": (TRAIN, rows(*many("1", 2)), "activity"),
    "an id twice": (TRAIN, rows(*ROWS, ROWS[1].replace("s1,", "s0,")), "s0"),
    "fasta absent": (TRAIN, config("group =", 'fasta = "g.fa"\ngroup ='), "g.fa"),
    "fasta of strangers": (
        TRAIN,
        each(
            config("group =", 'fasta = "g.fa"\nsequence_id = "sequence_id"\ngroup ='),
            put("g.fa", ">ghost\nACGT\n"),
        ),
        "g.fa",
    ),
    "length of a million": (
        TRAIN,
        config("[split]", "[inputs]\nlength = 1000000\n[split]"),
        "length",
    ),
    "length negative": (
        TRAIN,
        config("[split]", "[inputs]\nlength = -4\n[split]"),
        "length",
    ),
    "motifs absent": (TRAIN, config("motifs.meme", "ghost.meme"), "ghost.meme"),
    "motifs a PNG": (TRAIN, each(put("motifs.meme", PNG), nothing), "motifs.meme"),
    "motifs cut": (TRAIN, each(cut("motifs.meme", 0.4), nothing), "motifs.meme"),
    "motifs of nothing": (
        TRAIN,
        each(put("motifs.meme", "MEME version 4\n"), nothing),
        "motifs.meme",
    ),
    "motifs of negative shares": (
        TRAIN,
        each(
            put(
                "motifs.meme",
                "MEME version 4\n\nMOTIF a\n"
                "letter-probability matrix: alength= 4 w= 1\n -1 1 1 0\n",
            ),
            nothing,
        ),
        "motifs.meme",
    ),
    "kind unknown": (TRAIN, model('kind = "oracle"'), "oracle"),
    "kind twice": (TRAIN, model('kind = "kmer"'), "kmer"),
    "option unknown": (TRAIN, model('kind = "cnn"\noptions = { wings = 2 }'), "wings"),
    "channels of none": (
        TRAIN,
        model('kind = "cnn"\noptions = { channels = 0 }'),
        "channels",
    ),
    "channels of 10^9": (
        TRAIN,
        model('kind = "cnn"\noptions = { channels = 1000000000 }'),
        "channels",
    ),
    "depth of 10^9": (
        TRAIN,
        model('kind = "cnn"\noptions = { depth = 1000000000 }'),
        "depth",
    ),
    "k of 40": (TRAIN, model('kind = "kmer"\nlabel = "k"\noptions = { k = 40 }'), "k"),
    "label of control characters": (
        TRAIN,
        model('kind = "cnn"\nlabel = "a\\nb"'),
        "label",
    ),
    "label a path": (TRAIN, model('kind = "cnn"\nlabel = "../../a"'), "label"),
    "start absent": (TRAIN, model('kind = "cnn"\nstart = "ghost"'), "ghost"),
    "start of a k-mer model": (
        TRAIN,
        model('kind = "cnn"\nstart = "run/models/kmer"'),
        "no network",
    ),
    "stack of strangers": (
        TRAIN,
        model(
            'kind = "stack"\n'
            'options = { members = [{ kind = "ghost" }, { kind = "kmer" }] }'
        ),
        "members",
    ),
    "epochs negative": (
        TRAIN,
        config("[split]", "[train]\nepochs = -1\n[split]"),
        "epochs",
    ),
    "rate infinite": (
        TRAIN,
        config("[split]", "[train]\nlearning_rate = inf\n[split]"),
        "learning_rate",
    ),
    "out a file": (
        "sequence train a.toml --out motifs.meme -q",
        nothing,
        "motifs.meme",
    ),
    "out of others": (
        "sequence train a.toml --out o -q",
        put("o/predictions.csv", "mine"),
        "o",
    ),
    "threads of none": (
        "sequence train a.toml --out new --threads 0",
        nothing,
        "threads",
    ),
    "search of k-mers": (SEARCH, search('kind = "kmer"'), "kmer"),
    "search of no kind": (SEARCH, search('kind = "oracle"'), "oracle"),
    "search of one": (SEARCH, search("size = 1"), "size"),
    "search without rungs": (SEARCH, search("rungs = []"), "rungs"),
    "search of falling rungs": (SEARCH, search("rungs = [9, 2]"), "rungs"),
    "search that keeps none": (SEARCH, search("keep = 0.0"), "keep"),
    "predict of no run": (
        "sequence predict ghost --sequences sequences.fa --out p.csv",
        nothing,
        "ghost",
    ),
    "predict with a run of lines": (
        PREDICT,
        put("run/run.json", '{"kind": "analysis"}'),
        "run",
    ),
    "predict without a record": (PREDICT, gone("run/run.json"), "run"),
    "predict with a cut record": (PREDICT, cut("run/run.json"), "run"),
    "predict with a changed record": (
        PREDICT,
        record("run/run.json", lambda c: c.clear()),
        "run",
    ),
    "predict with a model of none": (PREDICT + " --model ghost", nothing, "ghost"),
    "predict of absent sequences": (
        "sequence predict run --sequences g.fa --out p.csv",
        nothing,
        "g.fa",
    ),
    "predict of empty sequences": (PREDICT, put("sequences.fa", ""), "sequences.fa"),
    "predict of a PNG": (PREDICT, put("sequences.fa", PNG), "sequences.fa"),
    "predict of proteins": (
        PREDICT,
        put("sequences.fa", ">a\nMLEKVW\n"),
        "sequences.fa",
    ),
    "predict of no letters": (PREDICT, put("sequences.fa", ">a\n\n>b\nACGT\n"), "a"),
    "predict of a name twice": (
        PREDICT,
        put("sequences.fa", f">a\n{'ACGT' * 10}\n>a\n{'ACGT' * 10}\n"),
        "a",
    ),
    "predict onto its input": (
        "sequence predict run --sequences sequences.fa --out sequences.fa",
        nothing,
        "sequences.fa",
    ),
    "predict of a column that is not there": (
        "sequence predict run --sequences measurements.csv --column ghost --out p.csv",
        nothing,
        "ghost",
    ),
    "explain by no method": (EXPLAIN + " --method magic", nothing, "magic"),
    "explain no task": (EXPLAIN + " --task ghost", nothing, "ghost"),
    "explain with motifs of a PNG": (
        EXPLAIN + " --motifs m.meme",
        put("m.meme", PNG),
        "m.meme",
    ),
    "explain none": (EXPLAIN + " --most 0", nothing, "most"),
    "design towards no task": (DESIGN + " --direction ghost=1", nothing, "ghost"),
    "design towards text": (DESIGN + " --direction activity=up", nothing, "up"),
    "design towards nothing": (DESIGN + " --direction activity=0", nothing, "0"),
    "design towards NaN": (
        DESIGN + " --direction activity=nan",
        nothing,
        "--direction",
    ),
    "design by no strategy": (DESIGN + " --strategy luck", nothing, "luck"),
    "design by a gradient of k-mers": (
        DESIGN + " --strategy gradient",
        nothing,
        "gradient",
    ),
    "design without letters": (DESIGN + " --forbid XYZ", nothing, "XYZ"),
    "design of a crossed share": (
        DESIGN + " --gc-low 0.8 --gc-high 0.2",
        nothing,
        "gc",
    ),
    "design by no PAM": (DESIGN + " --pam 7Z", nothing, "7Z"),
    "design judged by itself": (
        DESIGN + " --oracle kmer --validator ghost",
        nothing,
        "ghost",
    ),
    "design of too many edits": (DESIGN + " --edits 900", nothing, "edits"),
}


@pytest.mark.parametrize("case", CASES)
def test_sequences_that_do_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], good, tmp_path)
