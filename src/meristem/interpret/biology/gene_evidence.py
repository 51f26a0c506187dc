"""What each method says of each gene: network, GWAS and TWAS side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.stats.discoveries import benjamini_hochberg

COLUMNS = (
    "gene",
    "trait",
    "environment",
    "sensitivity",
    "sensitivity_low",
    "sensitivity_high",
    "rank",
    "n_variants",
    "null_q",
    "network_p",
    "network_q",
    "gwas_p",
    "gwas_q",
    "gwas_variant",
    "twas_p",
    "twas_q",
    "agreement",
    "agreement_p",
    "found_by",
)

KEY = ["gene", "trait", "environment"]

METHODS = ("network", "gwas", "twas")

_OF_NODE = (
    "sensitivity",
    "sensitivity_low",
    "sensitivity_high",
    "rank",
    "n_variants",
    "null_q",
    "held_p",
    "agreement",
    "agreement_p",
)


def gene_evidence(
    nodes: pd.DataFrame,
    variants: pd.DataFrame,
    twas: pd.DataFrame | None = None,
    *,
    level: float = 0.1,
) -> pd.DataFrame:
    """Return the evidence of each method for every gene of the network.

    All three are regressions of the trait under a mixed model: on the contributions
    of the gene's node to lines its network had not seen, on single variants, on the
    measured gene.

    Parameters
    ----------
    nodes
        `nodes.csv`; rows of kind `gene` are genes, or those that read variants where
        there are none. The network's p is `held_p`; without it `null_q` stands in,
        and without both it has no evidence. A gene of sensitivity 0 is not found.
    variants
        `variants.csv` with GWAS; a gene's p is that of its best variant, times the
        number of its variants tested (Bonferroni within the gene).
    twas
        From `scans.twas`; features are matched to genes by the node they measure.
    level
        False discovery rate at which a method is said to have found a gene.

    Returns
    -------
    DataFrame
        One row per gene and target. `found_by` lists the methods, `;` between; rows
        with "network" alone are what the network adds. Those come first, then what
        others found, then the rest; most sensitive first.
    """
    table = _genes(nodes)
    table["network_q"] = _q_by_target(table, "network_p")
    table["network_q"] = table["network_q"].fillna(table["null_q"])
    table = table.merge(_by_gene(variants), on=KEY, how="left")
    table["gwas_q"] = _q_by_target(table, "gwas_p")
    if twas is None:
        table = table.assign(twas_p=np.nan)
    else:
        best = twas.rename(columns={"node": "gene", "p": "twas_p"})
        smallest = best.groupby(KEY)["twas_p"].min().reset_index()
        table = table.merge(smallest, on=KEY, how="left")
    table["twas_q"] = _q_by_target(table, "twas_p")
    table["found_by"] = _found_by(table, level)
    place = np.where(table["found_by"] == "network", 0, 1)
    place = np.where(table["found_by"] == "", 2, place)
    order = np.lexsort((-table["sensitivity"].to_numpy(), place))
    return table.iloc[order].reset_index(drop=True)[list(COLUMNS)]


def _genes(nodes: pd.DataFrame) -> pd.DataFrame:
    """Return the nodes that stand for genes, with the network's evidence."""
    genes = nodes[nodes["kind"] == "gene"]
    if genes.empty:
        genes = nodes[nodes["n_variants"] > 0]
    known = [column for column in _OF_NODE if column in genes]
    absent = dict.fromkeys(set(_OF_NODE) - set(known), np.nan)
    renamed = genes.rename(columns={"node": "gene"})[[*KEY, *known]].assign(**absent)
    return renamed.rename(columns={"held_p": "network_p"})


def _found_by(table: pd.DataFrame, level: float) -> list[str]:
    found = [np.where(table[f"{method}_q"] <= level, method, "") for method in METHODS]
    found[0] = np.where(table["sensitivity"] > 0, found[0], "")
    return [";".join(filter(None, methods)) for methods in zip(*found, strict=True)]


def _by_gene(variants: pd.DataFrame) -> pd.DataFrame:
    """Return the best GWAS p of every gene and target, corrected within the gene."""
    tested = variants[variants["gwas_p"].notna() & (variants["gene"] != "")]
    rows = tested.assign(gene=tested["gene"].str.split(";")).explode("gene")
    if rows.empty:
        columns = {name: pd.Series(dtype=object) for name in KEY}
        return pd.DataFrame(columns).assign(gwas_p=np.nan, gwas_variant="")
    best = rows.sort_values("gwas_p", kind="stable").drop_duplicates(KEY)
    size = rows.groupby(KEY)["gwas_p"].size().rename("n").reset_index()
    best = best.merge(size, on=KEY)
    best["gwas_p"] = np.minimum(best["gwas_p"] * best["n"], 1.0)
    best = best.rename(columns={"variant_id": "gwas_variant"})
    return best[[*KEY, "gwas_p", "gwas_variant"]]


def _q_by_target(table: pd.DataFrame, column: str) -> pd.Series:
    groups = table.groupby(["trait", "environment"], sort=False)[column]
    return groups.transform(lambda p: benjamini_hochberg(p.to_numpy(float)))
