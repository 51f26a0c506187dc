import numpy as np
import pytest
from tests.sequence.toys import motifs

from meristem.sequence.inputs.onehot import one_hot
from meristem.sequence.models.closed_form import fit_closed_form
from meristem.sequence.models.options import KmerOptions, MotifOptions
from meristem.sequence.models.substitutions import substitution_effects

LENGTH = 31


@pytest.mark.parametrize("options", [MotifOptions(k=(2, 3)), KmerOptions(k=(3,))])
@pytest.mark.parametrize("starts", [[15], [0, 7, 15, 22, 30], list(range(LENGTH))])
def test_effects_are_those_of_predicted_windows(options, starts) -> None:
    rng = np.random.default_rng(3)
    known = motifs() if options.reads_motifs else ()
    rows = one_hot(rng.integers(0, 4, (60, LENGTH)).astype(np.uint8))
    value = rng.normal(size=(60, 2))
    model = fit_closed_form(
        rows,
        value,
        np.arange(60),
        options,
        tasks=("a", "b"),
        rng=rng,
        motifs=known,
    )
    contig = rng.integers(0, 4, 150).astype(np.uint8)
    contig[[61, 99, 100, 101]] = 4
    place = np.array([2, 40, 41, 59, 62, 90, 131, 149])  # both ends, near unknown ones
    alt = (contig[place] + rng.integers(1, 4, place.size)).astype(np.uint8) % 4
    starts = np.array(starts) - LENGTH + 1
    padded = np.pad(contig, LENGTH, constant_values=4)
    wanted = np.zeros((place.size, 2))
    for row, (at, base) in enumerate(zip(place + LENGTH, alt, strict=True)):
        changed = padded.copy()
        changed[at] = base
        windows = [
            one_hot(np.stack([c[at + s : at + s + LENGTH] for s in starts]))
            for c in (padded, changed)
        ]
        wanted[row] = np.diff([model.predict(w).mean(axis=0) for w in windows], axis=0)
    bases = np.frombuffer(b"ACGTN", np.uint8)[contig]
    found = substitution_effects(model.linear, bases, place, alt, starts, LENGTH)
    assert np.abs(wanted).max() > 1e-3
    assert np.allclose(found, wanted, atol=2e-5)
