import numpy as np
import pandas as pd
import pytest
from benchmarks.accuracy.expression.simulated import (
    HEAD,
    ahead_of,
    rows_of,
    simulated_table,
)


def _scores(gain, seed):
    rng = np.random.default_rng(seed)
    genes = [f"g{k}" for k in range(30)]
    r = rng.uniform(0.2, 0.6, 30)
    return pd.concat(
        pd.DataFrame({"question": "new_lines", "model": m, "gene": genes, "r": r + up})
        for m, up in (("head_elastic_net", 0.0), (HEAD, gain))
    )


def test_the_transformer_stands_beside_every_model_with_an_interval() -> None:
    rows, genes = [], [f"g{k}" for k in range(20)]
    for seed, gain in ((1, 0.1), (2, 0.3)):
        scores = _scores(gain, seed)
        rows += rows_of(scores, genes, seed) + ahead_of(scores, genes, seed)
    frame = pd.DataFrame(rows)
    assert set(frame["genes"]) == {"20"}
    one = simulated_table(frame[frame["seed"] == "1"])
    assert "+0.100 [+0.100, +0.100]" in one
    both = simulated_table(frame)
    half = 0.1 * 12.706  # t of one degree of freedom, sd .1414 / sqrt(2)
    assert f"+0.200 [{0.2 - half:+.3f}, {0.2 + half:+.3f}]" in both
    assert both.count("\n") == one.count("\n")
    assert float(frame["value"].iloc[0]) == pytest.approx(
        _scores(0.1, 1).query("gene in @genes")["r"].iloc[:20].median(), abs=1e-5
    )
