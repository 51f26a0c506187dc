import pytest
from tests.sequence.toys import motifs

from meristem.sequence.interpretation.naming import COLUMNS, name_patterns
from meristem.sequence.interpretation.seqlets import Pattern
from meristem.sequence.motifs.motif import reverse_complement


def test_nothing_found_has_no_names() -> None:
    assert tuple(name_patterns([], motifs()).columns) == COLUMNS


@pytest.mark.slow
def test_planted_motifs_get_their_own_names_on_either_strand() -> None:
    pytest.importorskip("memelite")
    known = motifs()
    found = [Pattern(reverse_complement(motif), 10, 1.0) for motif in known[:4]]
    table = name_patterns(found, known)
    first = table[table["rank"] == 1]
    assert first["motif"].tolist() == [motif.name for motif in known[:4]]
    assert (first["q"] < 0.05).all()
