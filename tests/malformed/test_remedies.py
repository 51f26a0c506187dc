"""What a message of the newer commands advises is done, and then the command works."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.malformed.commands.test_represent import REPRESENT, make_omics
from tests.malformed.commands.test_select import SELECT, make_run
from tests.malformed.commands.test_sequence import PREDICT, make_sequences
from tests.malformed.commands.test_variants import TABLE, WINDOWS, make_genome
from tests.malformed.hostile import Spoil, call, change, cut, nothing, put

MAKERS: dict[str, Callable[[Path], None]] = {
    "sequences": make_sequences,
    "genome": make_genome,
    "run": make_run,
    "omics": make_omics,
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return makers of folders; each is made once."""
    made: dict[str, Path] = {}

    def of(kind: str) -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp("remedies") / kind
            MAKERS[kind](made[kind])
        return made[kind]

    return of


BED = WINDOWS + " --bed b.bed"
SIMULATE = "simulate sequences --families 10 --mutants 0 --length 40 --out"
EDITS = "select edits run --out e --top 5 --known-qtl q.csv"
QTL = put("q.csv", "name,contig,start,end\nq,1,1,9000000\n")
Remedied = tuple[str, Spoil, str, str, Spoil, str]
"""Folder, what is done to it, command, what it advises, that done, the command then."""

CASES: dict[str, Remedied] = {
    "replace a simulation": (
        "sequences",
        lambda f: call(f"{SIMULATE} s", f),
        f"{SIMULATE} s",
        "with --force",
        nothing,
        f"{SIMULATE} s --force",
    ),
    "simulate elsewhere": (
        "sequences",
        nothing,
        f"{SIMULATE} .",
        "name another folder",
        nothing,
        f"{SIMULATE} other",
    ),
    "replace predictions": (
        "sequences",
        put("p.csv", "mine"),
        PREDICT,
        "with --force",
        nothing,
        f"{PREDICT} --force",
    ),
    "train a damaged model again": (
        "sequences",
        cut("run/models/kmer/model.json"),
        f"{PREDICT} --model kmer",
        "meristem sequence train a.toml --out run -q",
        nothing,
        "sequence train a.toml --out run -q",
    ),
    "pad windows": (
        "genome",
        nothing,
        f"{WINDOWS} --genes genes.gff3 --upstream 5000",
        "--edge pad",
        nothing,
        f"{WINDOWS} --genes genes.gff3 --upstream 5000 --edge pad",
    ),
    "name contigs": (
        "genome",
        put("b.bed", "ghost\t1\t9\n"),
        BED,
        "--contig-names TABLE",
        put("c.csv", "name,contig\nghost,chr1\n"),
        f"{BED} --contig-names c.csv",
    ),
    "replace consequences": (
        "genome",
        put("t.tsv", "mine"),
        TABLE,
        "--force",
        nothing,
        f"{TABLE} --force",
    ),
    "select fewer": (
        "run",
        put("p.toml", "[ranking]\nn = 900\n"),
        SELECT,
        "select 8 at most",
        put("p.toml", "[ranking]\nn = 8\n"),
        SELECT,
    ),
    "run again": (
        "run",
        cut("run/candidates.csv"),
        SELECT.replace(" --plan p.toml", ""),
        "meristem run meristem.toml -q",
        lambda f: call("run meristem.toml -q", f),
        SELECT.replace(" --plan p.toml", ""),
    ),
    "name a rate": (
        "run",
        nothing,
        "select crosses run --out c.csv --top 5",
        "--cm-per-mb",
        nothing,
        "select crosses run --out c.csv --progeny family --top 5 --cm-per-mb 1",
    ),
    "name genes": (
        "run",
        QTL,
        EDITS,
        "--genes",
        put("g.csv", "gene,contig,start,end\ng1,1,1,900000000\n"),
        f"{EDITS} --genes g.csv",
    ),
    "ask for fewer factors": (
        "omics",
        change("a.toml", "[2, 3]", "[900]"),
        REPRESENT,
        "give whole numbers from 1 to 9",
        change("a.toml", "[900]", "[9]"),
        REPRESENT,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_advised_helps(
    case: str, good: Callable[[str], Path], tmp_path: Path
) -> None:
    kind, spoil, command, advised, mend, mended = CASES[case]
    folder = tmp_path / "hostile"
    shutil.copytree(good(kind), folder)
    spoil(folder)
    outcome = call(command, folder)
    assert outcome.code == 2, outcome.out
    remedy = re.sub(r"\s+", " ", outcome.err[outcome.err.index("remedy: ") :])
    assert advised in remedy
    mend(folder)
    outcome = call(mended, folder)
    assert outcome.code == 0, outcome.err
