from pathlib import Path

import pytest

from meristem.config import read_config
from meristem.config.stages.data import PhenotypeConfig
from meristem.errors import ConfigError


def read(tmp_path, text):
    path = tmp_path / "a.toml"
    path.write_text(
        '[genotypes]\npath = "g.vcf"\n[[models]]\nkind = "gblup"\n'
        f'[phenotypes]\npath = "p.csv"\n{text}\n'
    )
    return read_config(path).phenotypes


def test_files_of_error_covariances_are_those_beside_the_configuration(tmp_path):
    one = read(tmp_path, 'error_covariance = "e.csv"')
    assert one.error_files == {"": tmp_path / "e.csv"}
    assert one.error_scale == "known"
    two = read(tmp_path, 'error_covariance = { yield = "e.csv", height = "../f.csv" }')
    assert two.error_files == {
        "yield": tmp_path / "e.csv",
        "height": tmp_path.parent / "f.csv",
    }
    assert PhenotypeConfig(path=Path("p.csv")).error_files == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('error_scale = "estimated"', "error_scale is that of error_covariance"),
        ('error_covariance = "e.csv"\nby = "record"', 'does not go with by = "record"'),
        ('error_covariance = "e.csv"\nweight = "w"', "does not go with weight"),
        ('error_covariance = "e.csv"\nstandard_error = "se"', "with standard_error"),
        ('error_covariance = "e.csv"\nreplicate = "rep"', "go with replicate"),
        ('error_covariance = "e.csv"\nerror_scale = "fixed"', "error_scale"),
        ("error_covariance = 3", "error_covariance"),
    ],
)
def test_what_does_not_go_with_an_error_covariance_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert message in str(error.value)
