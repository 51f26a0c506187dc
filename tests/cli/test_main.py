from pathlib import Path

import pytest
from tests.cli.conftest import Call

from meristem._version import __version__
from meristem.cli import main


def test_version(call: Call) -> None:
    assert call("--version") == (0, f"meristem {__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "none.toml"),
        ("check", "none.toml"),
        ("knowledge", "none.toml"),
        ("predict", "none", "--genotypes", "x.vcf"),
        ("explain", "none"),
        ("report", "none"),
    ],
)
def test_absent_inputs_end_with_one_message(
    call: Call, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*words)
    assert code == 2
    assert "none" in err
    assert "remedy" in err
    assert "Traceback" not in err + out
    assert list(tmp_path.iterdir()) == []


def test_unknown_options_are_refused(call: Call) -> None:
    code, _, err = call("run", "a.toml", "--fast")
    assert code == 2
    assert "--fast" in err


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(130)], ids=repr)
def test_an_interrupt_says_how_to_go_on(stop: BaseException, capsys) -> None:
    """Typer turns an interrupt into an exit of code 130."""

    def interrupted() -> None:
        raise stop

    with pytest.raises(SystemExit) as caught:
        main.main(interrupted)
    assert caught.value.code == 130
    assert "same command again" in capsys.readouterr().err
