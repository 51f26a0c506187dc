from pathlib import Path

import pytest
from tests.calls import Call

import meristem.pipeline.checking.check
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


def _raise(error: Exception):
    def command() -> None:
        raise error

    return command


def _nest() -> None:
    _nest()


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (
            _raise(KeyError("nodes")),
            70,
            ("unexpected KeyError", "please send", "--debug"),
        ),
        (_raise(MemoryError()), 2, ("not enough memory", "meristem check")),
        (_raise(OSError(28, "No space left on device")), 2, ("No space left", "free")),
        (
            _raise(PermissionError(13, "Permission denied", "/x/y")),
            2,
            ("/x/y", "remedy"),
        ),
        (_nest, 70, ("unexpected RecursionError",)),
    ],
)
def test_the_last_resort(command, code: int, words: tuple[str, ...], capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(command)
    assert caught.value.code == code
    err = capsys.readouterr().err
    assert "Traceback" not in err
    for word in words:
        assert word in err
    if code == 70:
        assert err.count("\n") == 1


def test_an_unexpected_error_says_where_it_happened(
    call: Call, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        return {}["lost"]

    monkeypatch.setattr(meristem.pipeline.checking.check, "read_population", broken)
    code, _, err = call("check", demo)
    assert code == 70
    assert "KeyError at meristem/pipeline/checking/check.py:" in err
    assert "Traceback" not in err
    for words in (("check", demo, "--debug"), ("--debug", "check", demo)):
        code, _, err = call(*words)
        assert code == 70
        assert "Traceback" in err


@pytest.mark.parametrize(
    "words", [("check",), ("run",), ("kinetics", "fit", "--out", "x")], ids=str
)
def test_a_deeply_nested_configuration_is_one_error(
    call: Call, tmp_path: Path, words: tuple[str, ...]
) -> None:
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 20_000 + "]" * 20_000 + "\n")
    code, out, err = call(*words, deep)
    assert code == 2
    assert "deep.toml" in err
    assert "remedy" in err
    assert "Traceback" not in out + err
