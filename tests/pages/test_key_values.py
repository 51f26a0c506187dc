from __future__ import annotations

from meristem.pages.key_values import key_value_table, record_table, shown


def test_spreads_are_one_line_and_empty_entries_are_left_out() -> None:
    spread = {"minimum": 1, "median": 4.0, "mean": 5.5, "maximum": 200}
    html = key_value_table({"terms": {"size": spread, "unknown": []}, "note": "a<b"})
    assert "1 to 200, median 4.00" in html
    assert "unknown" not in html
    assert "a&lt;b" in html


def test_long_lists_are_cut() -> None:
    assert shown(list(range(40))).endswith("and 28 more")


def test_records_become_rows() -> None:
    html = record_table([{"filter": "maf", "removed": 1234}, {"filter": "ld"}])
    assert "1,234" in html
    assert html.count("<tr>") == 3
