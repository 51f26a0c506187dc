import pytest

from meristem.knowledge.files.gene_table import parse_gene_table


@pytest.mark.parametrize(
    "header",
    ["gene,contig,start,end", "Gene_ID,Chrom,Start,Stop", "id,chr,gene_start,gene_end"],
)
def test_headings_in_use_are_known(text, header):
    (row,) = parse_gene_table(text(f"{header}\ng1,IV,3,9\n"))
    assert row[:5] == ("g1", "IV", 3, 9, ".")


def test_strand_and_symbol_are_optional(text):
    rows = parse_gene_table(
        text("gene\tcontig\tstart\tend\tstrand\tsymbol\ng1\t1\t3\t9\t-\tABC\n")
    )
    assert (rows[0].strand, rows[0].label, rows[0].aliases) == ("-", "ABC", ("ABC",))


@pytest.mark.parametrize(
    "header", ["gene,contig,start,end", "gene,contig,start,end,strand"]
)
def test_genes_written_backwards_are_on_the_minus_strand(text, header):
    more = ",-" if "strand" in header else ""
    (row,) = parse_gene_table(text(f"{header}\ng1,IV,9,3{more}\n"))
    assert (row.start, row.end, row.strand) == (3, 9, "-")


def test_a_backward_gene_on_the_plus_strand_is_left_to_be_refused(text):
    (row,) = parse_gene_table(text("gene,contig,start,end,strand\ng1,IV,9,3,+\n"))
    assert (row.start, row.end) == (9, 3)
