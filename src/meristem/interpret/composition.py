"""What a prediction is made of: the network, and the linear path beside it."""

from __future__ import annotations

from typing import Any

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
        A network that keeps in `meta` how it was fitted.
    """
    meta: dict[str, Any] = getattr(fitted, "meta", {})
    state = fitted.state()
    is_core = meta.get("fit") == "core"
    network = meta["trust"] if is_core else meta["share"]
    flat = meta.get("alone") or {}
    rows = []
    for t, share in enumerate(network):
        rows.append(
            {
                "model": model,
                "trait": str(state.arrays["trait_name"][t]),
                "environment": str(state.arrays["environment_name"][t]),
                "fit": FITS.get(str(meta.get("fit")), str(meta.get("fit"))),
                "network_share": share,
                "linear_share": 1 - share,
                "scan_share": 1 - flat["1.0"][t] if flat else None,
                "products_share": meta["share"][t] if is_core else None,
                "off_graph": bool(meta.get("off_graph", False)),
            }
        )
    return pd.DataFrame(rows)
