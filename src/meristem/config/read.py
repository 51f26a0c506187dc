"""Read a configuration from TOML, and say everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from meristem.config.expression.panel import ExpressionConfig
from meristem.config.expression.training import ExpressionRun
from meristem.config.faults import explain_faults
from meristem.config.interactions import InteractionsConfig
from meristem.config.selection import SelectionConfig
from meristem.config.stages import AnalysisConfig, RepresentConfig
from meristem.config.toml import PATHS, parse_toml
from meristem.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

SCHEMA = "see `meristem schema` for every field and its meaning"


def with_paths(value: Any, change: Callable[[Path], Path]) -> Any:
    """Return a configuration, or a part of one, with every path changed."""
    if isinstance(value, BaseModel):
        fields = {
            name: with_paths(getattr(value, name), change)
            for name in type(value).model_fields
        }
        return value.model_copy(update=fields)
    if isinstance(value, tuple):
        return tuple(with_paths(item, change) for item in value)
    if isinstance(value, dict):
        return {name: with_paths(item, change) for name, item in value.items()}
    return change(value) if isinstance(value, Path) else value


def _absolute(path: Path, folder: Path) -> Path:
    """Return a path of a configuration, taken from the folder of its file."""
    if not str(path).isprintable():
        raise ConfigError(
            f"the path {str(path)!r} holds a control character",
            where=folder,
            remedy=PATHS,
        )
    return Path(os.path.normpath(folder / path))


def read_config(path: str | Path) -> AnalysisConfig:
    """Read an analysis configuration.

    Relative paths are taken from the folder of the configuration file.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    AnalysisConfig
        The checked configuration with absolute paths.

    Raises
    ------
    ConfigError
        If the file cannot be read, is no TOML, or has unknown or wrong fields.
    """
    path = Path(path)
    return _validated(AnalysisConfig, _read_toml(path), path)


def read_plan(path: str | Path) -> SelectionConfig:
    """Read the plan of a selection, as `read_config` reads an analysis."""
    path, remedy = Path(path), "see docs/howto/select.md for every field"
    return _validated(SelectionConfig, _read_toml(path), path, remedy)


def read_expression_config(path: str | Path) -> ExpressionConfig:
    """Read what `meristem expression` needs, as `read_config` reads an analysis."""
    path, remedy = Path(path), "see docs/howto/haplotypes.md for every field"
    return _validated(ExpressionConfig, _read_toml(path), path, remedy)


def read_expression_run(path: str | Path) -> ExpressionRun:
    """Read what models of expression need; the genome and embeddings may be absent.

    Raises
    ------
    ConfigError
        As `read_config`; and if there is no expression, or no genotypes or positions.
    """
    path, remedy = Path(path), "see docs/howto/personal_expression.md for every field"
    raw = _read_toml(path)
    kind = ExpressionConfig if "genome" in raw else ExpressionRun
    config: ExpressionRun = _validated(kind, raw, path, remedy)
    whole = isinstance(config, ExpressionConfig)
    absent = {
        "[expression]": config.expression is None,
        "[genotypes]": config.genotypes is None and not whole,
        "train.positions": config.train.positions is None and not whole,
    }
    for name, is_absent in absent.items():
        if is_absent:
            raise ConfigError(
                f"{name} is not there",
                where=path,
                remedy=f"give {name}; " + remedy,
            )
    return config


def read_represent_config(path: str | Path) -> RepresentConfig:
    """Read what `meristem represent` needs: of its own file, or of an analysis.

    Raises
    ------
    ConfigError
        As `read_config`; and if there is no omics table, or none to represent.
    """
    path = Path(path)
    raw = _read_toml(path)
    if set(raw) - set(RepresentConfig.model_fields) and set(raw) <= set(
        AnalysisConfig.model_fields
    ):
        analysis = _validated(AnalysisConfig, raw, path)
        if not analysis.omics:
            raise ConfigError(
                "has no [[omics]] section, so there is nothing to represent",
                where=path,
                remedy="add an [[omics]] section with `represent`",
            )
        config = RepresentConfig.of(analysis)
    else:
        config = _validated(RepresentConfig, raw, path)
    names = [one.name for one in config.omics]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"two omics tables are called {name!r}",
                where=path,
                remedy="give each a `name` of its own",
            )
    idle = all(one.represent == "none" for one in config.omics)
    if config.stack is not None and (len(names) < 2 or not idle):
        raise ConfigError(
            "a stack needs two omics tables, none of them represented by itself",
            where=path,
            remedy="give the tables without `represent`, which the stack has",
        )
    if idle and config.stack is None:
        raise ConfigError(
            "no omics table asks to be represented",
            where=path,
            remedy='set `represent = "pca"` (or vae, sets, ...) in an [[omics]] '
            "section",
        )
    return config


def read_interactions_config(path: str | Path) -> InteractionsConfig:
    """Read the configuration of `meristem interactions`.

    Raises
    ------
    ConfigError
        As `read_config`.
    """
    path = Path(path)
    return _validated(
        InteractionsConfig,
        _read_toml(path),
        path,
        "the how-to of `meristem interactions` names every field",
    )


def _read_toml(path: Path) -> dict[str, Any]:
    if path.exists() and not path.is_file():
        raise ConfigError(
            "cannot be read (a folder, a pipe or a device, not a file)",
            where=path,
            remedy="give the path of a TOML configuration file",
        )
    raw = b""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"cannot be read ({error.strerror})",
            where=path,
            remedy="give the path of a TOML configuration file",
        ) from error
    except UnicodeDecodeError as error:
        line = 1 + raw[: error.start].count(b"\n")
        raise ConfigError(
            "is not UTF-8 text",
            where=f"{path}, line {line}",
            remedy="save the file as UTF-8",
        ) from error
    return parse_toml(text, path)


def _validated(
    kind: type[Model], raw: dict[str, Any], path: Path, remedy: str = SCHEMA
) -> Model:
    try:
        config = kind.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            f"{error.error_count()} field(s) are wrong:\n"
            f"{explain_faults(error, kind, path.read_text(encoding='utf-8-sig'))}",
            where=path,
            remedy=remedy,
        ) from error
    home = path.resolve().parent
    return cast(Model, with_paths(config, partial(_absolute, folder=home)))
