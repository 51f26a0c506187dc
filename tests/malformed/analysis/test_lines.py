"""Tables of lines that do not fit: traits, omics, groups, environments, crosses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.malformed.analysis.folder import (
    CHECK,
    ENVIRONMENTS,
    HYBRIDS,
    LINES,
    OMICS,
    RUN,
    SPLITS,
    TRAIN,
    phenotypes,
)
from tests.malformed.hostile import (
    PNG,
    Case,
    config,
    each,
    folder_at,
    header,
    link,
    more,
    pipe,
    put,
    refused_in_copy,
)

CASES: dict[str, Case] = {
    "phenotypes a VCF": (
        CHECK,
        config("phenotypes.csv", "genotypes.vcf.gz"),
        "genotypes.vcf.gz",
    ),
    "phenotypes a PNG": (CHECK, put("phenotypes.csv", PNG), "phenotypes.csv"),
    "phenotypes a pipe": (RUN, pipe("phenotypes.csv"), "phenotypes.csv"),
    "phenotypes endless": (CHECK, config("phenotypes.csv", "/dev/zero"), "/dev/zero"),
    "phenotypes header alone": (CHECK, header("phenotypes.csv"), "phenotypes.csv"),
    "phenotypes all missing": (CHECK, phenotypes(["NA"] * 20), "phenotypes"),
    "phenotypes constant": (CHECK, phenotypes([5] * 20), "yield"),
    "phenotypes constant, run": (RUN, phenotypes([5] * 20), "yield"),
    "phenotypes of 1e308": (
        CHECK,
        phenotypes([(-1) ** i * 1e308 for i in range(20)]),
        "1e+308",
    ),
    "phenotypes of 1e-320": (
        CHECK,
        phenotypes([i * 1e-320 for i in range(20)]),
        "yield",
    ),
    "phenotypes of 400 digits": (CHECK, phenotypes(["9" * 400] * 20), "phenotypes.csv"),
    "phenotypes of one line": (CHECK, phenotypes([3]), "phenotypes"),
    "phenotypes of two": (CHECK, phenotypes([3, 4]), "folds"),
    "phenotypes of hexadecimal": (
        CHECK,
        phenotypes([hex(i) for i in range(20)]),
        "phenotypes",
    ),
    "phenotypes of dates": (
        CHECK,
        phenotypes([f"2024-01-{i:02d}" for i in range(1, 21)]),
        "phenotypes",
    ),
    "phenotypes of one trait twice": (
        CHECK,
        phenotypes([f"{i},{i}" for i in range(20)], "line,yield,yield"),
        "yield",
    ),
    "phenotypes unquoted": (
        CHECK,
        phenotypes([f'"{i}' for i in range(20)]),
        "phenotypes.csv",
    ),
    "weights negative": (
        CHECK,
        each(
            phenotypes([f"{i},-1" for i in range(20)], "line,yield,w"),
            config("[phenotypes]", '[phenotypes]\nweight = "w"'),
        ),
        "w",
    ),
    "weights of zero": (
        CHECK,
        each(
            phenotypes([f"{i},0" for i in range(20)], "line,yield,w"),
            config("[phenotypes]", '[phenotypes]\nweight = "w"'),
        ),
        "w",
    ),
    "standard errors of zero": (
        CHECK,
        each(
            phenotypes([f"{i},0" for i in range(20)], "line,yield,se"),
            config("[phenotypes]", '[phenotypes]\nstandard_error = "se"'),
        ),
        "se",
    ),
    "a column that is not there": (
        CHECK,
        config("[phenotypes]", '[phenotypes]\nline = "ghost"'),
        "ghost",
    ),
    "a trait that is not there": (
        CHECK,
        config("[phenotypes]", '[phenotypes]\ntraits = ["ghost"]'),
        "ghost",
    ),
    "an environment that is not there": (
        CHECK,
        config("[phenotypes]", '[phenotypes]\nenvironments = ["moon"]'),
        "moon",
    ),
    "a unit of nothing": (
        CHECK,
        config("[phenotypes]", '[phenotypes]\nunits = {ghost = "t"}'),
        "ghost",
    ),
    "line and value one column": (
        CHECK,
        config(
            "[phenotypes]",
            '[phenotypes]\nlayout = "long"\nline = "line"\ntrait = "trait"\nvalue = "line"',  # noqa: E501
        ),
        "line",
    ),
    "weight and value one column": (
        CHECK,
        config("[phenotypes]", '[phenotypes]\nweight = "value"'),
        "value",
    ),
    "omics a VCF": (
        CHECK,
        config("metabolites.parquet", "genotypes.vcf.gz"),
        "genotypes.vcf.gz",
    ),
    "omics a PNG": (CHECK, put("metabolites.parquet", PNG), "metabolites.parquet"),
    "omics a folder": (TRAIN, folder_at("metabolites.parquet"), "metabolites.parquet"),
    "omics a pipe": (TRAIN, pipe("metabolites.parquet"), "metabolites.parquet"),
    "omics header alone": (CHECK, each(OMICS, put("o.csv", "line,A,S\n")), "o.csv"),
    "omics of no feature": (
        CHECK,
        each(OMICS, put("o.csv", "line\n" + "\n".join(LINES))),
        "o.csv",
    ),
    "omics infinite": (
        CHECK,
        each(OMICS, put("o.csv", "line,A\ntrain_00001,inf\ntrain_00002,1\n")),
        "o.csv",
    ),
    "omics of 1e308": (
        CHECK,
        each(
            OMICS,
            put(
                "o.csv",
                "line,A\n"
                + "\n".join(f"{x},{(-1) ** i * 1e308}" for i, x in enumerate(LINES)),
            ),
        ),
        "o.csv",
    ),
    "omics of a line twice": (
        CHECK,
        each(OMICS, put("o.csv", "line,A\ntrain_00001,2\ntrain_00001,1\n")),
        "train_00001",
    ),
    "omics of a feature twice": (
        CHECK,
        each(OMICS, put("o.csv", "line,A,A\ntrain_00001,2,3\ntrain_00002,1,2\n")),
        "o.csv",
    ),
    "omics of strangers": (
        CHECK,
        each(OMICS, put("o.csv", "line,A\nx1,2\nx2,3\n")),
        "metabolites",
    ),
    "omics below -1 for log1p": (
        CHECK,
        each(
            OMICS,
            config('path = "o.csv"', 'path = "o.csv"\ntransform = "log1p"'),
            put("o.csv", "line,A\n" + "\n".join(f"{x},-5" for x in LINES)),
        ),
        "log1p",
    ),
    "omics name twice": (
        CHECK,
        more('[[omics]]\nname = "metabolites"\npath = "metabolites.parquet"'),
        "metabolites",
    ),
    "node map a PNG": (
        CHECK,
        each(
            put("m.csv", PNG),
            config(
                'path = "metabolites.parquet"',
                'path = "metabolites.parquet"\nnode_map = "m.csv"',
            ),
        ),
        "m.csv",
    ),
    "node map of strangers": (
        CHECK,
        each(
            put("m.csv", "feature,node\nx,ghost\n"),
            config(
                'path = "metabolites.parquet"',
                'path = "metabolites.parquet"\nnode_map = "m.csv"',
            ),
        ),
        "m.csv",
    ),
    "reliability above one": (
        CHECK,
        each(
            put("m.csv", "feature,node,reliability\nA,A,7\n"),
            config(
                'path = "metabolites.parquet"',
                'path = "metabolites.parquet"\nnode_map = "m.csv"',
            ),
        ),
        "m.csv",
    ),
    "groups a VCF": (
        CHECK,
        config("groups.csv", "genotypes.vcf.gz"),
        "genotypes.vcf.gz",
    ),
    "groups header alone": (CHECK, header("groups.csv"), "groups.csv"),
    "groups of a line twice": (
        CHECK,
        put("groups.csv", "line,family\ntrain_00001,a\ntrain_00001,b\n"),
        "train_00001",
    ),
    "groups of strangers": (
        CHECK,
        put("groups.csv", "line,family\nx,a\ny,b\n"),
        "groups",
    ),
    "one group for all": (
        CHECK,
        each(
            config('"kfold"', '"group"\ngroup = "family"'),
            put("groups.csv", "line,family\n" + "\n".join(f"{x},a" for x in LINES)),
        ),
        "belong to one group",
    ),
    "groups without labels": (
        CHECK,
        each(
            config('"kfold"', '"group"\ngroup = "family"'),
            put("groups.csv", "line,family\n" + "\n".join(f"{x}," for x in LINES)),
        ),
        "belong to one group",
    ),
    "environments absent": (CHECK, ENVIRONMENTS, "e.csv"),
    "environments a PNG": (CHECK, each(ENVIRONMENTS, put("e.csv", PNG)), "e.csv"),
    "environments a VCF": (
        RUN,
        each(ENVIRONMENTS, link("e.csv", "genotypes.vcf.gz")),
        "e.csv",
    ),
    "environments twice": (
        CHECK,
        each(
            ENVIRONMENTS, put("e.csv", "environment,rain\ngreenhouse,1\ngreenhouse,2\n")
        ),
        "greenhouse",
    ),
    "environments of text": (
        CHECK,
        each(ENVIRONMENTS, put("e.csv", "environment,rain\ngreenhouse,wet\n")),
        "numeric covariate",
    ),
    "environments infinite": (
        RUN,
        each(ENVIRONMENTS, put("e.csv", "environment,rain\ngreenhouse,inf\n")),
        "e.csv",
    ),
    "hybrids absent": (CHECK, HYBRIDS, "h.csv"),
    "hybrids a PNG": (CHECK, each(HYBRIDS, put("h.csv", PNG)), "h.csv"),
    "hybrids of strangers": (
        CHECK,
        each(HYBRIDS, put("h.csv", "sample,parent_1,parent_2\nx,ghost,spook\n")),
        "ghost",
    ),
    "hybrids of heterozygous parents": (
        CHECK,
        each(
            HYBRIDS,
            put("h.csv", "sample,parent_1,parent_2\nx,train_00001,train_00002\n"),
        ),
        "hetero",
    ),
    "hybrids twice": (
        CHECK,
        each(
            HYBRIDS,
            put(
                "h.csv",
                "sample,parent_1,parent_2\nx,train_00001,train_00002\nx,train_00003,train_00002\n",
            ),
        ),
        "x",
    ),
    "hybrids header alone": (
        CHECK,
        each(HYBRIDS, put("h.csv", "sample,parent_1,parent_2\n")),
        "h.csv",
    ),
    "splits of strangers": (
        CHECK,
        each(
            SPLITS,
            put("s.csv", "scheme,replicate,fold,sample_id,role\nfile,0,0,ghost,test\n"),
        ),
        "ghost",
    ),
    "splits a PNG": (CHECK, each(SPLITS, put("s.csv", PNG)), "s.csv"),
    "splits header alone": (
        CHECK,
        each(SPLITS, put("s.csv", "scheme,replicate,fold,sample_id,role\n")),
        "s.csv",
    ),
    "splits of text": (
        CHECK,
        each(
            SPLITS,
            put(
                "s.csv",
                "scheme,replicate,fold,sample_id,role\nfile,x,y,train_00001,test\n",
            ),
        ),
        "s.csv",
    ),
    "splits with both sets": (
        CHECK,
        each(
            SPLITS,
            put(
                "s.csv",
                "scheme,replicate,fold,sample_id,role\nfile,0,0,train_00001,test\nfile,0,0,train_00001,train\n",
            ),
        ),
        "train_00001",
    ),
    "splits of 10^18": (
        CHECK,
        each(
            SPLITS,
            put(
                "s.csv",
                "scheme,replicate,fold,sample_id,role\nfile,1000000000000000000000,0,train_00001,test\n",
            ),
        ),
        "s.csv",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tables_that_do_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], good, tmp_path)
