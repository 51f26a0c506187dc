from meristem.knowledge.files.gmt import parse_gmt


def test_gene_sets(text):
    found = parse_gmt(text("one\tna\tg1\tg2\t\n\ntwo\thttp://x\tg2\tg2\n"))
    assert found.pairs == (("g1", "one"), ("g2", "one"), ("g2", "two"))
    assert found.names == {"g1": ("g1",), "g2": ("g2",)}
