"""Knowledge, genotypes and candidates that do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.malformed.analysis.folder import (
    CHECK,
    GENES,
    KNOWLEDGE,
    ONTOLOGY,
    PLAN,
    RUN,
    SETS,
    TRAIN,
)
from tests.malformed.hostile import (
    PNG,
    Case,
    change,
    config,
    cut,
    each,
    gone,
    pipe,
    put,
    refused_in_copy,
)

CASES: dict[str, Case] = {
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


@pytest.mark.parametrize("case", CASES)
def test_knowledge_that_does_not_fit(case: str, good: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], good, tmp_path)
