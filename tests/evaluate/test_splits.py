from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.toys import rng

from meristem.config.stages import EvaluateConfig
from meristem.errors import ConfigError, DataError
from meristem.evaluate.splits import (
    inner_splits,
    make_splits,
    measured_rows,
    write_splits,
)


def apart(data, splits) -> bool:
    """Return whether no family stands on both sides of a split."""
    column = data.groups.column("family")
    return not any(set(column[s.test]) & set(column[s.train]) for s in splits)


def without_phenotype(dataset, rows):
    value = dataset.phenotypes.value.copy()
    value[rows] = np.nan
    return replace(dataset, phenotypes=replace(dataset.phenotypes, value=value))


def factorial_labels(n_1: int, n_2: int) -> dict[str, list[str]]:
    pairs = [(f"d{i}", f"f{j}") for i in range(n_1) for j in range(n_2)]
    return {"parent_1": [a for a, _ in pairs], "parent_2": [b for _, b in pairs]}


def test_kfold_tests_every_row_once_per_replicate(dataset_factory):
    data = dataset_factory(n_sample=23)
    splits = make_splits(data, EvaluateConfig(folds=4, replicates=3), rng())
    assert len(splits) == 12
    for replicate in range(3):
        own = [s for s in splits if s.replicate == replicate]
        assert sorted(np.concatenate([s.test for s in own])) == list(range(23))
        for split in own:
            both = np.concatenate([split.train, split.test])
            assert sorted(both) == list(range(23))
            assert np.all(np.diff(split.train) > 0)
    assert not np.array_equal(splits[0].test, splits[4].test)


def test_same_generator_same_splits(dataset_factory):
    data = dataset_factory()
    one = make_splits(data, EvaluateConfig(), rng(3))
    two = make_splits(data, EvaluateConfig(), rng(3))
    assert all(np.array_equal(a.test, b.test) for a, b in zip(one, two, strict=True))


def test_rows_with_omics_alone_train_and_are_never_tested(dataset_factory):
    data = without_phenotype(dataset_factory(n_sample=20, omics=True), [2, 5])
    for split in make_splits(data, EvaluateConfig(folds=3), rng()):
        assert {2, 5} <= set(split.train)
        assert not {2, 5} & set(split.test)


def test_rows_with_neither_omics_nor_phenotype_are_in_no_set(dataset_factory):
    data = without_phenotype(dataset_factory(n_sample=20), [2, 5])
    for split in make_splits(data, EvaluateConfig(folds=3), rng()):
        assert not {2, 5} & (set(split.train) | set(split.test))


def test_too_few_rows_for_the_folds(dataset_factory):
    data = dataset_factory(n_sample=4)
    with pytest.raises(DataError, match="4 phenotyped rows cannot make 5 folds"):
        make_splits(data, EvaluateConfig(folds=5), rng())


def test_groups_are_left_out_whole(dataset_factory):
    labels = [f"family{k % 3}" for k in range(19)]
    data = dataset_factory(n_sample=19, groups={"family": labels})
    config = EvaluateConfig(scheme="group", group="family", folds=5, replicates=4)
    splits = make_splits(data, config, rng())
    # three groups, three folds; more replicates would repeat them
    assert [split.scheme for split in splits] == ["group:family"] * 3
    column = data.groups.column("family")
    for split in splits:
        assert len(set(column[split.test])) == 1
        assert not set(column[split.test]) & set(column[split.train])


def test_many_groups_share_folds_and_replicates_differ(dataset_factory):
    labels = [f"family{k % 11}" for k in range(50)]
    data = dataset_factory(n_sample=50, groups={"family": labels})
    config = EvaluateConfig(scheme="group", group="family", folds=3, replicates=2)
    splits = make_splits(data, config, rng())
    assert len(splits) == 6
    assert apart(data, splits)


def test_rows_without_a_label_are_one_group(dataset_factory):
    labels = ["a"] * 6 + [""] * 5 + ["b"] * 6
    data = dataset_factory(n_sample=17, groups={"family": labels})
    config = EvaluateConfig(scheme="group", group="family")
    tests = [set(split.test) for split in make_splits(data, config, rng())]
    assert set(range(6, 11)) in tests


def test_omics_rows_of_a_held_out_group_do_not_train(dataset_factory):
    labels = ["a"] * 8 + ["b"] * 8
    data = dataset_factory(n_sample=16, groups={"family": labels}, omics=True)
    data = without_phenotype(data, [0, 15])
    config = EvaluateConfig(scheme="group", group="family")
    for split in make_splits(data, config, rng()):
        held = set(data.groups.column("family")[split.test])
        assert not held & set(data.groups.column("family")[split.train])
        assert len(split.train) == 8


def test_clusters_are_left_out_whole(dataset_factory):
    data = dataset_factory(n_sample=30)
    config = EvaluateConfig(scheme="cluster", clusters=3)
    splits = make_splits(data, config, rng())
    assert {split.scheme for split in splits} == {"cluster"}
    tested = np.concatenate([split.test for split in splits])
    assert sorted(tested) == list(range(30))


def test_both_parents_of_a_test_hybrid_are_unseen(dataset_factory):
    data = dataset_factory(n_sample=63, groups=factorial_labels(9, 7))
    config = EvaluateConfig(scheme="parents", folds=3, replicates=2)
    splits = make_splits(data, config, rng())
    assert len(splits) == 6
    one, two = data.groups.column("parent_1"), data.groups.column("parent_2")
    for split in splits:
        assert not set(one[split.test]) & set(one[split.train])
        assert not set(two[split.test]) & set(two[split.train])
        # hybrids with one held-out parent are in neither set
        assert split.train.size + split.test.size < 63


def test_a_measured_parent_line_does_not_train_when_it_is_held_out(dataset_factory):
    labels = factorial_labels(4, 4)
    labels = {name: [*column, "", ""] for name, column in labels.items()}
    data = dataset_factory(n_sample=18, groups=labels, omics=True)
    names = data.sample_id.copy().astype("<U10")
    names[16:] = ["d0", "f1"]
    data = replace(
        data,
        genotypes=replace(data.genotypes, sample_id=names),
        phenotypes=replace(data.phenotypes, sample_id=names),
        omics=tuple(replace(table, sample_id=names) for table in data.omics),
        groups=replace(data.groups, sample_id=names),
    )
    data = without_phenotype(data, [16, 17])
    config = EvaluateConfig(scheme="parents", folds=2)
    one, two = data.groups.column("parent_1"), data.groups.column("parent_2")
    for split in make_splits(data, config, rng()):
        assert (16 in split.train) == ("d0" not in one[split.test])
        assert (17 in split.train) == ("f1" not in two[split.test])


def test_hybrids_without_parents_are_named(dataset_factory):
    labels = factorial_labels(3, 3)
    labels["parent_2"][4] = ""
    data = dataset_factory(n_sample=9, groups=labels)
    with pytest.raises(DataError, match=str(data.sample_id[4])):
        make_splits(data, EvaluateConfig(scheme="parents", folds=2), rng())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (EvaluateConfig(scheme="group"), "no grouping is named"),
        (EvaluateConfig(scheme="file"), "no file is named"),
    ],
)
def test_incomplete_configurations(dataset_factory, config, message):
    with pytest.raises(ConfigError, match=message):
        make_splits(dataset_factory(), config, rng())


def test_no_group_table_at_all(dataset_factory):
    config = EvaluateConfig(scheme="group", group="family")
    with pytest.raises(DataError, match="no sample groups"):
        make_splits(dataset_factory(), config, rng())


def test_training_sizes_are_nested_and_labelled(dataset_factory):
    data = without_phenotype(dataset_factory(n_sample=42, omics=True), [3, 8])
    config = EvaluateConfig(folds=4, train_sizes=(20, 7))
    splits = make_splits(data, config, rng())
    assert [s.scheme for s in splits[:3]] == ["kfold", "kfold:n=7", "kfold:n=20"]
    for full, small, large in zip(splits[::3], splits[1::3], splits[2::3], strict=True):
        assert np.array_equal(full.test, small.test)
        assert set(small.train) < set(large.train) < set(full.train)
        assert {3, 8} <= set(small.train)
        assert (small.train.size, large.train.size) == (9, 22)


def test_a_training_size_that_is_too_large(dataset_factory):
    config = EvaluateConfig(train_sizes=(39,))
    with pytest.raises(ConfigError, match="39 exceeds the 32"):
        make_splits(dataset_factory(n_sample=40), config, rng())


def test_marker_numbers_repeat_every_fold(dataset_factory):
    data = dataset_factory(n_sample=40)
    n = data.genotypes.n_variant
    config = EvaluateConfig(folds=4, marker_numbers=(n, 2))
    splits = make_splits(data, config, rng())
    assert [s.scheme for s in splits[3:6]] == ["kfold", "kfold:p=2", "kfold:p=2"]
    for k, full in enumerate(splits[:4]):
        for fewer in (splits[4 + k], splits[8 + k]):
            assert np.array_equal(full.train, fewer.train)
            assert np.array_equal(full.test, fewer.test)
    with pytest.raises(ConfigError, match="more than the"):
        make_splits(data, EvaluateConfig(marker_numbers=(n + 1,)), rng())


def test_inner_splits_leave_parents_out_inside(dataset_factory):
    data = dataset_factory(n_sample=120, groups=factorial_labels(12, 10))
    config = EvaluateConfig(scheme="parents", folds=3, inner_folds=2)
    for split in make_splits(data, config, rng()):
        train = data.take(split.train)
        inner = inner_splits(train, config, rng(2))
        assert {s.scheme for s in inner} == {"parents"}
        for fold in inner:
            for name in ("parent_1", "parent_2"):
                label = train.groups.column(name)
                assert not set(label[fold.test]) & set(label[fold.train])


def test_inner_splits_leave_groups_out_inside(dataset_factory):
    labels = [f"family{k % 4}" for k in range(40)]
    data = dataset_factory(n_sample=40, groups={"family": labels})
    config = EvaluateConfig(scheme="group", group="family")
    for split in make_splits(data, config, rng()):
        train = data.take(split.train)
        inner = inner_splits(train, config, rng())
        assert len(inner) == 3
        assert apart(train, inner)


def test_inner_splits_fall_back_to_random_folds(dataset_factory):
    labels = ["a"] * 20 + ["b"] * 20
    data = dataset_factory(n_sample=40, groups={"family": labels})
    config = EvaluateConfig(scheme="group", group="family", inner_folds=3)
    for split in make_splits(data, config, rng()):
        inner = inner_splits(data.take(split.train), config, rng())
        assert [s.scheme for s in inner] == ["kfold"] * 3


@pytest.mark.parametrize("scheme", ["kfold", "cluster"])
def test_inner_splits_of_the_other_schemes(dataset_factory, scheme):
    data = dataset_factory(n_sample=33)
    config = EvaluateConfig(scheme=scheme, inner_folds=4, clusters=4)
    inner = inner_splits(data, config, rng())
    assert {s.scheme for s in inner} == {scheme}
    assert sorted(np.concatenate([s.test for s in inner])) == list(range(33))


def test_inner_splits_of_very_few_rows(dataset_factory):
    inner = inner_splits(dataset_factory(n_sample=3), EvaluateConfig(), rng())
    assert len(inner) == 3


@pytest.mark.parametrize(
    ("group", "kinds"), [("family", "group:family"), ("", "kfold")]
)
def test_inner_splits_of_split_files(dataset_factory, group, kinds):
    labels = [f"family{k % 4}" for k in range(40)]
    data = dataset_factory(n_sample=40, groups={"family": labels})
    config = EvaluateConfig(scheme="file", group=group)
    assert {s.scheme for s in inner_splits(data, config, rng())} == {kinds}


def test_split_files_are_read(dataset_factory, tmp_path):
    data = dataset_factory(n_sample=12)
    drawn = make_splits(data, EvaluateConfig(folds=3), rng())
    path = tmp_path / "splits.csv"
    write_splits(drawn, data.sample_id, path)
    config = EvaluateConfig(scheme="file", splits=path, train_sizes=(4,))
    read = make_splits(data, config, rng())
    assert [split.scheme for split in read] == ["kfold", "kfold:n=4"] * 3
    for one, two in zip(drawn, read[::2], strict=True):
        assert np.array_equal(one.train, two.train)
        assert np.array_equal(one.test, two.test)


def test_a_scheme_that_leaves_one_fold(dataset_factory):
    labels = {"parent_1": ["a"] * 4 + ["b"], "parent_2": ["x"] * 4 + ["y"]}
    data = dataset_factory(n_sample=5, groups=labels)
    data = without_phenotype(data, [4])
    with pytest.raises(DataError, match="0 fold"):
        make_splits(data, EvaluateConfig(scheme="parents", folds=2), rng())


def test_measured_rows(dataset_factory):
    data = without_phenotype(dataset_factory(n_sample=6), [1, 4])
    assert measured_rows(data).tolist() == [0, 2, 3, 5]


def with_copies(data, n_pair):
    """Return the data with row i + n_pair a copy of row i."""
    calls = data.genotypes.call_dosage.copy()
    calls[n_pair : 2 * n_pair] = calls[:n_pair]
    return replace(data, genotypes=replace(data.genotypes, call_dosage=calls))


@pytest.mark.parametrize("scheme", ["kfold", "cluster", "group", "file"])
def test_no_copy_of_a_tested_line_trains_where_asked(dataset_factory, scheme, tmp_path):
    label = {"family": [f"f{i % 4}" for i in range(24)]}
    data = with_copies(dataset_factory(n_sample=24, groups=label), 10)
    group = "family" if scheme in ("group", "file") else ""
    config = EvaluateConfig(
        scheme=scheme, folds=4, clusters=4, group=group, copies="together"
    )
    if scheme == "file":
        plain = make_splits(data, EvaluateConfig(folds=4), rng())
        write_splits(plain, data.sample_id, tmp_path / "splits.csv")
        config = config.model_copy(update={"splits": tmp_path / "splits.csv"})
    splits = make_splits(data, config, rng())
    for split in splits:
        assert not set(_pair(split.test)) & set(_pair(split.train))
    assert sorted(np.concatenate([split.test for split in splits])) == list(range(24))
    if scheme != "cluster":
        loose = make_splits(
            data, config.model_copy(update={"copies": "anywhere"}), rng()
        )
        assert any(set(_pair(s.test)) & set(_pair(s.train)) for s in loose)


def _pair(rows):
    """Return which line each row is a copy of."""
    return np.where((rows >= 10) & (rows < 20), rows - 10, rows).tolist()
