"""The reference page of the configuration, written from the classes themselves."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from inspect import getdoc

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from meristem.config.models import AnyModelOptions
from meristem.config.selection import SelectionConfig
from meristem.config.stages import AnalysisConfig

_HEAD = """# Configuration

One TOML file describes one analysis. Relative paths are taken from its folder; unknown
keys are refused; `meristem schema` prints the same as a JSON schema.

```toml
[run]
title = "Grain yield"
out = "run"

[genotypes]
path = "lines.vcf.gz"

[phenotypes]
path = "trials.csv"
traits = ["yield"]

[[omics]]
name = "expression"
path = "tpm.parquet"

[knowledge]
genes = "genes.gff3.gz"
gene_sets = ["pathways.gmt"]

[[models]]
kind = "gblup"

[[models]]
kind = "auto"
name = "network"
omics = "soft"
```
"""

_PLAN = "Read by `meristem select RUN --plan plan.toml`; every section is optional.\n"


def _children(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the configuration classes inside a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in typing.get_args(annotation):
        yield from _children(part)


def _type_name(annotation: object) -> str:
    options = typing.get_args(annotation)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(_type_name(option) for option in options)
    if typing.get_origin(annotation) is typing.Annotated:
        return _type_name(options[0])
    if annotation is type(None):
        return "none"
    if typing.get_origin(annotation) is typing.Literal:
        return " / ".join(f"`{option}`" for option in options)
    if typing.get_origin(annotation) is tuple:
        return f"list of {_type_name(options[0])}"
    if typing.get_origin(annotation) is dict:
        return f"table of {_type_name(options[1])}"
    name = str(annotation) if options else getattr(annotation, "__name__", "")
    name = re.sub(r"\b(typing|pathlib(\._local)?|meristem\.config(\.\w+)*)\.", "", name)
    return f"`{name.replace('|', 'or')}`"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", ()):
        return ""
    return f"`{value}`"


def _table(kind: type[BaseModel]) -> str:
    rows = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for name, field in kind.model_fields.items():
        annotation, has_section = field.annotation, any(_children(field.annotation))
        if has_section and not (name == "models" and "kind" in kind.model_fields):
            continue
        meaning = field.description or ""
        shown = "list of labels or tables" if has_section else _type_name(annotation)
        rows.append(f"| `{name}` | {shown} | {_default(field)} | {meaning} |")
    return "\n".join(rows) if len(rows) > 2 else ""


def _sections(kind: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        if name == "models":
            continue
        for child in _children(field.annotation):
            place = f"{path}.{name}" if path else name
            many = typing.get_origin(field.annotation) is tuple
            title = f"[[{place}]]" if many else f"[{place}]"
            yield f"## `{title}`\n\n{getdoc(child)}\n\n{_table(child)}\n"
            yield from _sections(child, place)


def _model(kind: type[BaseModel]) -> Iterator[str]:
    name = kind.model_fields["kind"].default
    yield f'### `kind = "{name}"`\n\n{getdoc(kind)}\n\n{_table(kind)}\n'
    for field_name, field in kind.model_fields.items():
        if field_name == "models":
            continue
        children = tuple(_children(field.annotation))
        for child in children:
            title = f"#### `[models.{field_name}]` of `{name}`"
            if len(children) > 1:
                title += f', `kind = "{child.model_fields["kind"].default}"`'
            yield f"{title}\n\n{getdoc(child)}\n\n{_table(child)}\n"


def configuration_page() -> str:
    """Return the reference of every configuration field as Markdown.

    Examples
    --------
    >>> "## `[genotypes]`" in configuration_page()
    True
    """
    top = f"## Top level\n\n{_table(AnalysisConfig)}\n"
    models = [part for kind in _children(AnyModelOptions) for part in _model(kind)]
    head = "## `[[models]]`\n\nOne table per model; `kind` chooses the class.\n"
    plan = f"# Plan of a selection\n\n{_PLAN}\n{_table(SelectionConfig)}\n"
    return "\n".join(
        [
            *(_HEAD, top, *_sections(AnalysisConfig, ""), head, *models),
            *(plan, *_sections(SelectionConfig, "")),
        ]
    )
