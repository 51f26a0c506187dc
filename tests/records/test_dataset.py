"""`meristem.records`: checked when made, cut by name and position, hashed."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from tests import toys

from meristem.errors import DataError
from meristem.records.dataset import Dataset, SampleGroups
from meristem.records.genotypes import Genotypes
from meristem.records.omics import OmicsTable
from meristem.records.phenotypes import Phenotypes


def _genotypes(n_sample: int = 4, n_variant: int = 3) -> Genotypes:
    calls = np.arange(n_sample * n_variant).reshape(n_sample, n_variant) % 3
    return toys.genotypes(calls)


def _phenotypes(samples: np.ndarray, n_target: int = 2) -> Phenotypes:
    value = np.arange(samples.size * n_target, dtype=float)
    value = value.reshape(samples.size, n_target)
    environments = np.array(["", "e1"][:n_target])
    return Phenotypes(samples, np.full(n_target, "t"), environments, value, value + 1)


def _dataset() -> Dataset:
    genotypes = _genotypes()
    samples = genotypes.sample_id
    omics = OmicsTable(
        "m", samples, np.array(["f"]), np.array([""]), np.full((4, 1), np.nan)
    )
    groups = SampleGroups(samples, np.array(["g"]), np.array([["a"], ["b"]] * 2))
    return Dataset(genotypes, _phenotypes(samples), (omics,), groups)


def test_taking_keeps_all_tables_aligned() -> None:
    part = _dataset().take(np.array([2, 0]))
    assert part.sample_id.tolist() == ["s2", "s0"]
    assert part.phenotypes.sample_id.tolist() == ["s2", "s0"]
    assert part.omics[0].sample_id.tolist() == ["s2", "s0"]
    assert part.groups is not None
    assert part.groups.column("g").tolist() == ["a", "a"]
    narrow = part.take_variants(np.array([1])).take_targets(np.array([1]))
    assert narrow.genotypes.call_dosage.tolist() == [[1], [1]]
    assert narrow.phenotypes.target_name == ["t@e1"]


def test_records_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        _genotypes().ploidy = 4  # type: ignore[misc]


def test_wrong_shapes_types_and_values_are_refused() -> None:
    good = _genotypes()
    with pytest.raises(DataError, match="shape"):
        replace(good, sample_id=good.sample_id[:2])
    with pytest.raises(DataError, match="int8"):
        replace(good, call_dosage=good.call_dosage.astype(float))
    with pytest.raises(DataError, match="more than once: s0"):
        replace(good, sample_id=np.array(["s0", "s0", "s1", "s2"]))
    phenotypes = _phenotypes(good.sample_id)
    with pytest.raises(DataError, match="infinite"):
        replace(phenotypes, value=np.full((4, 2), np.inf))
    with pytest.raises(DataError, match="targets"):
        replace(phenotypes, environment_name=np.array(["", ""]))
    with pytest.raises(DataError, match="not aligned"):
        Dataset(good, _phenotypes(good.sample_id[::-1]))


def test_derived_values_count_where_they_are_asked_for_alone() -> None:
    derived = np.array([False, True, False])
    names, genes = np.array(["a", "ab", "b"]), np.array(["g", "h"])
    value = np.arange(6.0).reshape(3, 2)
    table = OmicsTable("o", names, genes, genes, value, derived=derived)
    assert np.isnan(table.direct().value).all(axis=1).tolist() == derived.tolist()
    assert table.take_samples(np.array([1, 2])).derived.tolist() == [True, False]
    known = replace(table, reliability=np.array([0.2, 0.7]))
    second = known.take_features(np.array([False, True]))
    assert second.value.ravel().tolist() == [1.0, 3.0, 5.0]
    assert second.reliability.tolist() == [0.7]
    assert second.derived.tolist() == derived.tolist()
    with pytest.raises(DataError, match="derived"):
        OmicsTable("o", names, genes, genes, value, derived=derived[:2])


def test_unknown_groupings_are_named() -> None:
    groups = _dataset().groups
    assert groups is not None
    with pytest.raises(DataError, match=r"'family'(.|\n)*groupings read: g"):
        groups.column("family")
