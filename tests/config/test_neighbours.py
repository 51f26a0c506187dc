import pytest
from pydantic import ValidationError

from meristem.config.neighbours import NeighboursConfig


def test_a_share_is_a_share_and_methods_have_names() -> None:
    assert NeighboursConfig().networks == ("learned",)
    for wrong in ({"share": 1.5}, {"methods": ["forest"]}, {"networks": []}):
        with pytest.raises(ValidationError):
            NeighboursConfig.model_validate(wrong)
