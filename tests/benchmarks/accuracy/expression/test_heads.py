import numpy as np
import pandas as pd
from benchmarks.accuracy.expression.heads import _rows, heads_table

from meristem.expression.questions.scores import compare


def test_the_transformer_is_held_against_every_other_head() -> None:
    r = np.linspace(0.1, 0.6, 12)
    scores = pd.concat(
        [
            pd.DataFrame(
                {
                    "question": "new_lines",
                    "model": model,
                    "gene": [f"g{k}" for k in range(12)],
                    "r": r + shift,
                }
            )
            for model, shift in (("zero_shot", 0.0), ("transformer", 0.1))
        ]
    )
    contig = pd.Series("", index=[f"g{k}" for k in range(12)])
    rows = _rows(scores, compare(scores, contig, np.random.default_rng(1)))
    told = heads_table(pd.DataFrame(rows))
    assert "| new_lines | zero_shot | 0.350 | 0.350 | +0.100 [+0.100, +0.100] |" in told
    assert "| new_lines | transformer | 0.450 | 0.450 |  |" in told
