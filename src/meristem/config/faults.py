"""What is wrong with the fields of a TOML file: line, field, fault, likely meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from meristem.errors import ConfigError

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(["']?[\w.-]+["']?)\s*=""")
_FAULTS = {"extra_forbidden": "is no field here", "missing": "is needed"}


def checked(
    kind: type[Model], content: object, text: str, path: Path, remedy: str
) -> Model:
    """Return the content of a TOML file as the settings it stands for.

    Raises
    ------
    ConfigError
        If a field is unknown or wrong.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise ConfigError(
            "has fields that cannot be used:\n" + explain_faults(error, kind, text),
            where=path,
            remedy=remedy,
        ) from error


def explain_faults(
    error: ValidationError, model: type[BaseModel] | None = None, text: str = ""
) -> str:
    """Return one line per fault of a validated file.

    Parameters
    ----------
    error
        What pydantic found.
    model
        What the file was validated as: the fields that a misspelt one may mean.
    text
        The TOML text, for the numbers of lines.

    Returns
    -------
    str
        Lines, each indented by two blanks.

    Examples
    --------
    >>> from meristem.config.stages import EvaluateConfig
    >>> try:
    ...     _ = EvaluateConfig.model_validate({"fold": 3})
    ... except ValidationError as error:
    ...     print(explain_faults(error, EvaluateConfig, "fold = 3"))
      line 1, fold: is no field here; did you mean folds? (given: 3)
    """
    lines = dict(_places(text))
    return "\n".join(
        "  " + _explained(fault, lines, _siblings(model, fault["loc"]))
        for fault in _meant(error.errors())
    )


def _meant(faults: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Yield the faults of what was meant where a field takes a word or a table.

    Pydantic tells them of every choice, and of the list that lacks the refused one; the
    choice of kinds stands in the place by all its names.
    """
    tables = {
        fault["loc"][:number]
        for fault in faults
        for number, part in enumerate(fault["loc"])
        if _is_choice(part)
        and (number + 1 < len(fault["loc"]) or not isinstance(fault["input"], str))
    }
    for fault in faults:
        place: Place = fault["loc"]
        other = place[:-1] in tables and not _is_choice(place[-1])
        lacking = fault["type"] == "too_short" and any(
            one[: len(place)] == place for one in tables
        )
        if not other and not lacking:
            plain = tuple(part for part in place if not _is_choice(part))
            yield {**fault, "loc": plain}


def _is_choice(part: str | int) -> bool:
    return str(part).startswith("tagged-union[")


def _explained(fault: Any, lines: dict[Place, int], siblings: Sequence[str]) -> str:
    place: Place = fault["loc"]
    name = ".".join(map(str, place))
    message = _FAULTS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    if fault["type"] == "extra_forbidden":
        close = get_close_matches(str(place[-1]), siblings, n=1)
        message += f"; did you mean {close[0]}?" if close else ""
    given = fault.get("input")
    if isinstance(given, str | int | float):
        message += f" (given: {given!r})"
    line = _line(lines, place)
    where = [f"line {line}"] if line else []
    where += [name] if name else []
    return f"{', '.join(where)}: {message}" if where else message


def _line(lines: dict[Place, int], place: Place) -> int:
    """Return the line of a field, or of the section that lacks it; 0 if unknown."""
    # a choice between kinds stands in the place, after the number, not in the file
    kinds = {i + 1 for i, part in enumerate(place[:-1]) if isinstance(part, int)}
    plain = tuple(part for i, part in enumerate(place) if i not in kinds)
    known = [place, *(plain[:end] for end in range(len(plain), 0, -1))]
    return next((lines[one] for one in known if one in lines), 0)


def _places(text: str) -> Iterator[tuple[Place, int]]:
    """Yield the keys and sections of a TOML text with their lines."""
    counts: dict[str, int] = {}
    prefix: Place = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            name = header[2]
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
            prefix = ()
            for part in name.split("."):
                prefix = (*prefix, part.strip(" \"'"))
                table = ".".join(str(one) for one in prefix if isinstance(one, str))
                if table in counts:
                    prefix = (*prefix, counts[table])
            yield prefix, number
        elif key := _KEY.match(line):
            yield (*prefix, *key[1].strip("\"'").split(".")), number


def _siblings(model: type[BaseModel] | None, place: Place) -> list[str]:
    """Return the fields beside one, where the model says what stands there."""
    models = [] if model is None else [model]
    for part in place[:-1]:
        if isinstance(part, int):
            continue
        own = [one for one in models if part in one.model_fields]
        if own:
            kinds = (one.model_fields[part].annotation for one in own)
            models = [found for kind in kinds for found in _models(kind)]
        else:  # the chosen one of several kinds
            kinds_of = [(one, one.model_fields.get("kind")) for one in models]
            models = [one for one, kind in kinds_of if kind and kind.default == part]
    return sorted({name for one in models for name in one.model_fields})


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
