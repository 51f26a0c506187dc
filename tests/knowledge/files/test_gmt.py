import pytest

from meristem.errors import KnowledgeError
from meristem.knowledge.files.gmt import parse_gmt


def test_gene_sets(text):
    found = parse_gmt(text("one\tna\tg1\tg2\t\n\ntwo\thttp://x\tg2\tg2\n"))
    assert found.pairs == (("g1", "one"), ("g2", "one"), ("g2", "two"))
    assert found.names == {"g1": ("g1",), "g2": ("g2",)}


def test_sets_without_descriptions_would_lose_a_gene_each(text):
    sets = "one\tg01\tg02\tg03\ntwo\tg03\tg04\nthree\tg05\tg01\tg06\n"
    with pytest.raises(KnowledgeError, match="are genes, not descriptions") as caught:
        parse_gmt(text(sets))
    assert "`na`" in caught.value.remedy


def test_a_description_may_name_a_gene(text):
    sets = "one\ttargets\tg02\tg03\ntwo\tg03\tg04\nthree\tna\tg01\tg06\n"
    assert len(parse_gmt(text(sets)).pairs) == 5
