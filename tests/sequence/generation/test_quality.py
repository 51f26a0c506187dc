import numpy as np

from meristem.sequence.generation.quality import divergence, judge, spectrum


def _texts(n, share, rng):
    return ["".join(rng.choice(list("ACGT"), 60, p=share)) for _ in range(n)]


def test_copies_repeats_and_words_are_counted() -> None:
    rng = np.random.default_rng(2)
    train, held = _texts(30, [0.25] * 4, rng), _texts(40, [0.25] * 4, rng)
    new = _texts(20, [0.25] * 4, rng)
    rich = _texts(21, [0.05, 0.45, 0.45, 0.05], rng)
    found = judge([*new[:17], *train[:3], new[0]], train, held)
    assert found.n == 21
    assert abs(found.copies - 3 / 21) < 1e-9
    assert abs(found.repeats - 2 / 21) < 1e-9
    other = judge(rich, train, held)
    assert other.spectrum > 3 * found.spectrum
    assert other.gc > 0.85
    assert other.copies == 0


def test_the_divergence_of_equal_spectra_is_none() -> None:
    p = spectrum(["ACGTACGGT", "TTTACAGAT"])
    assert abs(p.sum() - 1) < 1e-12
    assert divergence(p, p) == 0
