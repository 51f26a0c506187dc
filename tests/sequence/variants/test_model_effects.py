import numpy as np
import pytest
from tests.sequence.toys import LENGTH, fitted

from meristem.errors import ConfigError
from meristem.sequence.inputs.onehot import one_hot
from meristem.sequence.variants.model_effects import ModelScorer, window_pairs
from meristem.sequence.variants.occupancy import Change

LETTERS = np.frombuffer(b"ACGTN", np.uint8)


class Toy:
    """Two members; task 1 weighs bases by place, task 2 counts G."""

    tasks = ("place", "guanine")
    window = 7

    def __init__(self, window=7):
        self.window = window

    def ensemble(self, onehot):
        n, _, length = onehot.shape
        place = (onehot * np.arange(1, 5)[None, :, None] * np.arange(length)).sum(
            (1, 2)
        )
        count = onehot[:, 2].sum(axis=1)
        one = np.column_stack([place, count])
        return np.stack([one, one + [[0.0, 1.0]] * count[:, None]])


def _text(codes):
    return LETTERS[codes].tobytes().decode()


def test_windows_hold_the_change_and_meet_the_genome():
    rng = np.random.default_rng(6)
    contig = "".join(rng.choice(list("ACGT"), 40))
    bases = np.frombuffer(contig.encode(), np.uint8)
    for change in (Change(20, 21, "A"), Change(20, 20, "GG"), Change(18, 22, "")):
        new = contig[: change.start] + change.alt + contig[change.end :]
        pairs = window_pairs(bases, change, 7)
        assert len(pairs) >= 7
        for start, ref, alt in pairs:
            assert _text(ref) == contig[start : start + 7]
            assert _text(alt) in new
    edge = window_pairs(bases, Change(0, 1, "T"), 5)
    assert _text(edge[0].changed) == "NNNNT"


def test_a_count_changes_by_one_whatever_the_window():
    bases = np.frombuffer(b"ACGTACATTACGTACATTA", np.uint8)
    scorer = ModelScorer(Toy(), "toy")
    (effects,) = scorer.effects(bases, [Change(6, 7, "G")])
    place, guanine = effects
    assert (place.kind, guanine.kind) == ("place", "guanine")
    assert guanine.score == pytest.approx(1.5)  # members say 1 and 2
    assert guanine.spread == pytest.approx(np.sqrt(0.5))
    # A -> G adds 2 at each of the places 0 to 6.
    assert place.score == pytest.approx(2 * 3)


def test_batches_do_not_mix_variants():
    rng = np.random.default_rng(2)
    bases = LETTERS[rng.integers(0, 4, 3000)]
    changes = [Change(int(p), int(p) + 1, "G") for p in np.arange(50, 2950, 3)]
    scorer = ModelScorer(Toy(), "toy")
    together = scorer.effects(bases, changes)
    for number in (0, 100, 500, len(changes) - 1):
        assert scorer.effects(bases, [changes[number]])[0] == together[number]


def test_fewer_placements_are_spread_evenly():
    bases = np.frombuffer(b"A" * 60, np.uint8)
    assert len(window_pairs(bases, Change(30, 31, "G"), 21, 4)) == 4


def test_a_model_of_any_length_needs_a_window():
    with pytest.raises(ConfigError, match="any length"):
        ModelScorer(Toy(None), "toy")


def test_a_network_has_windows_of_its_own_length():
    model = fitted("cnn")
    with pytest.raises(ConfigError, match=f"is 20 bp, and the model reads {LENGTH}"):
        ModelScorer(model, "net", window=20)
    assert ModelScorer(model, "net", window=LENGTH).length == LENGTH


def test_a_window_of_the_genome_is_predicted_once():
    class Counting(Toy):
        n = 0

        def ensemble(self, onehot):
            self.n += len(onehot)
            return super().ensemble(onehot)

    bases = np.frombuffer(b"ACGTACATTACGTACATTA", np.uint8)
    model = Counting()
    changes = [Change(8, 9, alt) for alt in "ACG"]
    ModelScorer(model, "toy").effects(bases, changes)
    assert model.n == 3 * 7 + 7


def test_a_linear_model_scores_bases_without_predicting_windows():
    model = fitted("motif")
    rng = np.random.default_rng(8)
    bases = rng.choice(np.frombuffer(b"ACGT", np.uint8), 120)
    changes = [
        Change(place, place + 1, alt)
        for place in (3, 50, 51, 119)
        for alt in "ACGT"
        if ord(alt) != bases[place]
    ]
    changes.insert(4, Change(50, 52, "G"))
    for placements in (0, 5):
        scorer = ModelScorer(model, "x", 30, placements)
        found = scorer.effects(bases, changes)
        wanted = scorer._by_windows(bases, changes)
        assert [e.kind for e in found[0]] == list(model.tasks)
        assert np.allclose(
            [[e.score for e in row] for row in found],
            [[e.score for e in row] for row in wanted],
            atol=2e-5,
        )


@pytest.mark.parametrize("kind", ["cnn", "dilated", "stack"])
def test_networks_score_variants_as_if_windows_were_predicted_twice(kind):
    model = fitted(kind)
    bases = np.random.default_rng(4).choice(LETTERS[:4], 150)
    bases[100] = ord("N")
    changes = [
        *(
            Change(0, 1, "C"),
            Change(1, 2, "G"),
            Change(0, 3, "TTA"),
            Change(2, 2, "AC"),
        ),
        *(Change(70, 71, "T"), Change(70, 73, "ACG"), Change(70, 75, "A")),
        *(Change(100, 101, "A"), Change(101, 102, "G"), Change(140, 140, "GATTACA")),
        *(Change(147, 150, "A"), Change(148, 149, "T"), Change(149, 150, "C")),
    ]
    for placements in (1, 4):
        found = ModelScorer(model, "x", placements=placements).effects(bases, changes)
        for change, effects in zip(changes, found, strict=True):
            pairs = window_pairs(bases, change, model.window, placements)
            old, new = (
                model.ensemble(one_hot(np.stack(windows))).mean(axis=(0, 1))
                for windows in list(zip(*pairs, strict=True))[1:]
            )
            known = all(letter in b"ACGT" for letter in bases[change.start :][:1])
            wanted = new - old if known or change.end - change.start != 1 else 0 * old
            assert [e.score for e in effects] == pytest.approx(wanted, abs=1e-5)
