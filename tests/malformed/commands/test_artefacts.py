"""A cut file is never read as if it were whole, whatever was cut."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.malformed.analysis.folder import make_good

from meristem.config import read_config
from meristem.errors import MeristemError
from meristem.io.stores.dataset import read_dataset, write_dataset
from meristem.io.stores.state import read_state, state_paths, write_state
from meristem.pipeline.inputs import read_inputs
from meristem.records import FittedState
from meristem.runs.folder import RunFolder

few = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
share = st.floats(0, 1, exclude_max=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Artefacts of every sort, as commands write them."""
    folder = RunFolder(tmp_path_factory.mktemp("artefacts"))
    folder.write_table(
        "scores.csv", pd.DataFrame({"fold": ["0", "1"], "value": [1.5, 2]})
    )
    folder.write_json("network.json", {"nodes": [{"name": "a"}], "edges": []})
    state = FittedState(
        "ridge", {"beta": np.arange(9.0), "id": np.array(["a", "b"])}, {}
    )
    write_state(state, folder.file("models"), "ridge")
    folder.note(*(f"models/{path.name}" for path in state_paths("models", "ridge")))
    good = folder.path.parent / "inputs"
    make_good(good)
    dataset = read_inputs(read_config(good / "meristem.toml")).dataset
    write_dataset(dataset, folder.file("dataset"))
    return folder


@few
@given(share, st.sampled_from(["scores.csv", "network.json"]))
def test_cut_artefacts_are_refused(run: RunFolder, share: float, name: str) -> None:
    path = run.file(name)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    read = run.read_table if name.endswith(".csv") else run.read_json
    try:
        with pytest.raises(MeristemError, match="cut or changed") as caught:
            read(name)
        assert name in caught.value.where
        assert caught.value.remedy
    finally:
        path.write_bytes(whole)
    read(name)


@few
@given(share)
def test_a_cut_record_is_refused(run: RunFolder, share: float) -> None:
    path = run.file("run.json")
    whole = path.read_bytes().rstrip()
    path.write_bytes(whole[: int(share * len(whole))])
    try:
        with pytest.raises(MeristemError, match="damaged"):
            RunFolder.open(run.path)
    finally:
        path.write_bytes(whole)


@few
@given(share, st.sampled_from([0, 1]))
def test_cut_models_are_refused(run: RunFolder, share: float, which: int) -> None:
    path = state_paths(run.file("models"), "ridge")[which]
    whole = path.read_bytes().rstrip() if which else path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    try:
        with pytest.raises(MeristemError):
            read_state(run.file("models"), "ridge")
    finally:
        path.write_bytes(whole)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "kind", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@few
@example("format_version", True)  # equal to version 1
@given(
    st.sampled_from(
        ["kind", "meta", "text_arrays", "weights_sha256", "format_version"]
    ),
    json_values | st.just(...),
)
def test_a_changed_model_is_one_error_or_read(
    run: RunFolder, field: str, value: object
) -> None:
    path = state_paths(run.file("models"), "ridge")[1]
    whole = path.read_bytes()
    content = json.loads(whole)
    if value is ...:
        del content[field]
    else:
        content[field] = value
    path.write_text(json.dumps(content))
    try:
        read_state(run.file("models"), "ridge")
    except MeristemError as error:
        assert "ridge" in str(error.where)  # noqa: PT017
        assert error.remedy  # noqa: PT017
    else:
        assert field in ("kind", "meta", "text_arrays")
        assert value is not ...
    finally:
        path.write_bytes(whole)


@few
@given(share, st.data())
def test_a_cut_data_set_is_refused(
    run: RunFolder, share: float, data: st.DataObject
) -> None:
    store = run.file("dataset")
    files = sorted(path for path in store.rglob("*") if path.is_file())
    run.note("dataset")
    path = data.draw(st.sampled_from(files))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    try:
        with pytest.raises(MeristemError, match="cut or changed"):
            run.refuse_damaged(["dataset"])
    finally:
        path.write_bytes(whole)
    read_dataset(store)


record_values = json_values | st.just(...)


@few
@given(
    st.sampled_from(
        [
            "artefacts",
            "config",
            "inputs",
            "kind",
            "models",
            "outputs",
            "timings",
            "title",
        ]
    ),
    record_values,
)
def test_a_changed_record_is_one_error_or_taken_apart(
    run: RunFolder, field: str, value: object
) -> None:
    path = run.file("run.json")
    whole = path.read_bytes()
    content = json.loads(whole)
    content.pop(field, None)
    if value is not ...:
        content[field] = value
    path.write_text(json.dumps(content))
    try:
        opened = RunFolder.open(run.path)
        opened.refuse_lost()
        for entry in opened.record().get("timings", []):
            assert entry["seconds"] >= 0 or entry["stage"]
    except MeristemError as error:
        assert error.remedy  # noqa: PT017
    finally:
        path.write_bytes(whole)
