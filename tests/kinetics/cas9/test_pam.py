"""PAMs of other enzymes: their length, their side, and pairs turned round."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.kinetics.cas9.bulges import encode_sites
from meristem.kinetics.cas9.encode import count_edits
from meristem.kinetics.cas9.pam import CAS9, Pam, read_pam

CAS12A = read_pam("TTTV", "5")
GUIDE = "TTTACGATGACTACGTCATGCA"  # four bases of PAM, 18 of spacer


def test_a_pam_is_read_in_any_case_and_length() -> None:
    assert read_pam(" nngrrt ") == Pam("NNGRRT", "3")
    assert read_pam("NGG").place == CAS9.place != CAS12A.place
    for wrong in ("NXG", "", "N" * 9):
        with pytest.raises(ConfigError, match="is no PAM"):
            read_pam(wrong)


@pytest.mark.parametrize(
    ("pam", "fixed"),
    [(CAS9, 2), (CAS12A, 4), (Pam("NNGRRT"), 4), (Pam("TTN", "5"), 2)],
)
def test_fixed_bases_are_counted_from_the_outer_end(pam: Pam, fixed: int) -> None:
    assert pam.fixed == fixed


def test_the_side_says_where_a_guide_has_its_pam() -> None:
    assert CAS12A.fits(GUIDE)
    assert not CAS12A.fits(GUIDE[::-1])
    assert not CAS12A.fits("TTT")


def test_position_0_is_the_outer_base_of_the_pam_on_either_side() -> None:
    changed = [GUIDE[:at] + "ACGT"[GUIDE[at] == "A"] + GUIDE[at + 1 :] for at in (0, 5)]
    x = encode_sites([GUIDE] * 2, changed, CAS12A)
    assert count_edits(x).tolist() == [1, 1]
    assert [int(np.flatnonzero(row[:, 4:].any(axis=1))[0]) for row in x] == [0, 5]


def test_a_guide_of_cas9_and_its_mirror_image_are_encoded_alike() -> None:
    guide, target = "GACGCATAAAGATGAGACGCTGG", "GACGCATAAAGTTGAGACGCTGG"
    mirrored = encode_sites([guide[::-1]], [target[::-1]], Pam("GRN", "5"))
    assert (encode_sites([guide], [target]) == mirrored).all()
