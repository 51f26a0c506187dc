"""`meristem.cli.options`: an option means the same wherever it stands."""

from typing import get_args

from meristem.cli import options


def test_every_option_says_what_it_does() -> None:
    kinds = [kind for kind in vars(options).values() if len(get_args(kind)) == 2]
    assert len(kinds) >= 8
    assert all(get_args(kind)[1].help.endswith(".") for kind in kinds)
