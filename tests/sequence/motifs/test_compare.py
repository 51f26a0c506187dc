import sys

import numpy as np
import pytest
from tests.sequence.shared_data import MOTIFS, needs_data

from meristem.errors import ConfigError
from meristem.sequence.motifs.compare import match_motifs
from meristem.sequence.motifs.motif import Motif, read_meme, reverse_complement


@pytest.mark.slow  # compiles for half a minute
@needs_data
def test_turned_and_blurred_motifs_are_named():
    pytest.importorskip("memelite")
    known = read_meme(MOTIFS / "fungi.meme.gz")
    rng = np.random.default_rng(3)
    queries = []
    for motif in known[::20]:
        blurred = (
            0.9 * reverse_complement(motif).probability
            + 0.1 * rng.dirichlet(np.ones(4), motif.width).T
        )
        queries.append(Motif(motif.name, "", blurred))
    flat = Motif("flat", "", np.full((4, 9), 0.25))
    found = match_motifs([*queries, flat], known, n_best=3)
    first = {match.query: match for match in found if match.rank == 1}
    assert "flat" not in first
    right = [first[motif.name].target == motif.name for motif in queries]
    assert np.mean(right) >= 0.9
    assert all(match.q >= match.p for match in found)
    assert np.median([match.q for match in first.values()]) < 0.05


def test_a_missing_library_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "memelite", None)
    with pytest.raises(ConfigError, match="memelite") as caught:
        match_motifs([], [])
    assert "meristem[sequence]" in caught.value.remedy
