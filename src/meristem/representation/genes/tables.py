"""Networks of genes from tables of pairs (STRING, BioGRID and the like)."""

from __future__ import annotations

import numpy as np

from meristem.config.stages import NetworkFileConfig
from meristem.errors import KnowledgeError
from meristem.records import StrArray
from meristem.representation.gene_network import GeneNetwork, make_network
from meristem.text.column_names import named_column
from meristem.text.columns import read_table


def read_network(config: NetworkFileConfig) -> GeneNetwork:
    r"""Read an undirected network: pairs of genes, a confidence beside them or not.

    Each pair counts once, whichever way it is written and however often, with its
    largest confidence; confidences are divided by the largest. Cycles are welcome.

    Raises
    ------
    KnowledgeError
        If there are fewer than two columns, a confidence is missing or not above 0,
        or no pair is left.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "pairs.tsv"
    >>> _ = path.write_text("a\tb\tscore\ng1\tg2\t900\ng2\tg1\t450\ng2\tg3\t450\n")
    >>> network = read_network(NetworkFileConfig(path=path, score="score"))
    >>> network.gene.tolist(), network.weight.tolist()
    (['g1', 'g2', 'g3'], [1.0, 0.5])
    """
    table = read_table(config.path)
    if len(table.column_name) < 2:
        raise KnowledgeError(
            "has a single column",
            where=config.path,
            remedy="give two columns of genes (and one of confidences)",
        )
    columns = [
        named_column(table, name, f"network.{field}")
        if name
        else table.column_name[number]
        for number, (field, name) in enumerate(
            (("first", config.first), ("second", config.second))
        )
    ]
    one, two = (table.identifiers(name) for name in columns)
    weight = np.ones(one.size)
    if config.score:
        weight = table.numbers(named_column(table, config.score, "network.score"))
        bad = np.flatnonzero(~(weight > 0))
        if bad.size:
            raise KnowledgeError(
                f"the confidence {weight[bad[0]]:g} is not above 0",
                where=table.place(int(bad[0]), config.score),
                remedy="remove pairs without confidence",
            )
    keep = weight >= config.min_score
    if not keep.any():
        raise KnowledgeError(
            f"no pair has a confidence of {config.min_score:g}",
            where=config.path,
            remedy="lower network.min_score",
        )
    return network_of_pairs(one[keep], two[keep], weight[keep], str(config.path))


def network_of_pairs(
    one: StrArray, two: StrArray, weight: np.ndarray, source: str = ""
) -> GeneNetwork:
    """Return the network of pairs of names; weights are divided by the largest."""
    gene, place = np.unique(np.concatenate([one, two]), return_inverse=True)
    first, second = place[: one.size], place[one.size :]
    return make_network(gene, first, second, weight / weight.max(), source)
