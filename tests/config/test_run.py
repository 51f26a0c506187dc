import pytest

from meristem.config.run import RunConfig, parse_memory
from meristem.errors import ConfigError


def test_sizes():
    assert RunConfig(max_memory="2GiB").max_memory == 2**31
    assert parse_memory("512 MB") == 512_000_000


@pytest.mark.parametrize("text", ["much", "", "10MB"])
def test_no_size_is_refused(text):
    with pytest.raises(ConfigError, match="max_memory"):
        parse_memory(text)
