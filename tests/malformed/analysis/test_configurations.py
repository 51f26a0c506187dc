"""Settings that do not fit, over check, run, train, plan and others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.malformed.analysis.folder import (
    CHECK,
    EVALUATE,
    KNOWLEDGE,
    MODEL,
    PLAN,
    RUN,
    TRAIN,
    learn,
    models,
)
from tests.malformed.hostile import (
    PNG,
    Case,
    config,
    each,
    folder_at,
    link,
    more,
    nothing,
    pipe,
    put,
    refused_in_copy,
)

CASES: dict[str, Case] = {
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


@pytest.mark.parametrize("case", CASES)
def test_settings_that_do_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], good, tmp_path)
