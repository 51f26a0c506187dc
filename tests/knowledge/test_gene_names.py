import pytest

from meristem.knowledge.files.genes import read_genes
from meristem.knowledge.gene_names import GeneNames, NameMatch, fold_gene

GFF = """##gff-version 3
1\t.\tgene\t10\t90\t.\t+\t.\tID=gene-LOC103;Dbxref=GeneID:103;Name=LOC103
1\t.\tmRNA\t10\t90\t.\t+\t.\tID=rna-XM_7.1;Parent=gene-LOC103;Name=XM_7.1
1\t.\tgene\t100\t190\t.\t+\t.\tID=gene:Zm01;Name=abc
1\t.\tmRNA\t100\t190\t.\t+\t.\tID=transcript:Zm01_T001;Parent=gene:Zm01
"""


@pytest.fixture
def genes(tmp_path):
    path = tmp_path / "g.gff3"
    path.write_text(GFF)
    return read_genes(path)


@pytest.mark.parametrize("name", ["LOC103", "gene-LOC103", "103", "GeneID:103"])
def test_every_name_of_an_ncbi_gene_is_known(genes, name):
    assert GeneNames(genes).resolve((name,)) == "LOC103"


@pytest.mark.parametrize(
    ("name", "rules", "gene"),
    [
        ("Zm01_T001", ("transcript",), "Zm01"),
        ("Zm01.1", ("transcript",), "Zm01"),
        ("XM_7.1", ("transcript",), "LOC103"),
        ("ZM01", ("case",), "Zm01"),
        ("ABC", ("case",), "Zm01"),
        ("zm01_t002", ("case", "transcript"), "Zm01"),
        ("Zm02_T001", ("case", "transcript"), ""),
    ],
)
def test_looser_rules_match_when_they_are_asked_for(genes, name, rules, gene):
    assert GeneNames(genes).resolve((name,)) == ""
    assert GeneNames(genes, rules).resolve((name,)) == gene


def test_rules_not_in_use_are_offered_with_counts(genes):
    offered = GeneNames(genes).would_match(["ZM01", "Zm01_T001", "nothing"])
    assert offered == {'"case"': 1, '"case", "transcript"': 2}
    assert GeneNames(None).would_match(["a"]) == {}


def test_ambiguous_names_match_nothing(tmp_path):
    path = tmp_path / "g.csv"
    path.write_text("gene,contig,start,end\nG1.1,1,1,9\nG1.2,1,20,30\n")
    assert GeneNames(read_genes(path), ("transcript",)).resolve(("G1",)) == ""


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("AT1G01010.1", "AT1G01010"),
        ("Glyma.01G000100.1.p", "Glyma.01G000100"),
        ("Zm00001d000010_T001", "Zm00001d000010"),
        ("LOC_Os01g01010.2", "LOC_Os01g01010"),
        ("FBgn01-RA", "FBgn01"),
        ("TraesCS1A02G000100", "TraesCS1A02G000100"),
    ],
)
def test_endings_of_transcripts(name, folded):
    assert fold_gene(name, ["transcript"]) == folded


def test_a_match_says_what_is_lost_and_what_would_find_it():
    match = NameMatch("gene sets", "s.gmt", 18, 12, 3, 1, ("g1",), {'"case"': 6})
    assert match.share_lost == pytest.approx(1 / 3)
    assert "12 of 18 names" in match.line()
    assert "1 of 3 sets" in match.line()
    assert '6 more would match with `knowledge.match = ["case"]`' in match.hint()
