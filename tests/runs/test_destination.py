from __future__ import annotations

from pathlib import Path

import pytest

from meristem.errors import ConfigError
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.lock import locked


def test_a_function_holds_its_folder(tmp_path: Path) -> None:
    @in_locked_folder
    def work(number: int, to: Destination) -> int:
        with pytest.raises(ConfigError), locked(to.folder):
            pass
        return number + 1

    assert work(1, to=Destination(tmp_path)) == 2
    assert work(1, Destination(tmp_path)) == 2
