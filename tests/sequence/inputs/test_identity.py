import numpy as np

from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.inputs.identity import cluster_copies, shared_kmers


def _random(rng: np.random.Generator, n: int, length: int = 80) -> list[str]:
    return ["".join(row) for row in rng.choice(list("ACGT"), size=(n, length))]


def test_mutants_and_reverse_complements_are_copies_and_strangers_are_not() -> None:
    rng = np.random.default_rng(3)
    base = _random(rng, 30)
    mutants = []
    for text in base:
        letters = list(text)
        letters[40] = "A" if letters[40] != "A" else "C"
        mutants.append("".join(letters))
    turned = [complement_strand(text) for text in base]
    label = cluster_copies([*base, *mutants, *turned])
    assert label[:30].tolist() == label[30:60].tolist() == label[60:].tolist()
    assert np.unique(label).size == 30


def test_flanks_that_all_share_make_no_copies() -> None:
    rng = np.random.default_rng(4)
    flank = "TGCATTTTTTTCACATC", "GGTTACGGCTGTT"
    texts = [flank[0] + text + flank[1] for text in _random(rng, 300, 60)]
    assert np.unique(cluster_copies(texts)).size == 300


def test_shared_kmers_equal_a_naive_count() -> None:
    rng = np.random.default_rng(5)
    texts = _random(rng, 6, 30)
    texts[3] = texts[0][:25] + "ACGTA"
    shared = shared_kmers(texts).toarray()

    def words(text: str) -> set[str]:
        cut = [text[i : i + 12] for i in range(len(text) - 11)]
        return {min(word, complement_strand(word)) for word in cut}

    for i in range(6):
        for j in range(6):
            if i != j:
                assert shared[i, j] == len(words(texts[i]) & words(texts[j]))


def test_short_and_unknown_sequences_are_strangers() -> None:
    assert np.unique(cluster_copies(["ACG", "ACG", "N" * 40])).size == 3
