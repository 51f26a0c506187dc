"""Options of a kind are chosen by it, frozen, and within what a machine can do."""

import pytest
from pydantic import TypeAdapter, ValidationError

from meristem.config.models import AnyModelOptions, BINNOptions, GBLUPOptions

CHOICE = TypeAdapter(AnyModelOptions)


def test_kind_chooses_the_class_and_names_the_model() -> None:
    chosen = CHOICE.validate_python({"kind": "binn", "omics": "soft"})
    assert isinstance(chosen, BINNOptions)
    assert chosen.label == "binn"
    named = CHOICE.validate_python({"kind": "gblup", "name": "base"})
    assert isinstance(named, GBLUPOptions)
    assert named.label == "base"


def test_how_a_graph_is_learned_is_not_said_of_one_that_is_known() -> None:
    learn = {"n_genes": 5}
    for kind in ("auto", "core", "gfblup"):
        with pytest.raises(ValidationError, match=r"learn is read with graph"):
            CHOICE.validate_python({"kind": kind, "learn": learn})
        chosen = {"kind": kind, "graph": "learned", "learn": learn}
        again = CHOICE.validate_python(chosen).model_dump()
        assert CHOICE.validate_python(again).learn.n_genes == 5
    assert CHOICE.validate_python(CHOICE.validate_python({"kind": "auto"}).model_dump())


def test_options_are_frozen_and_strict() -> None:
    options = GBLUPOptions()
    with pytest.raises(ValidationError):
        options.name = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        CHOICE.validate_python({"kind": "gblup", "hidden": 3})
    with pytest.raises(ValidationError, match="oracle"):
        CHOICE.validate_python({"kind": "oracle"})


@pytest.mark.parametrize("weight", [-0.1, "much"])
def test_weights_of_omics_that_make_no_sense(weight: object) -> None:
    with pytest.raises(ValidationError):
        BINNOptions(omics_weight=weight)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"kind": "dense", "hidden": [-1]}, "hidden.0"),
        ({"kind": "dense", "hidden": [10_000_000, 10_000_000]}, "hidden.0"),
        ({"kind": "dense", "hidden": [4] * 21}, "hidden"),
        ({"kind": "dense", "learning_rate": float("inf")}, "learning_rate"),
        ({"kind": "dense", "learning_rate": float("nan")}, "learning_rate"),
        ({"kind": "dense", "seeds": 10**9}, "seeds"),
        ({"kind": "dense", "epochs": 10**12}, "epochs"),
        ({"kind": "cnn", "channels": 10**9}, "channels"),
        ({"kind": "binn", "variant_hidden": [0]}, "variant_hidden.0"),
        ({"kind": "binn", "width": 10**6}, "width"),
        ({"kind": "binn", "omics_weight": float("inf")}, "omics_weight"),
        ({"kind": "random_forest", "trees": 10**9}, "trees"),
        ({"kind": "boosting", "learning_rate": float("inf")}, "learning_rate"),
        ({"kind": "boosting", "rounds": 10**9}, "rounds"),
        ({"kind": "ridge", "penalties": [float("nan")]}, "penalties.0"),
    ],
)
def test_numbers_that_no_machine_can_train_are_refused(
    options: dict, field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        CHOICE.validate_python(options)
    places = {".".join(map(str, item["loc"][1:])) for item in caught.value.errors()}
    assert any(place.startswith(field) for place in places)
