"""Plans and requests that no selection can follow."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.malformed.hostile import (
    PNG,
    Case,
    call,
    cut,
    each,
    folder_at,
    gone,
    nothing,
    put,
    record,
    refused_in_copy,
)

SELECT = "select run --plan p.toml"
CROSSES = "select crosses run --out c.csv --cm-per-mb 1 --progeny family"
DESIGN = "select design run --out d.csv --candidates candidates.vcf.gz --n 3"
EDITS = "select edits run --out e"
CYCLES = "select cycles run --out y.csv --cm-per-mb 1 --replicates 2 --cycles 2"
EFFECTS = "select effects run --out e"


def make_run(folder: Path) -> None:
    """Run one quick model on simulated lines, and predict candidates."""
    folder.parent.mkdir(exist_ok=True)
    made = call(
        f"simulate shoot-branching --out {folder} --n 24 --candidates 8", folder.parent
    )
    assert made.code == 0, made.err
    path = folder / "meristem.toml"
    text = path.read_text(encoding="utf-8")
    model = '[[models]]\nkind = "gblup"\n'
    path.write_text(text[: text.index("[[models]]")] + model, encoding="utf-8")
    made = call("run meristem.toml -q", folder)
    assert made.code == 0, made.err


MAKE = make_run


def plan(text: str):
    """Write the plan."""
    return put("p.toml", text)


CASES: dict[str, Case] = {
    "no run": ("select ghost", nothing, "ghost"),
    "no command": ("select harvest run", nothing, "unexpected"),
    "a folder that is no run": ("select empty", put("empty/a.txt", ""), "empty"),
    "a run without a record": ("select run", gone("run/run.json"), "run.json"),
    "a run with a cut record": ("select run", cut("run/run.json"), "run.json"),
    "a run without its model": (
        "select run",
        lambda f: shutil.rmtree(f / "run" / "models"),
        "models",
    ),
    "a run with a cut model": ("select run", cut("run/models/gblup.json"), "gblup"),
    "a run of another model": (
        "select run",
        record("run/run.json", lambda c: c["config"].update(models=[{"kind": "x"}])),
        "run.json",
    ),
    "candidates cut": ("select run", cut("run/candidates.csv"), "candidates.csv"),
    "plan absent": ("select run --plan ghost.toml", nothing, "ghost.toml"),
    "plan a PNG": (SELECT, put("p.toml", PNG), "p.toml"),
    "plan a folder": (SELECT, put("p.toml/a", ""), "p.toml"),
    "plan unclosed": (SELECT, plan('seed = 1\nmodel = "g'), "line 2"),
    "plan of an analysis": (SELECT, plan('[genotypes]\npath = "g"'), "genotypes"),
    "seed negative": (SELECT, plan("seed = -1"), "seed"),
    "model unknown": (SELECT, plan('model = "ghost"'), "ghost"),
    "lines unknown": (SELECT, plan('[candidates]\nlines = "old"'), "lines"),
    "check unknown": (SELECT, plan('[candidates]\nchecks = ["ghost"]'), "ghost"),
    "line kept unknown": (SELECT, plan('[candidates]\nkeep = ["ghost"]'), "ghost"),
    "line excluded unknown": (
        SELECT,
        plan('[candidates]\nexclude = ["ghost"]'),
        "ghost",
    ),
    "line kept and excluded": (
        SELECT,
        plan('[candidates]\nkeep = ["new_00001"]\nexclude = ["new_00001"]'),
        "new_00001",
    ),
    "groups absent": (SELECT, plan('[candidates]\ngroups = "g.csv"'), "g.csv"),
    "groups a PNG": (
        SELECT,
        each(put("g.csv", PNG), plan('[candidates]\ngroups = "g.csv"')),
        "g.csv",
    ),
    "weight of no trait": (SELECT, plan("[index]\nweights = {ghost = 1.0}"), "ghost"),
    "weight NaN": (SELECT, plan("[index]\nweights = {bud_delay = nan}"), "weights"),
    "weight infinite": (
        SELECT,
        plan("[index]\nweights = {bud_delay = inf}"),
        "weights",
    ),
    "weight zero": (SELECT, plan("[index]\nweights = {bud_delay = 0.0}"), "weight"),
    "method unknown": (SELECT, plan('[index]\nmethod = "luck"'), "method"),
    "desired of nothing": (SELECT, plan('[index]\nmethod = "desired"'), "desired"),
    "desired of no trait": (
        SELECT,
        plan('[index]\nmethod = "desired"\ndesired = {ghost = 1.0}'),
        "ghost",
    ),
    "restricted to nothing": (SELECT, plan('[index]\nmethod = "restricted"'), "hold"),
    "the only trait held": (
        SELECT,
        plan('[index]\nmethod = "restricted"\nhold = ["bud_delay"]'),
        "bud_delay",
    ),
    "covariances negative": (
        SELECT,
        plan(
            '[index]\nmethod = "smith_hazel"\nweights = {bud_delay = 1.0}\n'
            "genetic = {bud_delay = {bud_delay = -1.0}}"
        ),
        "bud_delay",
    ),
    "covariances of strangers": (
        SELECT,
        plan(
            '[index]\nmethod = "smith_hazel"\nweights = {bud_delay = 1.0}\n'
            "genetic = {ghost = {ghost = 1.0}}"
        ),
        "bud_delay",
    ),
    "merit of no trait": (SELECT, plan('[[index.merit]]\ntrait = "ghost"'), "ghost"),
    "merit at NaN": (
        SELECT,
        plan('[[index.merit]]\ntrait = "bud_delay"\nform = "optimum"\nat = nan'),
        "at",
    ),
    "filter by no variant": (
        SELECT,
        plan('[[filters.genotype]]\nvariant = "ghost"\ndosage = [2]'),
        "ghost",
    ),
    "filter by no dosage": (
        SELECT,
        plan('[[filters.genotype]]\nvariant = "qtl_1"\ndosage = []'),
        "dosage",
    ),
    "filter by no group": (
        SELECT,
        plan('[[filters.label]]\ngroup = "ghost"\nany_of = ["a"]'),
        "ghost",
    ),
    "culling by no trait": (
        SELECT,
        plan("[filters.culling]\nabove = {ghost = 1.0}"),
        "ghost",
    ),
    "culling between crossed bounds": (
        SELECT,
        plan("[filters.culling]\nabove = {bud_delay = 9.0}\nbelow = {bud_delay = 1.0}"),
        "bud_delay",
    ),
    "nothing passes": (SELECT, plan("[filters]\nmin_reliability = 1.0"), "reliability"),
    "none selected": (SELECT, plan("[ranking]\nn = 0"), "n"),
    "more selected than there are": (SELECT, plan("[ranking]\nn = 900"), "900"),
    "draws of 10^9": (SELECT, plan("[ranking]\ndraws = 1000000000"), "draws"),
    "level of one": (SELECT, plan("[ranking]\nlevel = 1.0"), "level"),
    "compared with no model": (SELECT, plan('[ranking]\ncompare = ["ghost"]'), "ghost"),
    "no diversity": (SELECT, plan("[diversity]\nmax_coancestry = 0.0"), "coancestry"),
    "two bounds": (
        SELECT,
        plan("[diversity]\nmax_coancestry = 0.5\nmin_ne = 3.0"),
        "not both",
    ),
    "contributions below one": (
        SELECT,
        plan("[diversity]\nmax_contribution = 0.01"),
        "max_contribution",
    ),
    "a fixed line unknown": (
        SELECT,
        plan("[diversity]\nfixed = {ghost = 0.5}"),
        "ghost",
    ),
    "fixed lines above one": (
        SELECT,
        plan("[diversity]\nfixed = {new_00001 = 0.9, new_00002 = 0.9}"),
        "fixed",
    ),
    "shares that are not one": (
        SELECT,
        plan('[diversity]\ngroup = "family"\nshares = {a = 0.1}'),
        "shares",
    ),
    "cap of no group": (
        SELECT,
        plan('[[diversity.caps]]\ngroup = "ghost"\nmost = 0.5'),
        "ghost",
    ),
    "pedigree absent": (
        SELECT,
        plan('[diversity]\ncoancestry = "pedigree"\npedigree = "p.csv"'),
        "p.csv",
    ),
    "pedigree of a loop": (
        SELECT,
        each(
            plan('[diversity]\ncoancestry = "pedigree"\npedigree = "p.csv"'),
            put("p.csv", "sample,parent_1,parent_2\na,b,\nb,a,\n"),
        ),
        "p.csv",
    ),
    "no crosses": (SELECT, plan("[crosses]\nn = 0"), "n"),
    "more crosses than pairs": (SELECT, plan("[crosses]\nn = 5000"), "5000"),
    "usefulness without a map": (
        SELECT,
        plan('[crosses]\ncriterion = "usefulness"'),
        "map",
    ),
    "a map and a rate": (
        SELECT,
        plan('[crosses]\nmap = "m.csv"\ncm_per_mb = 1.0'),
        "not both",
    ),
    "map absent": (SELECT, plan('[crosses]\nmap = "m.csv"'), "m.csv"),
    "map a PNG": (
        SELECT,
        each(put("m.csv", PNG), plan('[crosses]\nmap = "m.csv"')),
        "m.csv",
    ),
    "map of other contigs": (
        SELECT,
        each(
            put("m.csv", "contig,position,cm\nghost,1,0\nghost,9,5\n"),
            plan('[crosses]\nmap = "m.csv"'),
        ),
        "m.csv",
    ),
    "rate negative": (SELECT, plan("[crosses]\ncm_per_mb = -1.0"), "cm_per_mb"),
    "pool unknown": (
        SELECT,
        plan('[crosses]\npool = "ghost"\nseed_pool = "a"'),
        "ghost",
    ),
    "a cross of strangers": (
        SELECT,
        plan('[crosses]\nforced = [["ghost", "spook"]]'),
        "ghost",
    ),
    "a cross of a line with itself": (
        SELECT,
        plan('[crosses]\nforced = [["new_00001", "new_00001"]]'),
        "new_00001",
    ),
    "a cross forced and forbidden": (
        SELECT,
        plan(
            '[crosses]\nforced = [["new_00001", "new_00002"]]\n'
            'forbidden = [["new_00002", "new_00001"]]'
        ),
        "new_0000",
    ),
    "uses crossed": (SELECT, plan("[crosses]\nmin_uses = 5\nmax_uses = 2"), "crosses"),
    "one parent": (SELECT, plan("[crosses]\nmax_parents = 1"), "max_parents"),
    "a bound of nothing": (SELECT, plan("[crosses]\nmax_kinship = 0.0"), "max_kinship"),
    "crosses without a map": ("select crosses run --out c.csv", nothing, "--map"),
    "crosses by both": (CROSSES + " --map m.csv", put("m.csv", ""), "--map"),
    "crosses by no function": (CROSSES + " --map-function morgan", nothing, "morgan"),
    "crosses to no progeny": (CROSSES.replace("family", "clone"), nothing, "clone"),
    "crosses of no trait": (CROSSES + " --trait ghost", nothing, "ghost"),
    "crosses of a weight of text": (CROSSES + " --trait bud_delay=big", nothing, "big"),
    "crosses of a weight NaN": (CROSSES + " --trait bud_delay=nan", nothing, "nan"),
    "crosses of a trait twice": (
        CROSSES + " --trait bud_delay=1 --trait bud_delay=2",
        nothing,
        "bud_delay",
    ),
    "crosses that select NaN": (CROSSES + " --selected nan", nothing, "selected"),
    "crosses of accuracy 2": (CROSSES + " --accuracy 2", nothing, "accuracy"),
    "crosses against no check": (CROSSES + " --check ghost", nothing, "ghost"),
    "crosses of no model": (CROSSES + " --model ghost", nothing, "ghost"),
    "crosses of no pools": (CROSSES + " --pools ghost", nothing, "ghost"),
    "crosses of absent candidates": (CROSSES + " --candidates g.vcf", nothing, "g.vcf"),
    "crosses of a PNG": (CROSSES + " --candidates g.vcf", put("g.vcf", PNG), "g.vcf"),
    "crosses onto others": (CROSSES, put("c.csv", "mine"), "c.csv"),
    "crosses into a folder": (CROSSES, folder_at("c.csv"), "c.csv"),
    "phased by a PNG": (CROSSES + " --phased p.vcf", put("p.vcf", PNG), "p.vcf"),
    "phased by unphased calls": (
        CROSSES + " --phased genotypes.vcf.gz",
        nothing,
        "genotypes.vcf.gz",
    ),
    "design of none": (DESIGN.replace("--n 3", ""), nothing, "--n"),
    "design of too many": (DESIGN.replace("--n 3", "--n 5000"), nothing, "5000"),
    "design of no budget": (
        DESIGN.replace("--n 3", "") + " --budget 0",
        nothing,
        "budget",
    ),
    "design of an infinite budget": (
        DESIGN.replace("--n 3", "") + " --budget inf",
        nothing,
        "budget",
    ),
    "design by no criterion": (DESIGN + " --criterion luck", nothing, "luck"),
    "design at h2 2": (DESIGN + " --h2 2", nothing, "h2"),
    "design at h2 NaN": (DESIGN + " --h2 nan", nothing, "h2"),
    "design by no costs": (DESIGN + " --costs c.csv", nothing, "c.csv"),
    "design by costs of a PNG": (DESIGN + " --costs c.csv", put("c.csv", PNG), "c.csv"),
    "design by negative costs": (
        DESIGN.replace("--n 3", "") + " --budget 5 --costs c.csv",
        put(
            "c.csv",
            "line,cost\n" + "".join(f"train_{i:05d},-1\n" for i in range(1, 25)),
        ),
        "c.csv",
    ),
    "design by costs of strangers": (
        DESIGN.replace("--n 3", "") + " --budget 5 --costs c.csv",
        put("c.csv", "line,cost\nghost,1\n"),
        "c.csv",
    ),
    "design of no node": (DESIGN + " --node ghost", nothing, "ghost"),
    "edits without genes": (EDITS + " --genes g.gff3", nothing, "g.gff3"),
    "edits of no line": (EDITS + " --line ghost", nothing, "ghost"),
    "edits by a PNG": (EDITS + " --fasta g.fa", put("g.fa", PNG), "g.fa"),
    "edits of another genome": (
        EDITS + " --fasta g.fa",
        put("g.fa", ">ghost\nACGT\n"),
        "g.fa",
    ),
    "edits with no kinetics": (EDITS + " --kinetics ghost", nothing, "ghost"),
    "edits by weights of strangers": (
        EDITS + " --weights w.csv",
        put("w.csv", "variant,weight\nghost,1\n"),
        "w.csv",
    ),
    "edits by negative weights": (
        EDITS + " --weights w.csv",
        put("w.csv", "variant,weight\nqtl_1,-1\n"),
        "w.csv",
    ),
    "edits near a QTL without genes": (
        EDITS + " --known-qtl q.csv",
        nothing,
        "--genes",
    ),
    "edits onto a file": ("select edits run --out groups.csv", nothing, "groups.csv"),
    "cycles without a map": ("select cycles run --out y.csv", nothing, "--map"),
    "cycles of no strategy": (CYCLES + " --strategy luck", nothing, "luck"),
    "cycles of a strategy twice": (
        CYCLES + " --strategy ocs --strategy ocs",
        nothing,
        "twice",
    ),
    "cycles at h2 0": (CYCLES + " --h2 0", nothing, "h2"),
    "cycles at h2 NaN": (CYCLES + " --h2 nan", nothing, "h2"),
    "cycles of two costs": (CYCLES + " --cost 1,2", nothing, "cost"),
    "cycles of costs of text": (CYCLES + " --cost a,b,c", nothing, "cost"),
    "cycles of negative costs": (CYCLES + " --cost=-1,2,3", nothing, "cost"),
    "cycles by no truth": (CYCLES + " --truth luck", nothing, "luck"),
    "cycles of unphased founders": (
        CYCLES + " --phased genotypes.vcf.gz",
        nothing,
        "genotypes.vcf.gz",
    ),
    "effects of no trait": (EFFECTS + " --trait ghost", nothing, "ghost"),
    "effects onto a file": (
        "select effects run --out groups.csv",
        nothing,
        "groups.csv",
    ),
    "effects by a map of text": (
        EFFECTS + " --map m.csv",
        put("m.csv", "contig,position,cm\n1,1,far\n"),
        "m.csv",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_selections_that_cannot_be(case: str, good: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], good, tmp_path)
