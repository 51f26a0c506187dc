import numpy as np
import pytest

from meristem.errors import DataError
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.inputs.onehot import (
    base_codes,
    clean_sequence,
    code_matrix,
    decode,
    encode,
    flip,
)


def test_channels_are_a_c_g_t_and_unknown_bases_are_zeros() -> None:
    x = encode(["ACGTN"])
    assert x.dtype == np.float32
    assert x.shape == (1, 4, 5)
    assert x[0, :, :4].tolist() == np.eye(4).tolist()
    assert x[0, :, 4].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("pad", "text"),
    [("left", "NNNNACG"), ("right", "ACGNNNN"), ("both", "NNACGNN")],
)
def test_shorter_sequences_are_filled_up(pad: str, text: str) -> None:
    assert decode(encode(["ACG"], 7, pad)) == [text]


def test_longer_sequences_are_cut_on_the_padded_side() -> None:
    assert decode(encode(["ACGTT"], 3, "left")) == ["GTT"]
    assert decode(encode(["ACGTT"], 3, "right")) == ["ACG"]


def test_flip_is_the_complement_strand() -> None:
    text = "ACCGTNA"
    assert decode(flip(encode([text]))) == [complement_strand(text)]


def test_codes_and_one_hot_agree() -> None:
    texts = ["ACGTN", "TTGCA"]
    assert base_codes(encode(texts)).tolist() == code_matrix(texts).tolist()


@pytest.mark.parametrize("text", ["AC3T", "", "ACG-T", "ACZT"])
def test_what_is_no_base_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(DataError, match="line 7"):
        clean_sequence(text, "file, line 7")
