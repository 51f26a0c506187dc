import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.errors import KnowledgeError
from meristem.knowledge.files.gene_row import GeneRow
from meristem.knowledge.files.genes import read_genes, unambiguous

GFF = (
    "##gff-version 3\n"
    "Chr2\tx\tgene\t11\t20\t.\t-\t.\tID=gene:g2;Name=ABC%2C1;Alias=old2,both\n"
    "Chr2\tx\tmRNA\t11\t20\t.\t-\t.\tID=t2;Parent=gene:g2\n"
    "Chr1\tx\tgene\t5\t5\t.\t+\t.\tID=gene:g1;Alias=both\n"
    "###\n##FASTA\n>Chr1\nACGT\n"
)
GTF = (
    '#comment\nChr1\tx\texon\t5\t5\t.\t+\t.\tgene_id "g1"; transcript_id "t";\n'
    'Chr2\tx\texon\t11\t13\t.\t-\t.\tgene_id "g2";\n'
    'Chr2\tx\tCDS\t15\t20\t.\t-\t0\tgene_id "g2";\n'
)
TABLE = "symbol,end,gene,start,chrom,strand\nABC,20,g2,11,Chr2,-\n,5,g1,5,Chr1,+\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [("g.gff3", GFF), ("anything", GFF), ("g.gtf", GTF), ("x", GTF), ("t.csv", TABLE)],
)
def test_all_formats_give_the_same_genes(name, content, tmp_path):
    path = tmp_path / name
    path.write_text(content)
    genes = read_genes(path).genes
    assert genes.gene_id.tolist() == ["g1", "g2"]
    assert genes.gene_contig.tolist() == ["Chr1", "Chr2"]
    assert genes.gene_start.tolist() == [4, 10]
    assert genes.gene_end.tolist() == [5, 20]
    assert genes.gene_strand.tolist() == ["+", "-"]


def test_labels_and_aliases_of_a_gff(tmp_path):
    path = tmp_path / "g.gff3"
    path.write_text(GFF)
    found = read_genes(path)
    assert found.label == {"g2": "ABC,1"}
    # `both` stands for two genes and is nobody's alias.
    assert found.alias["old2"] == "g2"
    assert "both" not in found.alias


def test_labels_of_a_table_are_aliases(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    found = read_genes(path)
    assert found.label == {"g2": "ABC"}
    assert found.alias == {"ABC": "g2"}


def test_an_id_is_never_an_alias():
    pairs = [("g2", "g1"), ("x", "g1"), ("", "g1")]
    assert unambiguous(pairs, {"g1", "g2"}) == {"x": "g1"}


spans = st.tuples(st.integers(1, 500), st.integers(0, 90))


@given(st.dictionaries(st.integers(0, 99), spans, min_size=1, max_size=12))
def test_positions_round_trip(tmp_path_factory, spans):
    path = tmp_path_factory.mktemp("genes") / "g.tsv"
    lines = [
        f"g{gene:02d}\t1\t{low}\t{low + size}" for gene, (low, size) in spans.items()
    ]
    path.write_text("gene\tcontig\tstart\tend\n" + "\n".join(lines) + "\n")
    genes = read_genes(path).genes
    expected = sorted(
        (f"g{gene:02d}", low - 1, low + size) for gene, (low, size) in spans.items()
    )
    found = zip(genes.gene_id, genes.gene_start, genes.gene_end, strict=True)
    assert [(str(name), int(start), int(end)) for name, start, end in found] == expected


def test_rows_are_named_tuples_with_defaults():
    row = GeneRow("g", "1", 2, 3, "+", 4)
    assert (row.label, row.aliases) == ("", ())


def test_yeast_genes(prior):
    found = read_genes(prior / "yeast_gene_positions_R64.tsv.gz")
    assert found.genes.gene_id.size == 6692
    place = found.genes.gene_id.tolist().index("YDL248W")
    assert found.genes.gene_contig[place] == "IV"
    assert (found.genes.gene_start[place], found.genes.gene_end[place]) == (1801, 2953)
    assert found.label["YDL248W"] == "COS7"
    assert found.alias["COS7"] == "YDL248W"


def test_the_first_line_of_a_double_gene_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE + ",9,g2,7,Chr1,+\n")
    with pytest.raises(KnowledgeError, match="stands here and in line 2") as caught:
        read_genes(path)
    assert "line 4" in caught.value.where
