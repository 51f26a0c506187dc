"""The batched alignment against a plain recursion."""

from functools import cache

import numpy as np
import pytest

from meristem.kinetics.cas9.align import CODE_OF, GAP, PAD, GapScores, align_codes


def codes(texts: list[str], width: int) -> np.ndarray:
    out = np.full((len(texts), width), PAD, dtype=np.uint8)
    for row, text in enumerate(texts):
        out[row, : len(text)] = [CODE_OF[ord(c)] for c in text]
    return out


def best_score(a: str, b: str, scores: GapScores) -> float:
    """Return the best score by trying every way (layer: what the last column was)."""

    @cache
    def go(i: int, j: int, layer: str) -> float:
        if i == 0 and j == 0:
            return 0.0
        ways = [-1e9]
        if i and j:
            same = a[i - 1] == b[j - 1]
            step = scores.match if same else scores.mismatch
            ways += [go(i - 1, j - 1, "m") + step]
        for kind, di, dj in (("d", 1, 0), ("i", 0, 1)):
            if i >= di and j >= dj:
                before = go(i - di, j - dj, kind)
                first = scores.open_gap if layer != kind else scores.extend_gap
                ways.append(before + first)
        return max(ways)

    return go(len(a), len(b), "m")


def test_scores_agree_with_the_recursion() -> None:
    rng = np.random.default_rng(0)
    scores = GapScores(match=1.0, mismatch=-0.3, open_gap=-1.0, extend_gap=-0.25)
    first = ["".join(rng.choice(list("ACGT"), rng.integers(3, 9))) for _ in range(30)]
    second = ["".join(rng.choice(list("ACGT"), rng.integers(3, 9))) for _ in range(30)]
    a, b, score = align_codes(codes(first, 8), codes(second, 8), scores)
    for row, (x, y) in enumerate(zip(first, second, strict=True)):
        assert score[row] == pytest.approx(best_score(x, y, scores), abs=1e-5)
        assert scored(a[row], b[row], scores) == pytest.approx(score[row], abs=1e-5)
        assert "".join("ACGTN"[c] for c in a[row] if c < GAP) == x
        assert "".join("ACGTN"[c] for c in b[row] if c < GAP) == y


def scored(a: np.ndarray, b: np.ndarray, scores: GapScores) -> float:
    total, before = 0.0, "m"
    for x, y in zip(a, b, strict=True):
        if x == PAD:
            assert y == PAD
            continue
        now = "i" if x == GAP else "d" if y == GAP else "m"
        if now == "m":
            total += scores.match if x == y else scores.mismatch
        else:
            total += scores.extend_gap if now == before else scores.open_gap
        before = now
    return total


def test_no_pairs() -> None:
    a, b, score = align_codes(codes([], 5), codes([], 5))
    assert len(a) == len(b) == len(score) == 0


def test_blocks_make_no_difference() -> None:
    rng = np.random.default_rng(1)
    first = ["".join(rng.choice(list("ACGT"), rng.integers(5, 12))) for _ in range(23)]
    second = ["".join(rng.choice(list("ACGT"), rng.integers(5, 12))) for _ in range(23)]
    whole = align_codes(codes(first, 11), codes(second, 11))
    parts = align_codes(codes(first, 11), codes(second, 11), block=5)
    for one, other in zip(whole, parts, strict=True):
        assert np.array_equal(one, other)
