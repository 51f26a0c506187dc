"""What a prediction is made of: the network, and the linear path beside it."""

from __future__ import annotations

import pandas as pd

from meristem.models.protocol import FittedNetwork

FITS = {
    "core": "variance components",
    "evidence": "Gauss-Newton",
    "descent": "gradient descent",
}


def parts_table(model: str, fitted: FittedNetwork) -> pd.DataFrame:
    """Return `parts.csv`: one row per target.

    `network_share` is that of the network in the prediction, as rows it had not seen
    allowed, and `linear_share` that of the path from all variants alone. Of this path,
    `scan_share` is that of markers weighted by a scan (the rest is GBLUP); of what
    products of sets were estimated to do, `products_share` stays. Both are empty for a
    trained network, whose `off_graph` says whether a part beside the graph was taken.

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
