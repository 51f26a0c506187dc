"""Edge lists: SIF, or a table source,target."""

from __future__ import annotations

import re
from typing import Literal

from meristem.errors import KnowledgeError
from meristem.knowledge.feedback import EdgeList
from meristem.knowledge.source import SourceText, Table, read_table

_COLUMNS = {
    "source": ("source", "from", "regulator", "tf", "cause"),
    "target": ("target", "to", "effect", "regulated"),
    "kind": ("kind", "relation", "interaction", "type", "edge_type"),
    "sign": ("sign", "effect_sign", "mode", "mor", "effect", "regulation"),
    "weight": ("weight", "strength", "score", "confidence"),
}
_DECIMAL = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+")
_SIGNS = {
    "": 0, "0": 0, ".": 0,
    "1": 1, "+1": 1, "+": 1, "1.0": 1, "activation": 1, "activates": 1,
    "-1": -1, "-": -1, "-1.0": -1, "repression": -1, "inhibition": -1,
    "represses": -1, "inhibits": -1,
}  # fmt: skip


def parse_edges(
    source: SourceText, weights: Literal["refuse", "sign"] = "refuse"
) -> EdgeList:
    """Return the edges of a list: SIF, or a table `source,target[,kind,sign,weight]`.

    Edges run from cause to effect. A network weighs its edges itself: weights other
    than 1 and -1 are refused, or their sign alone is taken.

    Raises
    ------
    KnowledgeError
        If a line is faulty, or has a weight that is not used.
    """
    if _looks_like_table(source):
        return _parse_table(source, weights)
    return _parse_sif(source)


def _looks_like_table(source: SourceText) -> bool:
    name = source.path.name.lower().removesuffix(".gz")
    if name.endswith(".sif"):
        return False
    if name.endswith((".csv", ".tsv")):
        return True
    header = re.split(r"[,;\t]", source.text.split("\n", 1)[0].lower())
    named = {word.strip("# ") for word in header}
    return all(named & set(_COLUMNS[end]) for end in ("source", "target"))


def _parse_table(source: SourceText, weights: str) -> EdgeList:
    table = read_table(source, _COLUMNS, ("source", "target"))
    column = table.column
    n_edge = len(table.line)
    for index, line in enumerate(table.line):
        if not column["source"][index] or not column["target"][index]:
            raise KnowledgeError(
                "source or target is empty",
                where=source.at(line),
                remedy="fill it in, or remove the row",
            )
    signs = _signs(table, source)
    if "weight" in column:
        weight_sign = _weight_signs(table, source, weights)
        signs = [one or other for one, other in zip(signs, weight_sign, strict=True)]
    return EdgeList(
        str(source.path),
        tuple(column["source"]),
        tuple(column["target"]),
        tuple(column.get("kind", [""] * n_edge)),
        tuple(signs),
        tuple(table.line),
    )


def _signs(table: Table, source: SourceText) -> list[int]:
    words = table.column.get("sign", [""] * len(table.line))
    for word, line in zip(words, table.line, strict=True):
        if word.lower() not in _SIGNS:
            raise KnowledgeError(
                f"sign {word.lower()!r} is none of 1, -1, +, -, 0 or empty",
                where=source.at(line),
                remedy="write 1 for activation, -1 for repression, 0 for unknown",
            )
    return [_SIGNS[word.lower()] for word in words]


def _weight_signs(table: Table, source: SourceText, weights: str) -> list[int]:
    signs = []
    for word, line in zip(table.column["weight"], table.line, strict=True):
        try:
            weight = float(word or 0)
        except ValueError as error:
            raise KnowledgeError(
                f"weight {word!r} is not a number",
                where=source.at(line),
                remedy="write a number, or remove the column",
            ) from error
        if weights == "refuse" and weight not in (-1, 0, 1):
            raise KnowledgeError(
                f"has the weight {word}, but a network weighs its edges itself",
                where=source.at(line),
                remedy='set `knowledge.edge_weights = "sign"` to use the signs of the '
                "weights alone, or remove the column",
            )
        signs.append((weight > 0) - (weight < 0))
    return signs


def _parse_sif(source: SourceText) -> EdgeList:
    """Read `source relation target [target ...]`; a lone name is a lone node."""
    edges: list[tuple[str, str, str, int, int]] = []
    lone: list[str] = []
    for number, line in enumerate(source.text.split("\n"), start=1):
        if not line.strip() or line[0] == "#":
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        cells = [cell.strip() for cell in cells]
        if len(cells) == 2 or not all(cells):
            raise KnowledgeError(
                f"has {len(cells)} fields; SIF has `source relation target ...`",
                where=source.at(number),
                remedy="name the relation, or give a table with the header "
                "source,target",
            )
        lone += cells[:1]
        for effect in cells[2:]:
            sign = _SIGNS.get(cells[1].lower(), 0)
            edges.append((cells[0], effect, cells[1], sign, number))
    numbers = sum(_DECIMAL.fullmatch(edge[1]) is not None for edge in edges)
    if numbers > len(edges) / 2:
        raise KnowledgeError(
            f"{edges[-1][1]!r} is a number, where SIF has `source relation target ...`",
            where=source.at(edges[-1][4]),
            remedy="give a table with a header source,target,weight divided by tabs "
            "or commas (ending .tsv or .csv)",
        )
    return EdgeList(
        str(source.path),
        tuple(edge[0] for edge in edges),
        tuple(edge[1] for edge in edges),
        tuple(edge[2] for edge in edges),
        tuple(edge[3] for edge in edges),
        tuple(edge[4] for edge in edges),
        tuple(lone),
    )
