"""The quality of the knowledge graph in a few rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from meristem.pages.key_values import flatten, key_value_table, shown
from meristem.pages.table import table_html

_ROWS: tuple[tuple[str, str, str], ...] = (
    ("n_node", "nodes", ""),
    ("n_edge", "edges between them", ""),
    ("depth", "levels", ""),
    ("n_read_by_trait", "nodes the trait reads", ""),
    ("genes.n_gene", "genes", ""),
    ("genes.n_with_variant", "genes with a variant", ""),
    ("genes.n_in_term", "genes in a term or set", ""),
    ("genes.n_orphan", "genes without any edge", "genes.orphans"),
    ("genes.n_unknown", "annotated, but not in the gene table", "genes.unknown"),
    ("terms.n_term", "terms and sets", ""),
    ("terms.size", "genes per term", ""),
    ("terms.terms_per_gene", "terms per gene", ""),
    ("terms.n_similar_pair", "pairs of terms that share most genes", ""),
    ("variants.n_variant", "variants", ""),
    ("variants.share_claimed", "variants that the network reads", ""),
    ("variants.variants_per_node", "variants per node that reads variants", ""),
)
_EXAMPLES = 6


def knowledge_table(record: dict[str, Any]) -> Markup:
    """Return a table of `knowledge.json`; an unknown shape is shown as it is.

    Examples
    --------
    >>> "nodes the trait reads" in knowledge_table({"n_read_by_trait": 3})
    True
    """
    values = dict(flatten(record))
    rows = [
        {
            "what": label,
            "value": shown(values[key], key),
            "for example": _few(values, names),
        }
        for key, label, names in _ROWS
        if values.get(key) is not None
    ]
    if not rows:
        return key_value_table(record)
    frame = pd.DataFrame(rows)
    if not frame["for example"].astype(bool).any():
        frame = frame.drop(columns="for example")
    return table_html(frame, headings={"what": "", "value": ""}, sortable=False)


def _few(values: dict[str, Any], key: str) -> str:
    names = values.get(key) or []
    return ", ".join(str(name) for name in names[:_EXAMPLES])
