import pytest
from pydantic import TypeAdapter, ValidationError

from meristem.config.models import AnyModelOptions, BINNOptions, GBLUPOptions
from meristem.config.stages import ExplainConfig, RunConfig

CHOICE = TypeAdapter(AnyModelOptions)


def test_kind_chooses_the_class_and_names_the_model() -> None:
    chosen = CHOICE.validate_python({"kind": "binn", "omics": "soft"})
    assert isinstance(chosen, BINNOptions)
    assert chosen.label == "binn"
    named = CHOICE.validate_python({"kind": "gblup", "name": "base"})
    assert isinstance(named, GBLUPOptions)
    assert named.label == "base"


def test_options_are_frozen_and_strict() -> None:
    options = GBLUPOptions()
    with pytest.raises(ValidationError):
        options.name = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        CHOICE.validate_python({"kind": "gblup", "hidden": 3})
    with pytest.raises(ValidationError, match="oracle"):
        CHOICE.validate_python({"kind": "oracle"})


def test_too_few_null_networks_are_refused() -> None:
    with pytest.raises(ValidationError, match="fewer"):
        ExplainConfig(null_fits=2)
    assert ExplainConfig(null_fits=0).null_fits == 0
    assert RunConfig().jobs == 1


@pytest.mark.parametrize("weight", [-0.1, "much"])
def test_weights_of_omics_that_make_no_sense(weight: object) -> None:
    with pytest.raises(ValidationError):
        BINNOptions(omics_weight=weight)
