"""Every faulty knowledge file gives one clear error that names file and place."""

import gzip
import os

import pytest

from meristem.config.stages import KnowledgeConfig
from meristem.errors import KnowledgeError
from meristem.knowledge.build import build_graph

GFF = "##gff-version 3\n1\t.\tgene\t10\t20\t.\t+\t.\tID=g1\n"
OBO = "format-version: 1.2\n\n[Term]\nid: GO:1\nname: one\n"
TERMS = "gene,term\n" + "".join(f"g{number},GO:1\n" for number in range(6))
EDGES = "child,parent,relation\nGO:1,GO:2,is_a\n"
GAF_ROW = "DB\tg1\tsym\t\tGO:1\tref\tIDA\t\tP\t\t\tprotein\ttaxon:1\t2020\tDB\t\t\n"
GZIPPED = gzip.compress(GFF.encode() * 50)
NODES = '[[nodes]]\nname = "A"\n[[nodes]]\nname = "B"\n'


def edge(source, target, more=""):
    return f'[[edges]]\nsource = "{source}"\ntarget = "{target}"\n{more}'


def genes(path):
    return KnowledgeConfig(genes=path)


def graph(path):
    return KnowledgeConfig(graph=path)


def edges(path):
    return KnowledgeConfig(edges=(path,))


def sets(path):
    return KnowledgeConfig(gene_sets=(path,))


def annotation(path):
    return KnowledgeConfig(annotation=path)


def ontology(path):
    other = path.with_name("annotation.csv")
    other.write_text(TERMS)
    return KnowledgeConfig(ontology=path, annotation=other)


def labels(path):
    other = path.with_name("edges.sif")
    other.write_text("a r b\n")
    return KnowledgeConfig(edges=(other,), labels=path)


# config, file name, content, what the message must say
FAULTS = {
    "empty file": (genes, "g.gff3", "", "is empty"),
    "blank lines only": (genes, "g.csv", "\n  \n\n", "is empty"),
    "truncated gzip": (genes, "g.gff3.gz", GZIPPED[:-12], "gzip stream is truncated"),
    "damaged gzip": (
        sets,
        "s.gmt.gz",
        GZIPPED[:20] + b"xx" + GZIPPED[22:],
        "gzip stream",
    ),
    "latin-1": (sets, "s.gmt", b"set\tna\tg1\nm\xe4\tna\tg1\n", "line 2: is not UTF-8"),
    "utf-16": (genes, "g.csv", "gene,contig\n".encode("utf-16"), "is not UTF-8"),
    "zero bytes": (
        genes,
        "g.csv",
        b"gene,contig\na\0,1\n",
        "line 2: holds a zero byte",
    ),
    "GFF end before start": (
        genes,
        "g.gff3",
        GFF.replace("10\t20", "20\t10"),
        "line 2: gene 'g1' ends at 10, before its start 20",
    ),
    "GFF start 0": (genes, "g.gff3", GFF.replace("10\t20", "0\t9"), "goes from 0 to 9"),
    "GFF with 7 columns": (
        genes,
        "g.gff3",
        "1\t.\tgene\t10\t20\t.\t+\n",
        "line 1: has 7 tab-separated columns",
    ),
    "GFF with blanks for tabs": (
        genes,
        "g.gff3",
        "1 . gene 10 20 . + . ID=g1\n",
        "has 1 tab-separated columns",
    ),
    "GFF with a decimal position": (
        genes,
        "g.gff3",
        GFF.replace("20", "2.5e3"),
        "line 2: end '2.5e3' is not a whole number",
    ),
    "GFF gene without a name": (
        genes,
        "g.gff3",
        GFF.replace("ID=g1", "biotype=x"),
        "line 2: a gene has none of the attributes",
    ),
    "GFF with a gene twice": (
        genes,
        "g.gff3",
        GFF + "1\t.\tgene\t30\t40\t.\t+\t.\tID=g1\n",
        "line 3: gene 'g1' stands here and in line 2",
    ),
    "GFF without genes": (
        genes,
        "g.gff3",
        GFF.replace("gene", "repeat_region"),
        "has no gene, transcript or exon",
    ),
    "GTF exon end before start": (
        genes,
        "g.gtf",
        '1\t.\texon\t30\t20\t.\t+\t.\tgene_id "g1";\n',
        "line 1: a feature ends at 20",
    ),
    "gene table without contig": (
        genes,
        "g.csv",
        "gene,start,end\ng1,1,2\n",
        "line 1: the header has no column for contig",
    ),
    "gene table, one field short": (
        genes,
        "g.tsv",
        "gene\tcontig\tstart\tend\ng1\t1\t5\n",
        "line 2: has 3 fields, the header has 4",
    ),
    "gene table, position no number": (
        genes,
        "g.csv",
        "gene,contig,start,end\ng1,1,five,9\n",
        "line 2: start 'five' is not a whole number",
    ),
    "gene table, plus strand written backwards": (
        genes,
        "g.csv",
        "gene,contig,start,end,strand\ng1,1,9,5,+\n",
        "line 2: gene 'g1' ends at 5, before its start 9",
    ),
    "gene table, header only": (
        genes,
        "g.csv",
        "gene,contig,start,end\n",
        "has a header but no data rows",
    ),
    "gene table, no name": (
        genes,
        "g.csv",
        "gene,contig,start,end\n,1,5,9\n",
        "line 2: the gene or the contig is empty",
    ),
    "gene table, unclosed quote": (
        genes,
        "g.csv",
        'gene,contig,start,end\n"g1,1,5,9\n',
        "line 2: the quotes do not match",
    ),
    "OBO without terms": (ontology, "o.obo", "format-version: 1.2\n", "no [Term]"),
    "OBO with a cycle": (
        ontology,
        "o.obo",
        OBO + "is_a: GO:2\n\n[Term]\nid: GO:2\nname: two\nis_a: GO:1\n",
        "has a cycle: GO:",
    ),
    "OBO with an unknown parent": (
        ontology,
        "o.obo",
        OBO + "is_a: GO:9 ! nine\n",
        "line 4: term GO:1 has the parent GO:9 (is_a), which is not defined",
    ),
    "OBO with an obsolete parent": (
        ontology,
        "o.obo",
        OBO + "is_a: GO:9\n\n[Term]\nid: GO:9\nname: nine\nis_obsolete: true\n",
        "which is obsolete",
    ),
    "OBO term without id": (
        ontology,
        "o.obo",
        OBO + "\n[Term]\nname: two\n",
        "line 7: a [Term] has no id",
    ),
    "OBO term twice": (
        ontology,
        "o.obo",
        OBO + "\n[Term]\nid: GO:1\nname: two\n",
        "line 8: term GO:1 is defined a second time",
    ),
    "OBO line without a tag": (
        ontology,
        "o.obo",
        OBO + "nonsense\n",
        "line 6: is not valid OBO",
    ),
    "OBO relationship of one word": (
        ontology,
        "o.obo",
        OBO + "relationship: part_of\n",
        "is not valid OBO",
    ),
    "GO edges with a cycle": (
        ontology,
        "o.tsv",
        "child\tparent\na\tb\nb\tc\nc\ta\n",
        "has a cycle: a -> b -> c -> a",
    ),
    "GO edges, term its own parent": (
        ontology,
        "o.csv",
        EDGES + "GO:2,GO:2,is_a\n",
        "line 3: child and parent have to be two terms",
    ),
    "GO edges without parent": (
        ontology,
        "o.csv",
        "child,relation\na,is_a\n",
        "no column for parent",
    ),
    "annotation to other terms": (
        ontology,
        "o.csv",
        "child,parent\nPO:1,PO:2\n",
        "unknown terms: GO:1",
    ),
    "GAF short line": (
        annotation,
        "a.gaf",
        "!gaf-version: 2.2\n" + GAF_ROW + "DB\tg2\tsym\n",
        "line 3: has 3 tab-separated columns, GAF 2 has 15 to 17",
    ),
    "GAF without a term": (
        annotation,
        "a.gaf",
        "!gaf-version: 2.2\n" + GAF_ROW.replace("GO:1", ""),
        "line 2: column 2 (object) or 5 (term) is empty",
    ),
    "GAF with nothing left": (
        annotation,
        "a.gaf",
        "!gaf-version: 2.2\n" + GAF_ROW.replace("\t\tGO:1", "\tNOT|enables\tGO:1"),
        "no annotation is left",
    ),
    "annotation without gene": (
        annotation,
        "a.csv",
        "term,evidence\nGO:1,IDA\n",
        "no column for gene",
    ),
    "annotation with an empty gene": (
        annotation,
        "a.csv",
        TERMS + ",GO:1\n",
        "line 8: the gene is empty",
    ),
    "annotation, all terms too small": (
        annotation,
        "a.csv",
        "gene,term\ng1,GO:1\n",
        "no term has between 5 and 2000 genes",
    ),
    "GMT with two fields": (
        sets,
        "s.gmt",
        "good\tna\tg1\nset\tna\n",
        "line 2: has 2 tab-separated fields",
    ),
    "GMT with blanks for tabs": (sets, "s.gmt", "set na g1 g2\n", "has 1 tab-sep"),
    "GMT set twice": (
        sets,
        "s.gmt",
        "set\tna\tg1\nset\tna\tg2\n",
        "line 2: gene set 'set' is defined a second time",
    ),
    "GMT set named as its gene": (sets, "s.gmt", "g1\tna\tg1\tg2\n", "of a set and"),
    "SIF with two fields": (edges, "e.sif", "a r b\nc d\n", "line 2: has 2 fields"),
    "SIF with an empty field": (edges, "e.sif", "a\tr\t\tb\n", "line 1: has 4 fields"),
    "SIF self edge": (edges, "e.sif", "a r a\n", "'a' has an edge to itself (line 1)"),
    "SIF cycle": (edges, "e.sif", "a r b\nb r a\n", "has a cycle: "),
    "edge table without target": (
        edges,
        "e.csv",
        "source,kind\na,b\n",
        "no column for target",
    ),
    "edge table with a strange sign": (
        edges,
        "e.csv",
        "source,target,sign\na,b,2\n",
        "line 2: sign '2' is none of",
    ),
    "edge table with an empty name": (
        edges,
        "e.csv",
        "source,target\na,\n",
        "line 2: source or target is empty",
    ),
    "TOML syntax": (graph, "g.toml", "[[nodes]\n", "is not valid TOML"),
    "TOML unknown key": (graph, "g.toml", NODES + "colour = 1\n", "nodes.1.colour"),
    "TOML without nodes": (graph, "g.toml", 'name = "x"\n', "nodes: is needed"),
    "TOML sign 2": (
        graph,
        "g.toml",
        NODES + edge("A", "B", "sign = 2\n"),
        "edges.0.sign",
    ),
    "TOML variants no list": (
        graph,
        "g.toml",
        NODES + 'variants = "v1"\n',
        "nodes.1.variants",
    ),
    "TOML self edge": (graph, "g.toml", NODES + edge("A", "A"), "edge 1 (A -> A)"),
    "TOML edge to an unknown node": (
        graph,
        "g.toml",
        NODES + edge("A", "C"),
        "edge 1 (A -> C): names the unknown node 'C'",
    ),
    "TOML edge twice": (
        graph,
        "g.toml",
        NODES + edge("A", "B") + edge("A", "B"),
        "edge 2 (A -> B): stands in the file twice",
    ),
    "TOML node twice": (
        graph,
        "g.toml",
        NODES + NODES,
        "nodes are defined twice: A, B",
    ),
    "TOML cycle": (
        graph,
        "g.toml",
        NODES + edge("A", "B") + edge("B", "A"),
        "has a cycle: ",
    ),
    "TOML unknown trait parent": (
        graph,
        "g.toml",
        'trait_parents = ["Z"]\n' + NODES,
        "trait_parents: trait_parents names the unknown node 'Z'",
    ),
    "labels without label": (labels, "l.csv", "id\na\n", "no column for label"),
}


def write(folder, name, content):
    path = folder / name
    raw = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("fault", FAULTS, ids=FAULTS.keys())
def test_fault_gives_one_clear_error(fault, tmp_path):
    config, name, content, expected = FAULTS[fault]
    path = write(tmp_path, name, content)
    with pytest.raises(KnowledgeError) as caught:
        build_graph(config(path))
    assert expected in caught.value.message
    assert str(tmp_path) in caught.value.where
    assert caught.value.remedy


def test_there_are_enough_faults():
    assert len(FAULTS) >= 20


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(KnowledgeError, match="is a folder") as caught:
        build_graph(genes(tmp_path))
    assert str(tmp_path) in caught.value.message


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(KnowledgeError, match="does not exist") as caught:
        build_graph(sets(tmp_path / "none.gmt"))
    assert "none.gmt" in caught.value.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_named(tmp_path):
    path = write(tmp_path, "g.gff3", GFF)
    path.chmod(0)
    with pytest.raises(KnowledgeError, match="cannot be read"):
        build_graph(genes(path))


def test_no_file_at_all():
    with pytest.raises(KnowledgeError, match="names no file"):
        build_graph(KnowledgeConfig())


def test_an_ontology_needs_an_annotation(tmp_path):
    path = write(tmp_path, "o.obo", OBO)
    with pytest.raises(KnowledgeError, match="without an annotation"):
        build_graph(KnowledgeConfig(ontology=path))


def test_an_unknown_namespace_lists_the_known_ones(tmp_path):
    one = write(tmp_path, "o.csv", "child,parent,ontology\nGO:1,GO:2,BP\n")
    other = write(tmp_path, "a.csv", TERMS)
    config = KnowledgeConfig(ontology=one, annotation=other, namespaces=("CC",))
    with pytest.raises(KnowledgeError, match="cellular_component") as caught:
        build_graph(config)
    assert "biological_process" in caught.value.remedy


def test_annotation_of_other_genes_is_refused(tmp_path):
    gff = write(tmp_path, "g.gff3", GFF.replace("g1", "other"))
    terms = write(tmp_path, "a.csv", TERMS)
    with pytest.raises(KnowledgeError, match="none of its 6 genes"):
        build_graph(KnowledgeConfig(genes=gff, annotation=terms))


def test_a_name_for_two_kinds_is_refused(tmp_path):
    gmt = write(tmp_path, "s.gmt", "A\tna\t" + "\t".join("abcde") + "\n")
    toml = write(tmp_path, "g.toml", '[[nodes]]\nname = "A"\nkind = "hormone"\n')
    with pytest.raises(KnowledgeError, match="'A' is a set"):
        build_graph(KnowledgeConfig(gene_sets=(gmt,), graph=toml))


def test_a_cycle_over_two_files_is_refused(tmp_path):
    one = write(tmp_path, "one.sif", "a r b\n")
    two = write(tmp_path, "two.sif", "b r a\n")
    with pytest.raises(KnowledgeError, match="has a cycle") as caught:
        build_graph(KnowledgeConfig(edges=(one, two)))
    assert "one.sif" in caught.value.where
    assert "two.sif" in caught.value.where
