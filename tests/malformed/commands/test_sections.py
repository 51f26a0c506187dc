"""Covariates, priors, environments and represented omics of an analysis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.malformed.hostile import (
    PNG,
    Case,
    change,
    each,
    folder_at,
    more,
    pipe,
    put,
    refused_in_copy,
)

CHECK = "check meristem.toml"
RUN = "run meristem.toml --quiet"
CONFIG = """[run]
out = "run"

[genotypes]
path = "markers.csv"

[phenotypes]
path = "trials.csv"
by = "record"

[evaluate]
scheme = "cv1"
folds = 3

[[models]]
kind = "gblup"
"""
N, VARIANTS = 12, 15
LINES = [f"l{i}" for i in range(N)]
PLACES = ("A_2001", "B_2001", "C_2002")


def lines(head: str, cell) -> str:
    """Return a table with one row per line."""
    return "\n".join([head, *(f"{name},{cell(i)}" for i, name in enumerate(LINES))])


def make_trials(folder: Path) -> None:
    """Write lines in three environments, with a sex and an age."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(8)
    dosage = 2 * rng.integers(0, 2, (VARIANTS, N))
    head = ",".join(["variant,contig,position,ref,alt", *LINES])
    rows = [
        f"v{j},1,{10 * j + 1},A,G,{','.join(map(str, dosage[j]))}"
        for j in range(VARIANTS)
    ]
    put("markers.csv", "\n".join([head, *rows]) + "\n")(folder)
    trials = ["line,environment,yield,sex,age"]
    for place in PLACES:
        trials += [
            f"{name},{place},{rng.normal():.3f},{'fm'[i % 2]},{20 + i}"
            for i, name in enumerate(LINES)
        ]
    put("trials.csv", "\n".join(trials) + "\n")(folder)
    put("meristem.toml", CONFIG)(folder)


MAKE = make_trials


def covariates(text: str):
    return more(f"[covariates]\n{text}\n")


def environments(text: str, table: str | bytes = ""):
    """Name a table of environments, for a reaction norm."""
    gxe = '[[models]]\nkind = "gxe"\nstructure = "reaction_norm"\n'
    wanted = more(f'[environments]\npath = "e.csv"\n{text}\n{gxe}')
    return each(wanted, put("e.csv", table)) if table else wanted


def priors(text: str, table: str | bytes = ""):
    wanted = more(f'[priors]\nscores = "s.csv"\n{text}\n')
    return each(wanted, put("s.csv", table)) if table else wanted


def omics(text: str, table: str = ""):
    wanted = more(f'[[omics]]\nname = "rna"\npath = "rna.csv"\n{text}\n')
    return each(wanted, put("rna.csv", table or expression()))


def expression(cell: str = "") -> str:
    rng = np.random.default_rng(4)
    return lines(
        "line,g0,g1,g2,g3",
        lambda i: ",".join([cell or "1.5", *(f"{x:.2f}" for x in rng.normal(size=3))]),
    )


def model(text: str):
    return more(f"[[models]]\n{text}\n")


def scores(cell, n: int = VARIANTS) -> str:
    return "variant,score\n" + "".join(f"v{j},{cell(j)}\n" for j in range(n))


def weather(cell) -> str:
    return "environment,rain\n" + "".join(
        f"{x},{cell(i)}\n" for i, x in enumerate(PLACES)
    )


PEDIGREE = """kind = "kernels"
kernels = ["additive", "pedigree"]
pedigree = "p.csv"
"""
SEASONS = "environment,weather,sowing,harvest\n"


CASES: dict[str, Case] = {
    "covariates of nothing": (CHECK, covariates(""), "covariates"),
    "covariates of no column": (CHECK, covariates('columns = ["ghost"]'), "ghost"),
    "covariates the lines": (CHECK, covariates('columns = ["line"]'), "line"),
    "covariates the environments": (
        CHECK,
        covariates('columns = ["environment"]'),
        "environment",
    ),
    "covariates a number": (CHECK, covariates("columns = 3"), "columns"),
    "covariates in a table that is not there": (
        CHECK,
        covariates('path = "c.csv"\ncolumns = ["sex"]'),
        "c.csv",
    ),
    "covariates in a PNG": (
        CHECK,
        each(covariates('path = "c.csv"\ncolumns = ["sex"]'), put("c.csv", PNG)),
        "c.csv",
    ),
    "covariates in a folder": (
        CHECK,
        each(covariates('path = "c.csv"\ncolumns = ["sex"]'), folder_at("c.csv")),
        "c.csv",
    ),
    "covariates in a pipe": (
        RUN,
        each(covariates('path = "c.csv"\ncolumns = ["sex"]'), pipe("c.csv")),
        "c.csv",
    ),
    "covariates of strangers": (
        CHECK,
        each(
            covariates('path = "c.csv"\ncolumns = ["sex"]'),
            put("c.csv", "line,sex\nx1,f\nx2,m\n"),
        ),
        "c.csv",
    ),
    "covariates of a line twice": (
        CHECK,
        each(
            covariates('path = "c.csv"\ncolumns = ["sex"]'),
            put("c.csv", "line,sex\nl0,f\nl0,m\n"),
        ),
        "l0",
    ),
    "covariates infinite": (
        CHECK,
        each(
            covariates('path = "c.csv"\ncolumns = ["age"]'),
            put("c.csv", lines("line,age", lambda i: "inf")),
        ),
        "c.csv",
    ),
    "covariates of 1e308": (
        CHECK,
        each(
            covariates('path = "c.csv"\ncolumns = ["age"]'),
            put("c.csv", lines("line,age", lambda i: f"{(-1) ** i}e308")),
        ),
        "age",
    ),
    "covariates all missing": (
        CHECK,
        each(
            covariates('path = "c.csv"\ncolumns = ["age"]'),
            put("c.csv", lines("line,age", lambda i: "")),
        ),
        "age",
    ),
    "covariates constant": (
        CHECK,
        each(
            covariates('path = "c.csv"\ncolumns = ["age"]'),
            put("c.csv", lines("line,age", lambda i: "3")),
        ),
        "age",
    ),
    "covariates half numbers": (
        CHECK,
        each(
            covariates('path = "c.csv"\ncolumns = ["age"]'),
            put("c.csv", lines("line,age", lambda i: "old" if i % 2 else "3")),
        ),
        "age",
    ),
    "covariates of decimal commas": (
        CHECK,
        each(
            covariates('path = "c.csv"\ncolumns = ["age"]'),
            put("c.csv", lines("line,age", lambda i: f'"{i},5"')),
        ),
        "age",
    ),
    "components negative": (CHECK, covariates("pcs = -1"), "pcs"),
    "components of 10^9": (CHECK, covariates("pcs = 1000000000"), "pcs"),
    "random of no column": (CHECK, covariates('random = "ghost"'), "ghost"),
    "random of one level": (
        CHECK,
        each(
            covariates('path = "c.csv"\nrandom = "cage"'),
            put("c.csv", lines("line,cage", lambda i: "a")),
        ),
        "cage",
    ),
    "priors absent": (CHECK, priors(""), "s.csv"),
    "priors a PNG": (CHECK, priors("", PNG), "s.csv"),
    "priors empty": (CHECK, priors("", "variant,score\n"), "s.csv"),
    "priors of no column": (
        CHECK,
        priors('column = "weight"', scores(lambda j: j)),
        "weight",
    ),
    "priors of no kind": (CHECK, priors('kind = "motif"', scores(lambda j: j)), "kind"),
    "priors of strangers": (
        CHECK,
        priors("", scores(lambda j: j).replace("v", "x").replace("xariant", "variant")),
        "s.csv",
    ),
    "priors of text": (CHECK, priors("", scores(lambda j: "high")), "s.csv"),
    "priors infinite": (CHECK, priors("", scores(lambda j: "inf")), "s.csv"),
    "priors all missing": (CHECK, priors("", scores(lambda j: "")), "s.csv"),
    "priors of 1e308": (RUN, priors("", scores(lambda j: f"{(-1) ** j}e308")), "s.csv"),
    "priors all zero": (CHECK, priors("", scores(lambda j: 0)), "s.csv"),
    "priors the lines": (
        CHECK,
        more('[priors]\nscores = "trials.csv"\n'),
        "trials.csv",
    ),
    "priors of a folder": (CHECK, each(priors(""), folder_at("s.csv")), "s.csv"),
    "environments absent": (CHECK, environments(""), "e.csv"),
    "environments a PNG": (CHECK, environments("", PNG), "e.csv"),
    "environments of one": (
        CHECK,
        environments("", "environment,rain\nA_2001,3\n"),
        "B_2001",
    ),
    "environments of strangers": (
        CHECK,
        environments("", "environment,rain\nx,3\ny,4\n"),
        "e.csv",
    ),
    "environments constant": (CHECK, environments("", weather(lambda i: 3)), "rain"),
    "environments missing": (CHECK, environments("", weather(lambda i: "")), "rain"),
    "environments of 1e308": (
        RUN,
        environments("", weather(lambda i: f"{(-1) ** i}e308")),
        "rain",
    ),
    "environments without covariates": (
        CHECK,
        environments("", "environment\nA_2001\nB_2001\nC_2002\n"),
        "e.csv",
    ),
    "reaction norm of no table": (
        CHECK,
        model('kind = "gxe"\nstructure = "reaction_norm"'),
        "environments",
    ),
    "temperatures crossed": (
        CHECK,
        environments(
            "base_temperature = 40\ncap_temperature = 10", weather(lambda i: i)
        ),
        "temperature",
    ),
    "temperature of the sun": (
        CHECK,
        environments("heat_temperature = 5000", weather(lambda i: i)),
        "heat_temperature",
    ),
    "seasons of no file": (
        CHECK,
        environments("", SEASONS + "A_2001,w.csv,2001-04-01,2001-08-01\n"),
        "w.csv",
    ),
    "seasons backwards": (
        CHECK,
        each(
            environments("", SEASONS + "A_2001,w.csv,2001-08-01,2001-04-01\n"),
            put("w.csv", "YEAR,MO,DY,T2M\n2001,4,1,12\n"),
        ),
        "2001-04-01",
    ),
    "seasons without dates": (
        CHECK,
        each(
            environments("", SEASONS + "A_2001,w.csv,spring,autumn\n"),
            put("w.csv", "YEAR,MO,DY,T2M\n2001,4,1,12\n"),
        ),
        "spring",
    ),
    "seasons without weather": (
        CHECK,
        each(
            environments("", SEASONS + "A_2001,w.csv,2001-04-01,2001-08-01\n"),
            put("w.csv", "YEAR,MO,DY,T2M\n"),
        ),
        "w.csv",
    ),
    "seasons of a PNG": (
        CHECK,
        each(
            environments("", SEASONS + "A_2001,w.csv,2001-04-01,2001-08-01\n"),
            put("w.csv", PNG),
        ),
        "w.csv",
    ),
    "gxe of no structure": (
        CHECK,
        model('kind = "gxe"\nstructure = "magic"'),
        "structure",
    ),
    "gxe of no factors": (
        CHECK,
        model('kind = "gxe"\nstructure = "fa"\nfactors = 0'),
        "factors",
    ),
    "gxe of more factors than environments": (
        CHECK,
        model('kind = "gxe"\nstructure = "fa"\nfactors = 9'),
        "factors",
    ),
    "records left out by line": (
        CHECK,
        change("meristem.toml", 'by = "record"\n', ""),
        "cv1",
    ),
    "a year without years": (
        CHECK,
        each(
            change("meristem.toml", '"cv1"', '"year"'),
            change("trials.csv", "_2001", ""),
            change("trials.csv", "_2002", ""),
        ),
        "year",
    ),
    "bayes of no prior": (CHECK, model('kind = "bayes"\nprior = "z"'), "prior"),
    "bayes of no draws": (CHECK, model('kind = "bayes"\ndraws = 0'), "draws"),
    "bayes of one chain": (CHECK, model('kind = "bayes"\nchains = 0'), "chains"),
    "bayes of crossed draws": (
        CHECK,
        model('kind = "bayes"\ndraws = 500\nmost_draws = 100'),
        "most_draws",
    ),
    "bayes of 10^12 draws": (
        CHECK,
        model('kind = "bayes"\nmost_draws = 1000000000000'),
        "most_draws",
    ),
    "kernels of none": (CHECK, model('kind = "kernels"\nkernels = []'), "kernels"),
    "kernels unknown": (
        CHECK,
        model('kind = "kernels"\nkernels = ["magic"]'),
        "kernels",
    ),
    "kernels twice": (
        CHECK,
        model('kind = "kernels"\nkernels = ["additive", "additive"]'),
        "twice",
    ),
    "kernels of no pedigree": (
        CHECK,
        model('kind = "kernels"\nkernels = ["additive", "pedigree"]'),
        "pedigree",
    ),
    "pedigree of a loop": (
        CHECK,
        each(model(PEDIGREE), put("p.csv", "line,parent_1,parent_2\nl0,l1,\nl1,l0,\n")),
        "p.csv",
    ),
    "pedigree a PNG": (CHECK, each(model(PEDIGREE), put("p.csv", PNG)), "p.csv"),
    "represented by no kind": (CHECK, omics('represent = "umap"'), "represent"),
    "represented by no factors": (CHECK, omics('represent = "pca"\nk = []'), "k"),
    "represented by too many": (CHECK, omics('represent = "pca"\nk = [500]'), "500"),
    "represented by sets of none": (CHECK, omics('represent = "sets"'), "sets"),
    "represented counts for components": (
        CHECK,
        omics('represent = "pca"\nlikelihood = "zinb"'),
        "likelihood",
    ),
    "represented without confounders": (
        CHECK,
        omics('represent = "pca"\nconfounders = ["ghost"]'),
        "ghost",
    ),
    "represented lines of one": (
        CHECK,
        omics('represent = "pca"', "line,g0,g1\nl0,1,2\n"),
        "rna",
    ),
    "represented constants": (
        CHECK,
        omics('represent = "pca"', lines("line,g0,g1", lambda i: "1,2")),
        "rna",
    ),
    "nothing uses the table": (CHECK, omics("reliability = 7"), "reliability"),
}


@pytest.mark.parametrize("case", CASES)
def test_sections_that_do_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], good, tmp_path)
