"""The stores: round trips, block reading, damage, versions; nothing half-written."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from meristem.errors import DataError
from meristem.io.stores.dataset import read_dataset, write_dataset
from meristem.io.stores.genotypes import (
    read_genotypes_store,
    store_bytes,
    write_genotypes,
)
from meristem.io.stores.state import read_state, write_state
from meristem.records import (
    Dataset,
    ErrorCovariance,
    FittedState,
    Measurements,
    OmicsTable,
    Phenotypes,
    SampleGroups,
)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n_sample=st.integers(1, 9),
    n_variant=st.integers(1, 12),
    ploidy=st.integers(1, 8),
)
def test_round_trip(
    make_genotypes, assert_same, tmp_path_factory, seed, n_sample, n_variant, ploidy
) -> None:
    genotypes = make_genotypes(seed, n_sample, n_variant, ploidy)
    path = tmp_path_factory.mktemp("store") / "a.zarr"
    write_genotypes(genotypes, path)
    assert_same(read_genotypes_store(path), genotypes)


def test_gametes_of_crosses_are_kept(make_genotypes, tmp_path: Path) -> None:
    genotypes = make_genotypes(n_sample=3, n_variant=7)
    first = np.minimum(genotypes.call_dosage, 1).astype(np.int8)
    write_genotypes(replace(genotypes, first_gamete=first), tmp_path / "a.zarr")
    found = read_genotypes_store(tmp_path / "a.zarr").first_gamete
    np.testing.assert_array_equal(found, first)


def test_names_are_those_of_vcf_zarr(make_genotypes, tmp_path: Path) -> None:
    write_genotypes(replace(make_genotypes(), source="a.vcf"), tmp_path / "a.zarr")
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    assert set(group.array_keys()) == {
        "call_dosage",
        "contig_id",
        "sample_id",
        "variant_allele",
        "variant_contig",
        "variant_id",
        "variant_position",
    }
    assert group["variant_allele"].metadata.dimension_names == ("variants", "alleles")
    assert dict(group.attrs)["source"] == "a.vcf"
    assert dict(group.attrs)["format_version"] == 1


@pytest.mark.parametrize("width", [1000, 4096, 20000])
def test_blocks_join_to_the_whole(make_genotypes, tmp_path: Path, width: int) -> None:
    genotypes = make_genotypes(n_sample=3, n_variant=9000)
    write_genotypes(genotypes, tmp_path / "a.zarr")
    streamed = read_genotypes_store(tmp_path / "a.zarr", streamed=True).call_dosage
    assert store_bytes(tmp_path / "a.zarr") == 27_000
    blocks = [streamed[:, at : at + width] for at in range(0, 9000, width)]
    np.testing.assert_array_equal(np.hstack(blocks), genotypes.call_dosage)


def test_writing_again_replaces(make_genotypes, assert_same, tmp_path: Path) -> None:
    write_genotypes(make_genotypes(1, n_variant=9), tmp_path / "a.zarr")
    second = make_genotypes(2, n_variant=4)
    write_genotypes(second, tmp_path / "a.zarr")
    assert_same(read_genotypes_store(tmp_path / "a.zarr"), second)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_a_lost_chunk_is_not_read_as_missing_calls(make_genotypes, tmp_path) -> None:
    all_missing = make_genotypes(n_sample=3, n_variant=9000, missing=1.0)
    path = tmp_path / "a.zarr"
    write_genotypes(all_missing, path)
    assert (read_genotypes_store(path).call_dosage == -1).all()
    (path / "call_dosage" / "c" / "0" / "1").unlink()
    with pytest.raises(DataError, match="1 of 3 chunks are absent"):
        read_genotypes_store(path)
    with pytest.raises(DataError, match="1 of 3 chunks are absent"):
        np.asarray(read_genotypes_store(path, streamed=True).call_dosage)


def test_a_damaged_chunk(make_genotypes, tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    write_genotypes(make_genotypes(n_variant=300), path)
    chunk = path / "call_dosage" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:20])
    with pytest.raises(DataError, match="damaged"):
        read_genotypes_store(path)
    with pytest.raises(DataError, match="damaged"):
        np.asarray(read_genotypes_store(path, streamed=True).call_dosage)


def change_attributes(path: Path, **values: object) -> None:
    file = path / "zarr.json"
    content = json.loads(file.read_text())
    content["attributes"] |= values
    file.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("values", "message"),
    [({"format_version": 99}, "version 99"), ({"kind": "x"}, "something else")],
)
def test_other_stores_are_refused(make_genotypes, tmp_path, values, message) -> None:
    write_genotypes(make_genotypes(), tmp_path / "a.zarr")
    change_attributes(tmp_path / "a.zarr", **values)
    with pytest.raises(DataError, match=message):
        read_genotypes_store(tmp_path / "a.zarr")


def test_a_failed_write_leaves_the_old_store(
    make_genotypes, assert_same, tmp_path, monkeypatch
) -> None:
    first = make_genotypes(1)
    write_genotypes(first, tmp_path / "a.zarr")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zarr.Group.create_array", full)
    with pytest.raises(DataError, match="No space left"):
        write_genotypes(make_genotypes(2), tmp_path / "a.zarr")
    assert_same(read_genotypes_store(tmp_path / "a.zarr"), first)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


STATE = FittedState(
    "gblup",
    {
        "effects": np.arange(12.0).reshape(3, 4).T,
        "single": np.array([1.5, np.nan], dtype=np.float32),
        "count": np.array([[-1, 2]], dtype=np.int8),
        "flag": np.array([True, False]),
        "scalar": np.array(3.5),
        "none": np.empty((0, 4)),
        "variant_id": np.array([["m1", "ä:2"], ["", "x y"]]),
        "no_names": np.array([], dtype=np.str_),
    },
    {"h2": np.float64(0.4), "traits": ["yield"], "nested": {"a": [1, None, True]}},
)


@pytest.mark.parametrize("label", ["gblup", "BINN + omics", "a/b", ".hidden", "50%"])
def test_state_round_trip(tmp_path: Path, label: str) -> None:
    write_state(STATE, tmp_path / "models", label)
    found = read_state(tmp_path / "models", label)
    assert found.kind == "gblup"
    assert set(found.arrays) == set(STATE.arrays)
    for name, array in STATE.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array, name)
        assert found.arrays[name].dtype.kind == array.dtype.kind
        assert found.arrays[name].shape == array.shape
    assert found.meta == {**STATE.meta, "h2": 0.4}
    names = {path.suffix for path in (tmp_path / "models").iterdir()}
    assert names == {".safetensors", ".json"}


@pytest.mark.parametrize(
    "state",
    [
        FittedState("x", {"a": np.array([object()])}),
        FittedState("x", {}, {"a": object()}),
    ],
)
def test_state_of_other_types_is_refused(tmp_path: Path, state: FittedState) -> None:
    with pytest.raises(DataError, match="FittedState"):
        write_state(state, tmp_path, "x")
    assert not (tmp_path / "x.json").exists()


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    write_state(STATE, tmp_path, "x")
    save_file({"a": np.zeros(2)}, tmp_path / "x.safetensors")
    with pytest.raises(DataError, match="does not belong to x.json"):
        read_state(tmp_path, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "is no description"), ("[]", "is no description"), ("", "is empty")],
)
def test_state_without_description(tmp_path: Path, text: str, message: str) -> None:
    write_state(STATE, tmp_path, "x")
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=message):
        read_state(tmp_path, "x")


def test_state_of_another_version(tmp_path: Path) -> None:
    write_state(STATE, tmp_path, "x")
    content = json.loads((tmp_path / "x.json").read_text())
    (tmp_path / "x.json").write_text(json.dumps(content | {"format_version": 0}))
    with pytest.raises(DataError, match="format version 0"):
        read_state(tmp_path, "x")


@pytest.fixture
def dataset(make_genotypes) -> Dataset:
    """Return five samples with two targets, two omics and a grouping."""
    genotypes = make_genotypes(n_sample=5)
    rng = np.random.default_rng(0)
    sample_id = genotypes.sample_id
    value = rng.normal(size=(5, 2))
    value[1, 1] = np.nan
    phenotypes = Phenotypes(
        sample_id, np.array(["yield"] * 2), np.array(["E1", ""]), value, value**2 + 1
    )
    omics = tuple(
        OmicsTable(
            name,
            sample_id,
            np.array(["sample_id", "G2", "G3"]),
            np.array(["", "G2", "n3"]),
            rng.normal(size=(5, 3)),
            "x.tsv",
            reliability,
            derived,
        )
        for name, reliability, derived in (
            ("expression", None, np.arange(5) > 2),
            ("metabolites", np.array([0.5, 1.0, 0.125]), None),
        )
    )
    label = np.array([["f1", "", "a"], ["f2", "x", "a"]] * 2 + [["", "", "b"]])
    groups = SampleGroups(sample_id, np.array(["sample_id", "pool", "set"]), label)
    return Dataset(genotypes, phenotypes, omics, groups)


def assert_equal_records(found: object, expected: object) -> None:
    for name, value in vars(expected).items():
        other = getattr(found, name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(other, value, name)
        elif name != "source":
            assert other == value


def test_dataset_round_trip(dataset: Dataset, assert_same, tmp_path: Path) -> None:
    write_dataset(dataset, tmp_path / "d")
    found = read_dataset(tmp_path / "d")
    assert_same(found.genotypes, dataset.genotypes)
    assert_equal_records(found.phenotypes, dataset.phenotypes)
    assert_equal_records(found.groups, dataset.groups)
    for table, expected in zip(found.omics, dataset.omics, strict=True):
        assert_equal_records(table, expected)
    bare = Dataset(dataset.genotypes, dataset.phenotypes)
    write_dataset(bare, tmp_path / "d")
    again = read_dataset(tmp_path / "d")
    assert again.omics == ()
    assert again.groups is None
    assert not (tmp_path / "d" / "groups.parquet").exists()


@pytest.mark.parametrize("error", [None, np.array([0.5, np.nan, 0.0])])
def test_what_was_measured_is_kept(dataset, tmp_path: Path, error) -> None:
    number = np.array([4, 0, 7])
    known = Measurements(
        number, number % 2, number % 2, number, number, number / 7, number + 1.0, error
    )
    data = replace(dataset, phenotypes=replace(dataset.phenotypes, measurements=known))
    write_dataset(data, tmp_path / "d")
    found = read_dataset(tmp_path / "d").phenotypes.measurements
    assert_equal_records(found, known)
    (tmp_path / "d" / "measurements.parquet").unlink()
    with pytest.raises(DataError, match="measurements"):
        read_dataset(tmp_path / "d")
    shutil.copy(tmp_path / "d/phenotypes.parquet", tmp_path / "d/measurements.parquet")
    with pytest.raises(DataError, match=r"measurements\.parquet"):
        read_dataset(tmp_path / "d")


def test_covariances_of_errors_are_kept(dataset, tmp_path: Path) -> None:
    one = ErrorCovariance(np.eye(3) + 0.5, np.array([2, -1, 0, -1, 1]), known=False)
    table = replace(dataset.phenotypes, errors=(None, one))
    write_dataset(replace(dataset, phenotypes=table), tmp_path / "d")
    found = read_dataset(tmp_path / "d").phenotypes.errors
    assert found[0] is None
    assert_equal_records(found[1], one)
    (tmp_path / "d" / "errors_1.npz").write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"errors_1\.npz"):
        read_dataset(tmp_path / "d")


@pytest.mark.parametrize(
    "part", ["dataset.json", "phenotypes.parquet", "omics_1.parquet", "genotypes.zarr"]
)
def test_a_part_that_is_absent_is_named(dataset, tmp_path: Path, part: str) -> None:
    write_dataset(dataset, tmp_path / "d")
    lost = tmp_path / "d" / part
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    with pytest.raises(DataError, match=part):
        read_dataset(tmp_path / "d")


@pytest.mark.parametrize("text", ["{}", '{"kind": "x", "format_version": 1}', "?"])
def test_another_description_is_refused(dataset, tmp_path: Path, text: str) -> None:
    write_dataset(dataset, tmp_path / "d")
    (tmp_path / "d" / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=r"dataset\.json"):
        read_dataset(tmp_path / "d")


def test_a_damaged_table_is_named(dataset, tmp_path: Path) -> None:
    write_dataset(dataset, tmp_path / "d")
    (tmp_path / "d" / "groups.parquet").write_bytes(b"PAR1 but not really PAR1")
    with pytest.raises(DataError, match=r"groups\.parquet"):
        read_dataset(tmp_path / "d")
