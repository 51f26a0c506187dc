"""What each method says of each gene: network, GWAS and TWAS side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.interpret.enrichment import benjamini_hochberg

COLUMNS = (
    "gene",
    "trait",
    "environment",
    "sensitivity",
    "network_q",
    "gwas_p",
    "gwas_q",
    "gwas_variant",
    "twas_p",
    "twas_q",
    "found_by",
)

KEY = ["gene", "trait", "environment"]


def gene_evidence(
    nodes: pd.DataFrame,
    variants: pd.DataFrame,
    twas: pd.DataFrame | None = None,
    *,
    level: float = 0.1,
) -> pd.DataFrame:
    """Return the evidence of each method for every gene of the network.

    Parameters
    ----------
    nodes
        `nodes.csv`; rows of kind `gene` are genes. `null_q` is the network's evidence:
        without null networks it has none.
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
        with "network" alone are what the network adds. Network's own first.
    """
    genes = nodes[nodes["kind"] == "gene"].rename(
        columns={"node": "gene", "null_q": "network_q"}
    )
    table = genes[[*KEY, "sensitivity", "network_q"]]
    table = table.merge(_by_gene(variants), on=KEY, how="left")
    table["gwas_q"] = _q_by_target(table, "gwas_p")
    if twas is None:
        table = table.assign(twas_p=np.nan)
    else:
        best = twas.rename(columns={"node": "gene", "p": "twas_p"})
        smallest = best.groupby(KEY)["twas_p"].min().reset_index()
        table = table.merge(smallest, on=KEY, how="left")
    table["twas_q"] = _q_by_target(table, "twas_p")
    found = [
        np.where(table[f"{method}_q"] <= level, method, "")
        for method in ("network", "gwas", "twas")
    ]
    table["found_by"] = [
        ";".join(filter(None, methods)) for methods in zip(*found, strict=True)
    ]
    alone = (table["found_by"] != "network").to_numpy()
    order = np.lexsort((-table["sensitivity"].to_numpy(), alone))
    return table.iloc[order].reset_index(drop=True)[list(COLUMNS)]


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
