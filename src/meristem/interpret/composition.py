"""What a prediction is made of: the network, and what stands beside it."""

from __future__ import annotations

import pandas as pd

from meristem.models.protocol import FittedNetwork, Mixed
from meristem.records import StrArray

FITS = {
    "core": "variance components",
    "evidence": "Gauss-Newton",
    "descent": "gradient descent",
}


SHARE_COLUMNS = ("model", "trait", "environment", "part", "share", "low", "high")


def parts_table(model: str, fitted: FittedNetwork) -> pd.DataFrame:
    """Return `parts.csv`: one row per target.

    `network_share` is that of the network in the prediction, as rows it had not seen
    allowed, and `linear_share` that of models of all variants alone. Of these,
    `scan_share` is that of markers weighted by a scan; of what products of sets were
    estimated to do, `products_share` stays, and is empty for a trained network, whose
    `off_graph` says whether a part beside the graph was taken.

    Parameters
    ----------
    model
        Label of the network.
    fitted
        A fitted network.
    """
    found = fitted.composition()
    scan, products = found.scan_share, found.products_share
    rows = [
        {
            "model": model,
            "trait": str(fitted.trait_name[t]),
            "environment": str(fitted.environment_name[t]),
            "fit": FITS[found.fit],
            "network_share": share,
            "linear_share": 1 - share,
            "scan_share": None if scan is None else float(scan[t]),
            "products_share": None if products is None else float(products[t]),
            "off_graph": found.off_graph,
        }
        for t, share in enumerate(found.network_share.tolist())
    ]
    return pd.DataFrame(rows)


def shares_table(
    model: str, trait: StrArray, environment: StrArray, fitted: Mixed
) -> pd.DataFrame:
    """Return rows of `shares.csv`: every part's share of a prediction, its interval.

    Shares are what rows left out allowed; `low` and `high` bound 95 % over clusters of
    rows that depend on each other. What is missing of 1 is the mean.

    Parameters
    ----------
    model
        Label of the model.
    trait, environment
        Of every target.
    fitted
        A fitted mixture.
    """
    rows = [
        {
            "model": model,
            "trait": str(trait[t]),
            "environment": str(environment[t]),
            "part": share.part,
            "share": float(share.value[t]),
            "low": float(share.low[t]),
            "high": float(share.high[t]),
        }
        for t in range(trait.size)
        for share in fitted.shares()
    ]
    return pd.DataFrame(rows, columns=list(SHARE_COLUMNS))
