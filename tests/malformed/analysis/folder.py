"""The folder of one small analysis, and ways to spoil it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.malformed.hostile import config, each, more, put

from meristem.simulate.shoot_branching import simulate_shoot_branching
from meristem.simulate.write import write_shoot_branching

MODEL = '[[models]]\nkind = "gblup"\n'
CHECK = "check meristem.toml"
RUN = "run meristem.toml --quiet"
EVALUATE = "evaluate meristem.toml --quiet"
TRAIN = "train meristem.toml --quiet"
KNOWLEDGE = "knowledge meristem.toml"
PLAN = "plan meristem.toml"
GENES = "gene,contig,start,end\ng1,1,1,1000\ng2,1,2000,3000\n"
HYBRIDS = config("[genotypes]", '[genotypes]\nhybrids = "h.csv"')
ENVIRONMENTS = more('[environments]\npath = "e.csv"')
SPLITS = config('"kfold"', '"file"\nsplits = "s.csv"')
SETS = config('graph = "graph.toml"', 'genes = "g.csv"\ngene_sets = ["s.gmt"]')
ONTOLOGY = config(
    'graph = "graph.toml"', 'genes = "g.csv"\nontology = "o.obo"\nannotation = "a.csv"'
)
OMICS = config("metabolites.parquet", "o.csv")
LINES = [f"train_{i:05d}" for i in range(1, 21)]


def make_good(folder: Path) -> None:
    population = simulate_shoot_branching(
        n_train=20, n_test=2, h2=0.8, labels=0.5, rng=np.random.default_rng(2)
    )
    path = write_shoot_branching(population, folder)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[[models]]")] + MODEL, encoding="utf-8")


def models(text: str):
    """Add a model."""
    return more(f"[[models]]\n{text}\n")


def learn(text: str):
    """Add a network with a learned graph."""
    return models(f'kind = "binn"\ngraph = "learned"\n[models.learn]\n{text}')


def phenotypes(values: object, head: str = "line,yield"):
    """Write a phenotype table of the lines."""
    rows = [f"{line},{value}" for line, value in zip(LINES, values, strict=False)]
    return each(
        config('minimise = ["bud_delay"]', ""),
        put("phenotypes.csv", "\n".join([head, *rows])),
    )
