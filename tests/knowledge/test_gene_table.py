import pytest

from meristem.knowledge.gene_table import parse_gene_table


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
