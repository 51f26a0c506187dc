from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meristem.errors import DataError
from meristem.evaluate.split_files import read_splits, write_splits
from meristem.records import Split

NAMES = np.array(["a", "b,c", 'd"e', "f g", "h"])
HEAD = "scheme,replicate,fold,role,sample_id\n"


@st.composite
def split_tuples(draw):
    splits = []
    for key in draw(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)))):
        roles = draw(st.lists(st.sampled_from([0, 1, 2]), min_size=5, max_size=5))
        role = np.array(roles)
        if (role == 0).any() and (role == 1).any():
            train, test = np.flatnonzero(role == 0), np.flatnonzero(role == 1)
            splits.append(Split("group:a, b", *key, train, test))
    return tuple(splits)


@settings(max_examples=30)
@given(splits=split_tuples())
def test_round_trip(splits):
    if not splits:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "splits.csv"
        write_splits(splits, NAMES, path)
        back = read_splits(path, NAMES)
    assert len(back) == len(splits)
    for one, two in zip(splits, back, strict=True):
        assert (one.scheme, one.replicate, one.fold) == (
            two.scheme,
            two.replicate,
            two.fold,
        )
        assert np.array_equal(one.train, two.train)
        assert np.array_equal(one.test, two.test)


def test_columns_in_any_order_crlf_and_byte_order_mark(tmp_path):
    path = tmp_path / "s.csv"
    text = "sample_id,role,fold,replicate,scheme\r\na,train,0,0,k\r\nh,test,0,0,k\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (split,) = read_splits(path, NAMES)
    assert (split.train.tolist(), split.test.tolist()) == ([0], [4])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "scheme,fold,role,sample_id\nk,0,train,a\n",
            "line 1: lacks the column.*replicate",
        ),
        (HEAD + "k,0,0,train\n", "line 2: has 4 fields"),
        (HEAD + "k,0,x,train,a\n", "line 2: fold is 'x'"),
        (HEAD + "k,-1,0,train,a\n", "line 2: replicate is '-1'"),
        (HEAD + "k,0,0,valid,a\n", "line 2: role is 'valid'"),
        (HEAD + "k,0,0,train,a\nk,0,0,test,zz\n", "line 3: 1 sample.*zz"),
        (HEAD + "k,0,0,train,a\n\nk,0,0,test,a\n", "line 4: a is in fold 0 twice"),
        (HEAD + "k,0,0,train,a\n", "has no test rows"),
        (HEAD + "k,0,0,test,a\n", "has no train rows"),
        ("", "is empty"),
        (HEAD, "has a header but no data rows"),
        (
            HEAD + "k,0,0,train," + "a" * 200_000,
            "line 2: the quotes do not match .field larger",
        ),
    ],
)
def test_faults_name_file_and_line(tmp_path, text, message):
    path = tmp_path / "splits.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_splits(path, NAMES)
    assert "splits.csv" in str(caught.value)


def test_ids_are_folded_as_in_the_other_tables(tmp_path):
    path = tmp_path / "splits.csv"
    path.write_text(HEAD + "k,0,0,train,A\nk,0,0,test,H\n")
    with pytest.raises(DataError, match=r'2 would match with fold_ids = \["case"\]'):
        read_splits(path, NAMES)
    (split,) = read_splits(path, NAMES, ("case",))
    assert (split.train.tolist(), split.test.tolist()) == ([0], [4])
