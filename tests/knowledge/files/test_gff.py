import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.knowledge.files.gff import parse_attributes, parse_gff


def line(kind, attributes, start=10, end=20):
    return f"1\t.\t{kind}\t{start}\t{end}\t.\t+\t.\t{attributes}\n"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("ID=gene:AT1G01010;Name=NAC001;gene_id=AT1G01010", "AT1G01010"),
        ("ID=gene-LOC1;Name=LOC1", "LOC1"),
        ("ID=AT1G1.TAIR10;Name=AT1G1", "AT1G1"),
        ("ID=AT1G1;Name=AT1", "AT1G1"),
        ("Name=only%20name", "only name"),
        ('gene_id "YAL001C"; gene_name "TFC3";', "YAL001C"),
        ('gene_id "YAL001C"', "YAL001C"),
    ],
)
def test_gene_ids_of_the_common_sources(text, attributes, expected):
    (row,) = parse_gff(text(line("gene", attributes)))
    assert row.gene_id == expected


@pytest.mark.parametrize("kind", ["gene", "ncRNA_gene", "pseudogene"])
def test_gene_features(text, kind):
    assert len(parse_gff(text(line(kind, "ID=g") + line("mRNA", "ID=t;Parent=g")))) == 1


def test_transcripts_stand_in_for_genes(text):
    content = line("mRNA", "ID=t1;Parent=g1", 5, 9) + line(
        "mRNA", "ID=t2;Parent=g1", 7, 30
    )
    (row,) = parse_gff(text(content + line("exon", "Parent=t1", 5, 6)))
    assert (row.gene_id, row.start, row.end) == ("g1", 5, 30)


def test_genes_win_over_their_parts(text):
    content = line("exon", 'gene_id "g1";', 1, 99) + line("gene", 'gene_id "g1";', 5, 9)
    (row,) = parse_gff(text(content))
    assert (row.start, row.end) == (5, 9)


def test_a_trans_spliced_gene_is_its_first_part(text):
    parts = [
        line("gene", "ID=gene-rps12;part=2", 70, 90),
        line("gene", "ID=gene-rps12;part=1", 10, 20),
        line("gene", "ID=gene-x", 30, 40),
    ]
    rows = parse_gff(text("".join(parts)))
    assert [(row.gene_id, row.start) for row in rows] == [("rps12", 10), ("x", 30)]


def test_aliases_are_split_only_where_the_attribute_is_a_list(text):
    (row,) = parse_gff(
        text(line("gene", "ID=g;Name=A%2C1;Alias=old, older;locus_tag=T"))
    )
    assert row.aliases == ("A,1", "T", "old", "older")


def test_contigs_are_decoded(text):
    content = line("gene", "ID=g").replace("1\t.", "chr%201\t.", 1)
    assert parse_gff(text(content))[0].contig == "chr 1"


values = st.text(st.characters(codec="utf-8"), max_size=12)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_]{1,6}", fullmatch=True), values, max_size=5
    )
)
def test_encoded_attributes_round_trip(attributes):
    kept = {key: value.strip() for key, value in attributes.items()}
    encoded = ";".join(
        f"{key}={''.join(f'%{byte:02X}' for byte in value.encode())}"
        for key, value in kept.items()
    )
    assert parse_attributes(encoded) == kept
