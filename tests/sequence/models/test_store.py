from pathlib import Path

import pytest
from tests.sequence.toys import fitted

from meristem.errors import ConfigError
from meristem.sequence.models.catalog import restore_model
from meristem.sequence.models.store import RECORD, WEIGHTS, read_model


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no model of DNA"):
        read_model(tmp_path)


def test_damage_and_other_formats_are_refused(tmp_path: Path) -> None:
    fitted("kmer").save(tmp_path)
    text = (tmp_path / RECORD).read_text()
    (tmp_path / RECORD).write_text(text.replace('"format": 1', '"format": 99'))
    with pytest.raises(ConfigError, match="format 99"):
        restore_model(tmp_path)
    (tmp_path / RECORD).write_text(text)
    (tmp_path / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="damaged"):
        restore_model(tmp_path)
