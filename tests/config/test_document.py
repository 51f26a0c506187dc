from meristem.config.document import configuration_page
from meristem.config.stages import AnalysisConfig, EvaluateConfig


def test_every_stage_and_field_is_on_the_page() -> None:
    page = configuration_page()
    for stage in AnalysisConfig.model_fields:
        assert stage in page
    for field in EvaluateConfig.model_fields:
        assert f"| `{field}` |" in page
    assert 'kind = "gblup"' in page


def test_kinds_of_values_are_readable() -> None:
    page = configuration_page()
    assert "| `omics_weight` | `float` or `auto` |" in page
    assert "| `traits` | list of `str` |" in page
    assert "list of `trim` / `path`" in page
    assert "tuple" not in page
    assert "Union" not in page
    assert "NoneType" not in page
