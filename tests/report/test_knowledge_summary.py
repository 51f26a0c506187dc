from __future__ import annotations

from meristem.report.knowledge_summary import knowledge_table


def test_shares_sizes_and_examples_are_readable() -> None:
    html = knowledge_table(
        {
            "n_node": 4730,
            "terms": {"size": {"minimum": 2, "median": 9, "mean": 10, "maximum": 400}},
            "genes": {"n_unknown": 8, "unknown": [f"G{i}" for i in range(8)]},
            "variants": {"share_claimed": 0.25},
        }
    )
    assert "4,730" in html
    assert "2 to 400, median 9" in html
    assert "25.0 %" in html
    assert "G5<" in html
    assert "G6" not in html


def test_counts_that_are_missing_are_left_out() -> None:
    html = knowledge_table({"n_node": 1, "genes": {"n_with_variant": None}})
    assert "with a variant" not in html
    assert "for example" not in html


def test_an_unknown_shape_is_shown_as_it_is() -> None:
    assert "my figure" in knowledge_table({"my_figure": 3})
