"""Variants that no gene or node of the knowledge can claim."""

import numpy as np
import pytest
from tests.malformed.readers.test_knowledge import GFF, genes, graph, write

from meristem.config.stages import AssignConfig, KnowledgeConfig, PruneConfig
from meristem.errors import MeristemError, PlanError
from meristem.knowledge.build import build_graph
from meristem.plan.compile import make_plan
from meristem.records import VariantTable


def table(*ids):
    n_variant = len(ids)
    return VariantTable(
        np.array(ids),
        np.full(n_variant, "9"),
        np.arange(1, n_variant + 1),
        np.full(n_variant, "A"),
        np.full(n_variant, "C"),
    )


CLAIMS = '[[nodes]]\nname = "A"\nvariants = ["v1", "v2"]\n'


def test_an_unknown_claimed_variant_is_not_fatal(tmp_path):
    knowledge = build_graph(graph(write(tmp_path, "g.toml", CLAIMS)))
    plan = make_plan(knowledge, table("v2", "other"))
    assert plan.levels[0].variant_col.tolist() == [0]


def test_only_unknown_claimed_variants_are_fatal(tmp_path):
    knowledge = build_graph(graph(write(tmp_path, "g.toml", CLAIMS)))
    with pytest.raises(PlanError, match="claimed but unknown: v1, v2"):
        make_plan(knowledge, table("x1", "x2"))


def test_no_common_contig_names_both_sides(tmp_path):
    config = genes(write(tmp_path, "g.gff3", GFF))
    with pytest.raises(PlanError, match="contigs of variants: 9") as caught:
        make_plan(build_graph(config), table("v1"), config)
    assert "contigs of genes: 1" in caught.value.message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("variant,score\nv1,2\n", "no column for gene"),
        ("variant,gene\nzz,g1\n", "no row of 1 matches"),
        ("variant,gene\nv1,none\n", "no row of 1 matches"),
        ("variant,gene\n,g1\n", "the variant or the gene is empty"),
    ],
)
def test_a_faulty_assignment_table(content, expected, tmp_path):
    gff = write(tmp_path, "g.gff3", GFF)
    pairs = write(tmp_path, "eqtl.csv", content)
    config = KnowledgeConfig(
        genes=gff, assign=AssignConfig(method="table", table=pairs), prune=PruneConfig()
    )
    with pytest.raises(MeristemError, match=expected) as caught:
        make_plan(build_graph(config), table("v1"), config)
    assert "eqtl.csv" in caught.value.where


def test_the_table_has_to_be_named(tmp_path):
    config = KnowledgeConfig(
        genes=write(tmp_path, "g.gff3", GFF), assign=AssignConfig(method="table")
    )
    with pytest.raises(PlanError, match="no table is named"):
        make_plan(build_graph(config), table("v1"), config)
