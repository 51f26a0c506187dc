import numpy as np

from meristem.sequence.motifs.filters import filter_motifs

EYE = np.eye(4, dtype=np.float32)


def test_planted_sites_become_the_motif_of_their_filter():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (200, 50))
    site = np.array([2, 2, 0, 3, 1, 1, 0])
    for row in range(0, 200, 2):
        start = rng.integers(0, 43)
        codes[row, start : start + 7] = site
    onehot = EYE[codes].transpose(0, 2, 1)
    windows = np.lib.stride_tricks.sliding_window_view(codes, 7, axis=1)
    matched = (windows == site).sum(axis=2)[:, None].astype(np.float32)
    answers = np.concatenate([matched - 5, np.zeros_like(matched)], axis=1)
    (motif,) = filter_motifs(onehot, answers, 7)
    assert motif.name == "filter_0"
    assert motif.probability.argmax(axis=0).tolist() == site.tolist()
    assert motif.probability.max(axis=0).min() > 0.8


def test_a_filter_with_few_sites_gets_no_motif():
    onehot = EYE[np.zeros((5, 12), int)].transpose(0, 2, 1)
    answers = np.zeros((5, 1, 9), np.float32)
    answers[0, 0, 0] = 1
    assert filter_motifs(onehot, answers, 4) == []
