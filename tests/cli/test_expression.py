import pytest
from tests.expression.simulated import write_simulated
from typer.testing import CliRunner

from meristem.cli.expression import app
from meristem.errors import ConfigError


def test_interval_and_sample_go_together(tmp_path) -> None:
    _, path = write_simulated(tmp_path, n_gene=7, n_train=20)
    result = CliRunner().invoke(app, ["haplotypes", str(path), "--sample", "a"])
    assert isinstance(result.exception, ConfigError)
    assert "go together" in str(result.exception)


def test_a_head_that_is_not_there_is_refused(tmp_path) -> None:
    _, path = write_simulated(tmp_path, n_gene=7, n_train=20)
    words = ["explain", str(path), "--out", str(tmp_path / "x"), "--head", "forest"]
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, ConfigError)
    with pytest.raises(ConfigError, match="use ridge, elastic_net"):
        raise result.exception
