import numpy as np

from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.variants.amino_acids import BLOSUM62, CODON, GRANTHAM, translate

# Grantham 1974, table 1: composition, polarity, volume.
PROPERTY = {
    "S": (1.42, 9.2, 32),
    "R": (0.65, 10.5, 124),
    "L": (0, 4.9, 111),
    "P": (0.39, 8.0, 32.5),
    "T": (0.71, 8.6, 61),
    "A": (0, 8.1, 31),
    "V": (0, 5.9, 84),
    "G": (0.74, 9.0, 3),
    "I": (0, 5.2, 111),
    "F": (0, 5.2, 132),
    "Y": (0.20, 6.2, 136),
    "C": (2.75, 5.5, 55),
    "H": (0.58, 10.4, 96),
    "Q": (0.89, 10.5, 85),
    "N": (1.33, 11.6, 56),
    "K": (0.33, 11.3, 119),
    "D": (1.38, 13.0, 54),
    "E": (0.92, 12.3, 83),
    "M": (0, 5.7, 105),
    "W": (0.13, 5.4, 170),
}


def test_grantham_follows_its_formula():
    weight = np.array([1.833, 0.1018, 0.000399])
    for a, first in PROPERTY.items():
        for b, second in PROPERTY.items():
            step = (np.array(first) - second) ** 2
            if {a, b} == {"D", "W"}:  # the table prints 181, its formula gives 191
                continue
            expected = 50.723 * np.sqrt(weight @ step)
            assert abs(GRANTHAM[a + b] - expected) < 1.7, (a, b, expected)


def test_blosum_is_symmetric_and_complete():
    assert len(BLOSUM62) == len(GRANTHAM) == 400
    assert all(BLOSUM62[a + b] == BLOSUM62[b + a] for a, b in BLOSUM62)
    assert (BLOSUM62["WW"], BLOSUM62["IL"], BLOSUM62["DL"]) == (11, 2, -4)
    # Henikoff and Henikoff 1992: expected score of random pairs -0.52 half bits
    # at their frequencies; uniform frequencies are near -1.
    assert -1.2 < np.mean(list(BLOSUM62.values())) < -0.7


def test_the_code_has_three_stops_and_one_start():
    assert sorted(c for c, a in CODON.items() if a == "*") == ["TAA", "TAG", "TGA"]
    assert [c for c, a in CODON.items() if a == "M"] == ["ATG"]
    assert translate("ATGTGGTA") == "MWX"
    assert complement_strand("ANRG") == "CYNT"
