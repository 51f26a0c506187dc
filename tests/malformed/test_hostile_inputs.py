"""Inputs and settings that do not fit, over check, run, train, plan and others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.malformed.hostile import (
    PNG,
    Case,
    change,
    config,
    cut,
    each,
    folder_at,
    gone,
    header,
    link,
    more,
    nothing,
    pipe,
    put,
    refused,
)

from meristem.simulate.shoot_branching import simulate_shoot_branching
from meristem.simulate.write import write_shoot_branching


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the inputs of one small model."""
    folder = tmp_path_factory.mktemp("hostile") / "good"
    make_good(folder)
    return folder


def make_good(folder: Path) -> None:
    population = simulate_shoot_branching(
        n_train=20, n_test=2, h2=0.8, labels=0.5, rng=np.random.default_rng(2)
    )
    path = write_shoot_branching(population, folder)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[[models]]")] + MODEL, encoding="utf-8")


MODEL = '[[models]]\nkind = "gblup"\n'
CHECK = "check meristem.toml"
RUN = "run meristem.toml --quiet"
EVALUATE = "evaluate meristem.toml --quiet"
TRAIN = "train meristem.toml --quiet"
KNOWLEDGE = "knowledge meristem.toml"
PLAN = "plan meristem.toml"


def models(text: str):
    """Add a model."""
    return more(f"[[models]]\n{text}\n")


def learn(text: str):
    """Add a network with a learned graph."""
    return models(f'kind = "binn"\ngraph = "learned"\n[models.learn]\n{text}')


GENES = "gene,contig,start,end\ng1,1,1,1000\ng2,1,2000,3000\n"
CONFIGURATIONS: dict[str, Case] = {
    "a pipe": ("check p.toml", pipe("p.toml"), "p.toml"),
    "endless": ("check /dev/zero", nothing, "/dev/zero"),
    "a folder": ("run . --quiet", nothing, "."),
    "absent": ("train ghost.toml --quiet", nothing, "ghost.toml"),
    "a loop of links": (
        "evaluate loop.toml --quiet",
        link("loop.toml", "loop.toml"),
        "loop.toml",
    ),
    "a PNG": ("plan a.toml", put("a.toml", PNG), "a.toml"),
    "a VCF": ("knowledge genotypes.vcf.gz", nothing, "genotypes.vcf.gz"),
    "empty": ("check a.toml", put("a.toml", ""), "genotypes"),
    "UTF-16": ("check a.toml", put("a.toml", "seed = 1".encode("utf-16")), "UTF-8"),
    "zero byte": ("check a.toml", put("a.toml", 'a = "\0"'), "a.toml"),
    "a number of many digits": (
        CHECK,
        config("seed = 1", "seed = 1" + "0" * 5000),
        "meristem.toml",
    ),
    "huge seed": (CHECK, config("seed = 1", "seed = " + "9" * 100), "seed"),
    "seed of text": (CHECK, config("seed = 1", 'seed = "one"'), "seed"),
    "seed of truth": (CHECK, config("seed = 1", "seed = true"), "seed"),
    "seed a date": (CHECK, config("seed = 1", "seed = 2024-01-01"), "seed"),
    "seed a fraction": (CHECK, config("seed = 1", "seed = 1.5"), "seed"),
    "seed infinite": (CHECK, config("seed = 1", "seed = inf"), "seed"),
    "jobs of none": (RUN, config("jobs = 2", "jobs = 0"), "run.jobs"),
    "a million jobs": (RUN, config("jobs = 2", "jobs = 1000000"), "run.jobs"),
    "run an array": (CHECK, config("[run]", "[[run]]"), "run"),
    "genotypes of text": (
        CHECK,
        config('[genotypes]\npath = "genotypes.vcf.gz"', ""),
        "genotypes",
    ),
    "models a table": (CHECK, config("[[models]]", "[models]"), "models"),
    "models of none": (
        CHECK,
        each(config(MODEL, ""), config("[run]", "models = []\n[run]")),
        "models",
    ),
    "models of text": (
        CHECK,
        each(config(MODEL, ""), config("[run]", 'models = ["gblup"]\n[run]')),
        "models",
    ),
    "model without kind": (CHECK, models('name = "x"'), "kind"),
    "kind a number": (CHECK, models("kind = 3"), "kind"),
    "kind a table": (CHECK, models("kind = {a = 1}"), "kind"),
    "two of a name": (CHECK, models('kind = "ridge"\nname = "gblup"'), "gblup"),
    "two of a name, run": (RUN, models('kind = "ridge"\nname = "gblup"'), "gblup"),
    "name of control characters": (
        CHECK,
        models('kind = "ridge"\nname = "a\\nb"'),
        "name",
    ),
    "name very long": (CHECK, models(f'kind = "ridge"\nname = "{"n" * 400}"'), "name"),
    "name of a control": (
        CHECK,
        models(
            'kind = "binn"\n[[models]]\nkind = "ridge"\nname = "binn-shuffled-graph"'
        ),
        "binn-shuffled-graph",
    ),
    "stack of itself": (
        CHECK,
        models('kind = "stack"\nmodels = ["stack", "gblup"]'),
        "stack",
    ),
    "stack of one": (CHECK, models('kind = "stack"\nmodels = ["gblup"]'), "models"),
    "stack of one twice": (
        CHECK,
        models('kind = "stack"\nmodels = ["gblup", "gblup"]'),
        "gblup",
    ),
    "stack of a stack": (
        CHECK,
        models(
            'kind = "stack"\nname = "a"\nmodels = ["gblup", "b"]\n[[models]]\nkind = "stack"\nname = "b"\nmodels = ["gblup", "a"]'  # noqa: E501
        ),
        "average",
    ),
    "stack of strangers": (
        CHECK,
        models('kind = "stack"\nmodels = ["gblup", "ghost"]'),
        "ghost",
    ),
    "core without knowledge": (
        CHECK,
        each(config('[knowledge]\ngraph = "graph.toml"', ""), models('kind = "core"')),
        "models.1",
    ),
    "core without omics": (
        CHECK,
        each(
            config('[[omics]]\nname = "metabolites"\npath = "metabolites.parquet"', ""),
            models('kind = "core"'),
        ),
        "models.1",
    ),
    "core with omics of no gene": (CHECK, models('kind = "core"'), "core"),
    "core with omics of no gene, run": (RUN, models('kind = "core"'), "core"),
    "core that ignores omics": (
        CHECK,
        models('kind = "core"\nomics = "none"'),
        "omics",
    ),
    "binn taught by no omics": (
        CHECK,
        each(
            config('[[omics]]\nname = "metabolites"\npath = "metabolites.parquet"', ""),
            models('kind = "binn"\nomics = "soft"'),
        ),
        "omics",
    ),
    "mediated without omics": (
        RUN,
        each(
            config('[[omics]]\nname = "metabolites"\npath = "metabolites.parquet"', ""),
            models('kind = "mediated"'),
        ),
        "omics",
    ),
    "gblup by parents of inbreds": (
        CHECK,
        models('kind = "gblup"\nname = "p"\nidentity = "parents"'),
        "parents",
    ),
    "penalties negative": (
        CHECK,
        models('kind = "ridge"\npenalties = [-1.0]'),
        "penalties",
    ),
    "penalties of none but zero": (
        CHECK,
        models('kind = "ridge"\npenalties = [0.0]'),
        "penalties",
    ),
    "l1_ratio above one": (
        CHECK,
        models('kind = "elastic_net"\nl1_ratio = [2.0]'),
        "l1_ratio",
    ),
    "l1_ratio of none": (
        CHECK,
        models('kind = "elastic_net"\nl1_ratio = []'),
        "l1_ratio",
    ),
    "bandwidths negative": (
        CHECK,
        models('kind = "rkhs"\nbandwidths = [-1.0]'),
        "bandwidths",
    ),
    "bandwidths of none": (
        CHECK,
        models('kind = "rkhs"\nbandwidths = []'),
        "bandwidths",
    ),
    "prior above one": (CHECK, models('kind = "gwablup"\nprior = [7.0]'), "prior"),
    "prior zero": (CHECK, models('kind = "gwablup"\nprior = [0.0]'), "prior"),
    "set_counts negative": (
        CHECK,
        models('kind = "mediated"\nmethod = "pathway_reml"\nset_counts = [-3]'),
        "set_counts",
    ),
    "window endless": (
        CHECK,
        models('kind = "gwablup"\nwindow = 1' + "0" * 30),
        "window",
    ),
    "max_sets endless": (
        CHECK,
        models('kind = "gfblup"\nmax_sets = 1' + "0" * 30),
        "max_sets",
    ),
    "batch endless": (
        CHECK,
        models('kind = "dense"\nbatch_size = 1' + "0" * 30),
        "batch_size",
    ),
    "weight decay NaN": (
        CHECK,
        models('kind = "dense"\nweight_decay = nan'),
        "weight_decay",
    ),
    "rate a text": (
        CHECK,
        models('kind = "dense"\nlearning_rate = "fast"'),
        "learning_rate",
    ),
    "hidden a number": (CHECK, models('kind = "dense"\nhidden = 64'), "hidden"),
    "hidden of zero": (CHECK, models('kind = "dense"\nhidden = [0]'), "hidden"),
    "forest of none": (CHECK, models('kind = "random_forest"\ntrees = 0'), "trees"),
    "omics_weight negative": (
        CHECK,
        models('kind = "binn"\nomics = "soft"\nomics_weight = -1.0'),
        "omics_weight",
    ),
    "omics_weight infinite": (
        CHECK,
        models('kind = "binn"\nomics = "soft"\nomics_weight = inf'),
        "omics_weight",
    ),
    "learned from a ghost": (CHECK, learn('omics = "ghost"'), "ghost"),
    "learned of 0 genes": (CHECK, learn("n_genes = 0"), "n_genes"),
    "learned in cis without genes": (CHECK, learn('variants = "cis"'), "cis"),
    "learned of no table": (CHECK, learn('variants = "table"'), "learn.table"),
    "learned of a PNG": (
        CHECK,
        each(put("a.png", PNG), learn('variants = "table"\ntable = "a.png"')),
        "a.png",
    ),
    "one fold": (CHECK, config("folds = 5", "folds = 1"), "folds"),
    "folds of 10^9": (CHECK, config("folds = 5", "folds = 1000000000"), "folds"),
    "inner folds of 10^9": (
        CHECK,
        config("folds = 5", "folds = 5\ninner_folds = 1000000000"),
        "inner_folds",
    ),
    "inner folds of 10^9, run": (
        RUN,
        config("folds = 5", "folds = 5\ninner_folds = 1000000000"),
        "inner_folds",
    ),
    "train sizes negative": (
        CHECK,
        config("folds = 5", "folds = 5\ntrain_sizes = [-3]"),
        "train_sizes",
    ),
    "train sizes of nothing": (
        CHECK,
        config("folds = 5", "folds = 5\ntrain_sizes = [0]"),
        "train_sizes",
    ),
    "train sizes above the lines": (
        CHECK,
        config("folds = 5", "folds = 5\ntrain_sizes = [100000]"),
        "train_sizes",
    ),
    "top share NaN": (
        CHECK,
        config("folds = 5", "folds = 5\ntop_share = nan"),
        "top_share",
    ),
    "min overlap NaN": (
        CHECK,
        config("[predict]", "[predict]\nmin_overlap = nan"),
        "min_overlap",
    ),
    "clamp infinite": (CHECK, more("[explain]\nclamp_sd = inf"), "clamp_sd"),
    "top rows negative": (CHECK, more("[explain]\ntop = -1"), "top"),
    "permutations endless": (
        CHECK,
        more("[explain]\npermutations = 1" + "0" * 30),
        "permutations",
    ),
    "null fits endless": (
        CHECK,
        more("[explain]\nnull_fits = 1" + "0" * 12),
        "null_fits",
    ),
    "explain folds endless": (
        CHECK,
        more("[explain]\nfolds = 1000000"),
        "explain.folds",
    ),
    "explain a linear model": (CHECK, more('[explain]\nmodel = "gblup"'), "gblup"),
    "clusters more than lines": (
        CHECK,
        config('"kfold"', '"cluster"\nclusters = 1000'),
        "clusters",
    ),
    "parents of inbreds": (CHECK, config('"kfold"', '"parents"'), "parents"),
    "environments left out of one": (CHECK, config('"kfold"', '"cv0"'), "environment"),
    "file without splits": (CHECK, config('"kfold"', '"file"'), "splits"),
    "group without a name": (CHECK, config('"kfold"', '"group"'), "group"),
    "maf NaN": (CHECK, more("[genotypes.filter]\nmin_maf = nan"), "min_maf"),
    "nothing passes the filter": (
        CHECK,
        more("[genotypes.filter]\nmin_maf = 0.5\nmax_heterozygosity = 0.0"),
        "filter",
    ),
    "nothing passes the filter, run": (
        RUN,
        more("[genotypes.filter]\nmin_maf = 0.5\nmax_heterozygosity = 0.0"),
        "filter",
    ),
    "ld window endless": (
        CHECK,
        more("[genotypes.filter]\nmax_ld_r2 = 0.5\nld_window = 1" + "0" * 30),
        "ld_window",
    ),
    "ploidy 9": (CHECK, config("[genotypes]", "[genotypes]\nploidy = 9"), "ploidy"),
    "two rules alike": (
        CHECK,
        config("[run]", 'fold_ids = ["case", "ghost"]\n[run]'),
        "fold_ids",
    ),
    "jaccard NaN": (CHECK, more("[knowledge.prune]\nmax_jaccard = nan"), "max_jaccard"),
    "prune crossed": (
        CHECK,
        more("[knowledge.prune]\nmin_genes = 50\nmax_genes = 5"),
        "min_genes",
    ),
    "flank endless": (
        KNOWLEDGE,
        more("[knowledge.assign]\nflank_bp = 1" + "0" * 30),
        "flank_bp",
    ),
    "flank negative": (PLAN, more("[knowledge.assign]\nflank_bp = -1"), "flank_bp"),
    "assigned by no table": (
        PLAN,
        more('[knowledge.assign]\nmethod = "table"'),
        "table",
    ),
    "no section of knowledge": (
        PLAN,
        config('[knowledge]\ngraph = "graph.toml"', ""),
        "knowledge",
    ),
    "knowledge of nothing": (PLAN, config('graph = "graph.toml"', ""), "knowledge"),
    "run folder a file": (
        RUN,
        config('out = "run"', 'out = "phenotypes.csv"'),
        "phenotypes.csv",
    ),
    "run folder below a file": (
        RUN,
        config('out = "run"', 'out = "phenotypes.csv/run"'),
        "phenotypes.csv",
    ),
    "run folder of the inputs": (
        RUN,
        each(put("scores.csv", "a"), config('out = "run"', 'out = "."')),
        "scores.csv",
    ),
    "run folder a loop": (
        RUN,
        each(link("loop", "loop"), config('out = "run"', 'out = "loop"')),
        "loop",
    ),
    "run folder long": (RUN, config('out = "run"', f'out = "{"r" * 300}"'), "rrr"),
    "run folder of nothing": (RUN + " --out ''", put("scores.csv", "a"), "scores.csv"),
    "option seed negative": (RUN + " --seed -1", nothing, "--seed"),
    "option jobs of text": (TRAIN + " --jobs many", nothing, "--jobs"),
    "option jobs of 10^6": (TRAIN + " --jobs 1000000", nothing, "jobs"),
    "option unknown": (EVALUATE + " --folds 3", nothing, "--folds"),
    "no such command": ("fly meristem.toml", nothing, "fly"),
    "plan drawn onto the configuration": (
        PLAN + " --svg meristem.toml",
        nothing,
        "meristem.toml",
    ),
    "plan drawn onto the genotypes": (
        PLAN + " --svg genotypes.vcf.gz",
        nothing,
        "genotypes.vcf.gz",
    ),
    "plan drawn onto the graph, forced": (
        PLAN + " --svg folder --force",
        folder_at("folder"),
        "folder",
    ),
    "plan drawn below a file": (
        PLAN + " --svg graph.toml/a.svg",
        nothing,
        "graph.toml",
    ),
    "schema onto a file": ("schema --out phenotypes.csv", nothing, "phenotypes.csv"),
    "schema onto a folder": (
        "schema --out folder --force",
        folder_at("folder"),
        "folder",
    ),
    "schema below a file": ("schema --out graph.toml/a.json", nothing, "graph.toml"),
    "schema of something": ("schema meristem.toml", nothing, "meristem.toml"),
}
HYBRIDS = config("[genotypes]", '[genotypes]\nhybrids = "h.csv"')
ENVIRONMENTS = more('[environments]\npath = "e.csv"')
SPLITS = config('"kfold"', '"file"\nsplits = "s.csv"')
SETS = config('graph = "graph.toml"', 'genes = "g.csv"\ngene_sets = ["s.gmt"]')
ONTOLOGY = config(
    'graph = "graph.toml"', 'genes = "g.csv"\nontology = "o.obo"\nannotation = "a.csv"'
)
OMICS = config("metabolites.parquet", "o.csv")
LINES = [f"train_{i:05d}" for i in range(1, 21)]


def phenotypes(values: object, head: str = "line,yield"):
    """Write a phenotype table of the lines."""
    rows = [f"{line},{value}" for line, value in zip(LINES, values, strict=False)]
    return each(
        config('minimise = ["bud_delay"]', ""),
        put("phenotypes.csv", "\n".join([head, *rows])),
    )


TABLES: dict[str, Case] = {
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
    "graph of itself": (
        PLAN,
        put(
            "graph.toml",
            '[[nodes]]\nname = "a"\nkind = "gene"\nvariants = ["qtl_1"]\nparents = ["a"]\n',  # noqa: E501
        ),
        "graph.toml",
    ),
    "graph a PNG": (KNOWLEDGE, put("graph.toml", PNG), "graph.toml"),
    "graph a pipe": (KNOWLEDGE, pipe("graph.toml"), "graph.toml"),
    "graph of numbers": (PLAN, put("graph.toml", "nodes = [1, 2]\n"), "graph.toml"),
    "graph of nothing": (PLAN, put("graph.toml", 'name = "x"\n'), "graph.toml"),
    "graph of a node twice": (
        PLAN,
        change("graph.toml", 'name = "S"', 'name = "A"'),
        "twice: A",
    ),
    "graph of strange variants": (
        PLAN,
        change("graph.toml", "qtl_", "ghost_"),
        "ghost_",
    ),
    "graph edges of numbers": (
        PLAN,
        change("graph.toml", "[[edges]]", "[[edges]]\nsource = 5\n[[edges]]"),
        "graph.toml",
    ),
    "graph trait of a ghost": (
        PLAN,
        change("graph.toml", '["I"]', '["ghost"]'),
        "ghost",
    ),
    "genes a VCF": (
        PLAN,
        config('graph = "graph.toml"', 'genes = "genotypes.vcf.gz"'),
        "genotypes.vcf.gz",
    ),
    "genes a PNG called GFF": (
        PLAN,
        each(put("a.gff3", PNG), config('graph = "graph.toml"', 'genes = "a.gff3"')),
        "a.gff3",
    ),
    "genes backwards": (
        PLAN,
        each(
            SETS,
            put("g.csv", "gene,contig,start,end,strand\ng1,1,900,10,+\n"),
            put("s.gmt", "t\td\tg1\n"),
        ),
        "g.csv",
    ),
    "genes at negative places": (
        PLAN,
        each(
            SETS,
            put("g.csv", "gene,contig,start,end\ng1,1,-9,10\n"),
            put("s.gmt", "t\td\tg1\n"),
        ),
        "g.csv",
    ),
    "genes at 10^30": (
        PLAN,
        each(
            SETS,
            put("g.csv", "gene,contig,start,end\ng1,1,1,1" + "0" * 30 + "\n"),
            put("s.gmt", "t\td\tg1\n"),
        ),
        "g.csv",
    ),
    "genes header alone": (
        PLAN,
        each(SETS, put("g.csv", "gene,contig,start,end\n"), put("s.gmt", "t\td\tg1\n")),
        "g.csv",
    ),
    "sets of strangers": (
        KNOWLEDGE,
        each(SETS, put("g.csv", GENES), put("s.gmt", "t\td\tghost\n")),
        "s.gmt",
    ),
    "sets empty": (
        KNOWLEDGE,
        each(SETS, put("g.csv", GENES), put("s.gmt", "")),
        "s.gmt",
    ),
    "sets a PNG": (
        KNOWLEDGE,
        each(SETS, put("g.csv", GENES), put("s.gmt", PNG)),
        "s.gmt",
    ),
    "set twice": (
        KNOWLEDGE,
        each(SETS, put("g.csv", GENES), put("s.gmt", "t\td\tg1\nt\td\tg2\n")),
        "s.gmt",
    ),
    "ontology of itself": (
        KNOWLEDGE,
        each(
            ONTOLOGY,
            put("g.csv", GENES),
            put("a.csv", "gene,term\ng1,GO:1\n"),
            put(
                "o.obo",
                "format-version: 1.2\n\n[Term]\nid: GO:1\nname: a\nis_a: GO:1\n",
            ),
        ),
        "GO:1",
    ),
    "ontology a PNG": (
        KNOWLEDGE,
        each(
            ONTOLOGY,
            put("g.csv", GENES),
            put("a.csv", "gene,term\ng1,GO:1\n"),
            put("o.obo", PNG),
        ),
        "o.obo",
    ),
    "ontology of nothing": (
        KNOWLEDGE,
        each(
            ONTOLOGY,
            put("g.csv", GENES),
            put("a.csv", "gene,term\ng1,GO:1\n"),
            put("o.obo", "format-version: 1.2\n"),
        ),
        "o.obo",
    ),
    "annotation of strangers": (
        KNOWLEDGE,
        each(
            ONTOLOGY,
            put("g.csv", GENES),
            put("a.csv", "gene,term\nghost,GO:9\n"),
            put("o.obo", "format-version: 1.2\n\n[Term]\nid: GO:1\nname: a\n"),
        ),
        "a.csv",
    ),
    "labels a VCF": (
        PLAN,
        config(
            'graph = "graph.toml"', 'graph = "graph.toml"\nlabels = "genotypes.vcf.gz"'
        ),
        "genotypes.vcf.gz",
    ),
    "edges a PNG": (
        PLAN,
        each(
            put("e.sif", PNG),
            config('graph = "graph.toml"', 'graph = "graph.toml"\nedges = ["e.sif"]'),
        ),
        "e.sif",
    ),
    "candidates a PNG": (RUN, put("candidates.vcf.gz", PNG), "candidates.vcf.gz"),
    "candidates cut": (RUN, cut("candidates.vcf.gz"), "candidates.vcf.gz"),
    "candidates absent": (CHECK, gone("candidates.vcf.gz"), "candidates.vcf.gz"),
    "candidates a phenotype table": (
        CHECK,
        config("candidates.vcf.gz", "phenotypes.csv"),
        "phenotypes.csv",
    ),
    "candidates crossed by a PNG": (
        CHECK,
        each(put("h.csv", PNG), config("[predict]", '[predict]\nhybrids = "h.csv"')),
        "h.csv",
    ),
    "genotypes a PNG": (TRAIN, put("genotypes.vcf.gz", PNG), "genotypes.vcf.gz"),
    "genotypes a pipe": (TRAIN, pipe("genotypes.vcf.gz"), "genotypes.vcf.gz"),
    "genotypes of another format": (
        TRAIN,
        config("[genotypes]", '[genotypes]\nformat = "bed"'),
        "genotypes.vcf.gz",
    ),
    "genotypes of absent doses": (
        TRAIN,
        config("[genotypes]", '[genotypes]\nfield = "DS"'),
        "DS",
    ),
}
CASES = {f"configuration: {k}": v for k, v in CONFIGURATIONS.items()} | TABLES


@pytest.mark.parametrize("case", CASES)
def test_inputs_that_do_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    command, spoil, said = CASES[case]
    folder = tmp_path / "hostile"
    shutil.copytree(good, folder)
    spoil(folder)
    refused(command, folder, said)
