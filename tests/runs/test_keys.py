from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.toys import additive_dataset

from meristem.config.models import GBLUPOptions, RidgeOptions
from meristem.runs.keys import digest, seed_words


@dataclass(frozen=True)
class Model:
    options: object


class Plain:
    def __init__(self, x: object) -> None:
        self.x = x


class Hashed:
    hash = "abc"
    data = object()


PAIRS = [
    (1, 2),
    (1, True),
    (1, 1.0),
    ("1", 1),
    ("ab", ("a", "b")),
    (("ab", "c"), ("a", "bc")),
    (None, ""),
    (np.arange(4), np.arange(4.0)),
    (np.arange(4), np.arange(4).reshape(2, 2)),
    (np.array(["a", "b"]), np.array(["ab", ""])),
    (GBLUPOptions(), RidgeOptions()),
    (Model(GBLUPOptions()), Model(GBLUPOptions(variance="inner"))),
    (Plain(1), Plain(2)),
    ({"a": 1}, {"a": 2}),
    (np.sum, np.mean),
]


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_different_things_have_different_digests(one, two):
    assert digest(one) == digest(one)
    assert digest(one) != digest(two)


def test_the_width_of_a_text_array_does_not_matter():
    assert digest(np.array(["a"])) == digest(np.array(["a"], dtype="<U9"))


def test_memory_order_does_not_matter():
    x = np.arange(12.0).reshape(3, 4)
    assert digest(x) == digest(np.asfortranarray(x))
    assert digest(x.T) == digest(np.ascontiguousarray(x.T))


def test_a_plan_counts_by_its_hash():
    assert digest(Hashed()) == digest(Hashed())


def test_one_changed_call_changes_the_digest():
    data = additive_dataset()
    dosage = data.genotypes.call_dosage.copy()
    dosage[3, 4] = -1
    other = replace(data, genotypes=replace(data.genotypes, call_dosage=dosage))
    assert digest(data) != digest(other)


def test_what_has_no_content_is_refused():
    with pytest.raises(TypeError, match="object"):
        digest(object())


def test_seed_words():
    assert len(seed_words(1, "a")) == 4
    assert seed_words(1, "a") != seed_words(1, "b")
