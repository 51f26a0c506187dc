from meristem.sequence.genome.promoters import PromoterIndex, promoters
from meristem.sequence.genome.transcripts import Transcript


def test_windows_follow_the_strand_and_the_nearest_gene_comes_first():
    genes = [
        Transcript("a.1", "a", "1", 1, ((1000, 2000),), ()),
        Transcript("a.2", "a", "1", 1, ((1100, 2000),), ()),
        Transcript("b.1", "b", "1", -1, ((300, 901),), ()),
    ]
    index = PromoterIndex(promoters(genes, 500, 50))
    assert index.find("1", 990) == [("a", -10), ("b", -90)]
    assert index.find("1", 860) == [("b", 40), ("a", -140)]
    assert index.find("1", 1120) == [("a", 20), ("b", -220)]
    assert index.find("2", 990) == []
    assert index.find("1", 200) == []
