from __future__ import annotations

from dataclasses import replace

from meristem.prepare.reconcile import compare_ids
from meristem.report.sections.data import data_section, structure_section
from meristem.report.view import View


def test_dropped_lines_and_the_way_to_mend_them_are_told(small_view: View) -> None:
    html = data_section(small_view).html
    assert "genotypes and phenotypes" in html
    assert "fold_ids = [" in html
    assert "L0007 and l0007" in html
    assert "minor allele frequency" in html


def test_the_shape_is_the_one_reconciliation_writes(small_view: View) -> None:
    import numpy as np  # noqa: PLC0415

    left, right = np.array(["a", "B", "c"]), np.array(["a", "b", "d"])
    pair = compare_ids(left, right, ("genotypes", "metabolites")).plain()
    data = {"reconciliation": [{**pair, "folded": False}]}
    view = replace(small_view, artefacts=replace(small_view.artefacts, data=data))
    html = data_section(view).html
    assert "genotypes and metabolites" in html
    assert "B and b" in html


def test_filters_that_removed_nothing_take_one_line(small_view: View) -> None:
    data = dict(small_view.artefacts.data or {})
    data["filters"] = {"variants before filters": 9, "removed: monomorphic": 0}
    view = replace(small_view, artefacts=replace(small_view.artefacts, data=data))
    assert "No marker was removed" in data_section(view).html


def test_after_folding_there_is_no_hint(small_view: View) -> None:
    data = dict(small_view.artefacts.data or {})
    data["reconciliation"] = [{**data["reconciliation"][0], "folded": True}]
    view = replace(small_view, artefacts=replace(small_view.artefacts, data=data))
    assert "fold_ids = [" not in data_section(view).html


def test_what_is_absent_is_said(small_view: View) -> None:
    view = replace(small_view, artefacts=replace(small_view.artefacts, data=None))
    assert "no data.json" in data_section(view).html
    empty = replace(
        small_view.artefacts, structure=small_view.artefacts.structure.head(0)
    )
    assert structure_section(replace(small_view, artefacts=empty)) is None


def test_copies_of_lines_are_listed(small_view: View) -> None:
    data = {**(small_view.artefacts.data or {}), "copies": [["L1", "L9"], ["L2", "L8"]]}
    view = replace(small_view, artefacts=replace(small_view.artefacts, data=data))
    html = data_section(view).html
    assert "2 pairs of lines are identical (L1 = L9, L2 = L8)" in html
    assert "Identical lines" not in data_section(small_view).html


def test_records_are_no_lines_in_the_table_of_traits(small_view: View) -> None:
    assert "lines with a value" in data_section(small_view).html
    run = small_view.artefacts.run
    config = {**run["config"], "phenotypes": {"by": "record"}}
    data = {**(small_view.artefacts.data or {})}
    data["genotypes"] = {**data["genotypes"], "contigs": 1}
    changed = replace(small_view.artefacts, run={**run, "config": config}, data=data)
    html = data_section(replace(small_view, artefacts=changed)).html
    assert "values (line x environment)" in html
    assert "on 1 contig<" in html
