import pytest
from pydantic import ValidationError

from meristem.config.models.reactions import ReactionOptions


def test_the_network_brings_its_library_and_its_graph() -> None:
    plain = ReactionOptions()
    assert [one.label for one in plain.members] == ["reaction_network", "dense"]
    assert any(one.loads_torch for one in plain.members)
    graph = ReactionOptions(network={"kind": "binn"})  # type: ignore[arg-type]
    assert graph.members[1].label == "binn"
    assert plain.reads_covariates


def test_other_kinds_are_no_networks() -> None:
    with pytest.raises(ValidationError, match="gblup"):
        ReactionOptions(network={"kind": "gblup"})  # type: ignore[arg-type]
