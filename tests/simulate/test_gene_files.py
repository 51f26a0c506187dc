import numpy as np

from meristem.genetics.inheritance.maps import even_map
from meristem.simulate.gene_files import (
    spread_genes,
    write_gff,
    write_gmt,
    write_random_genes,
)
from meristem.simulate.population import variant_table


def test_every_gene_is_in_a_pathway(tmp_path):
    variants = variant_table(even_map(3, 470))
    write_random_genes(tmp_path, variants, rng=np.random.default_rng(1))
    genes = spread_genes(variants)
    lines = (tmp_path / "pathways.gmt").read_text().splitlines()
    assert len(lines) == 7
    members = {gene for line in lines for gene in line.split("\t")[2:]}
    assert members == set(genes.gene_id)


def test_gff_counts_from_one_with_the_end_included(tmp_path):
    genes = spread_genes(variant_table(even_map(1, 20)))
    write_gff(tmp_path / "genes.gff3", genes)
    header, first, second = (tmp_path / "genes.gff3").read_text().splitlines()
    assert header == "##gff-version 3"
    fields = first.split("\t")
    assert int(fields[3]) == genes.gene_start[0] + 1
    assert int(fields[4]) == genes.gene_end[0]
    assert second.endswith("ID=gene_00002")


def test_gmt_lines(tmp_path):
    write_gmt(tmp_path / "sets.gmt", {"p": ["a", "b"]})
    assert (tmp_path / "sets.gmt").read_text() == "p\tsimulated\ta\tb\n"
