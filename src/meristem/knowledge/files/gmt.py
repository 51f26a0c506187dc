"""Gene sets (GMT) and edge lists (SIF, or a table source,target)."""

from __future__ import annotations

from meristem.errors import KnowledgeError
from meristem.knowledge.annotation import Annotation
from meristem.knowledge.graph import GENERIC_KIND, KnowledgeGraph, make_graph
from meristem.knowledge.source import SourceText, read_table

_COLUMNS = {
    "source": ("source", "from", "regulator", "tf", "cause"),
    "target": ("target", "to", "effect", "regulated"),
    "kind": ("kind", "relation", "interaction", "type", "edge_type"),
    "sign": ("sign", "effect_sign", "mode"),
}
_SIGNS = {
    "": 0, "0": 0, ".": 0,
    "1": 1, "+1": 1, "+": 1, "1.0": 1, "activation": 1,
    "-1": -1, "-": -1, "-1.0": -1, "repression": -1, "inhibition": -1,
}  # fmt: skip


def parse_gmt(source: SourceText) -> Annotation:
    """Return the gene sets of a GMT text as annotation: gene, set.

    A line holds the set's name, a description (or `na`, or an address) and its
    genes, separated by tabs.

    Raises
    ------
    KnowledgeError
        If a line has fewer than three fields or a set's name occurs twice.

    References
    ----------
    Broad Institute, GMT: Gene Matrix Transposed file format.
    """
    seen: set[str] = set()
    pairs: dict[tuple[str, str], None] = {}
    for number, line in enumerate(source.text.split("\n"), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        members = [cell for cell in cells[2:] if cell]
        if not cells[0] or not members:
            raise KnowledgeError(
                f"has {len(cells)} tab-separated fields; a gene set needs a name, "
                "a description and at least one gene",
                where=source.at(number),
                remedy="separate by tabs; write `na` where there is no description",
            )
        if cells[0] in seen:
            raise KnowledgeError(
                f"gene set {cells[0]!r} is defined a second time",
                where=source.at(number),
                remedy="rename one of the two",
            )
        seen.add(cells[0])
        pairs.update(dict.fromkeys((gene, cells[0]) for gene in members))
    names = {gene: (gene,) for gene, _ in pairs}
    both = sorted(seen & set(names))
    if both:
        raise KnowledgeError(
            f"{both[0]!r} is the name of a set and of a gene",
            where=source.path,
            remedy="rename the set",
        )
    return Annotation(tuple(pairs), names, {}, {}, 0, 0, 0, source)


def _looks_like_table(source: SourceText) -> bool:
    name = source.path.name.lower().removesuffix(".gz")
    if name.endswith(".sif"):
        return False
    if name.endswith((".csv", ".tsv")):
        return True
    header = source.text.split("\n", 1)[0].lower()
    return "source" in header and "target" in header


def parse_edges(source: SourceText) -> KnowledgeGraph:
    """Return the graph of an edge list: SIF, or a table `source,target[,kind,sign]`.

    Edges run from cause to effect.

    Raises
    ------
    KnowledgeError
        If a line is faulty, an edge joins a node to itself, or edges close a cycle.
    """
    return _parse_table(source) if _looks_like_table(source) else _parse_sif(source)


def _refuse_self_edge(cause: str, effect: str, where: str) -> None:
    if cause == effect:
        raise KnowledgeError(
            f"{cause!r} has an edge to itself", where=where, remedy="remove it"
        )


def _parse_table(source: SourceText) -> KnowledgeGraph:
    table = read_table(source, _COLUMNS, ("source", "target"))
    column = table.column
    signs = []
    for index, line in enumerate(table.line):
        cause, effect = column["source"][index], column["target"][index]
        if not cause or not effect:
            raise KnowledgeError(
                "source or target is empty",
                where=source.at(line),
                remedy="fill it in, or remove the row",
            )
        _refuse_self_edge(cause, effect, source.at(line))
        sign = column["sign"][index].lower() if "sign" in column else ""
        if sign not in _SIGNS:
            raise KnowledgeError(
                f"sign {sign!r} is none of 1, -1, +, -, 0 or empty",
                where=source.at(line),
                remedy="write 1 for activation, -1 for repression, 0 for unknown",
            )
        signs.append(_SIGNS[sign])
    names = [*column["source"], *column["target"]]
    return make_graph(
        dict.fromkeys(names, GENERIC_KIND),
        column["source"],
        column["target"],
        edge_kind=column.get("kind", ""),
        edge_sign=signs,
        source=str(source.path),
    )


def _parse_sif(source: SourceText) -> KnowledgeGraph:
    """Read `source relation target [target ...]`; a lone name is a lone node."""
    names: dict[str, str] = {}
    causes: list[str] = []
    effects: list[str] = []
    kinds: list[str] = []
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
        names.update(dict.fromkeys((cells[0], *cells[2:]), GENERIC_KIND))
        for effect in cells[2:]:
            _refuse_self_edge(cells[0], effect, source.at(number))
            causes.append(cells[0])
            effects.append(effect)
            kinds.append(cells[1])
    return make_graph(names, causes, effects, edge_kind=kinds, source=str(source.path))
