import pandas as pd

from meristem.expression.heads.figure import draw_promoter


def test_the_largest_variants_are_named_and_all_are_told_apart() -> None:
    table = pd.DataFrame(
        {
            "gene": "g1",
            "variant": ["v1", "v2", "v3"],
            "distance": [-300, 90, -10],
            "ref": ["A", "", "C"],
            "alt": ["G", "TT", "T"],
            "effect": [1.5, -0.4, 0.0],
            "frequency": [0.5, 0.1, 0.3],
            "variance": [0.9, 0.1, 0.0],
            "share": [0.9, 0.1, 0.0],
        }
    )
    figure = draw_promoter(table, (-400, 99))
    assert figure.name == "promoter-g1"
    assert "v1, 90" in figure.svg
    assert "v2, 10" in figure.svg
    assert "v3," not in figure.svg
    assert figure.svg.count("<circle") == 3
    assert "v2: - to TT at 90 bp" in figure.svg
