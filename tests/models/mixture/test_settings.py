import pytest

from meristem.models.mixture.settings import MixtureSettings


def test_parts_that_are_there_share_in_proportion():
    settings = MixtureSettings(prior={"kernels": 0.6, "scan": 0.2, "forest": 0.2})
    assert settings.beforehand(["kernels", "forest"]) == pytest.approx([0.75, 0.25])
    assert MixtureSettings().beforehand(["kernels"]) == pytest.approx([1.0])
