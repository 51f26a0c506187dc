from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from meristem.report.sections.heritability import (
    heritability_section,
    selection_differential,
)
from meristem.report.view import View


def html_of(view: View) -> str:
    section = heritability_section(view)
    assert section is not None
    return "".join(str(block) for block in section.blocks)


def test_components_have_standard_errors(small_view: View) -> None:
    components = html_of(small_view).split("</table>")[0]
    assert re.search(
        r"<td>gblup</td>.*2\.00\xa0±\xa00\.500.*6\.00\xa0±\xa00\.700", components
    )


def test_accuracy_is_ability_over_the_root_of_h2(small_view: View) -> None:
    gains = html_of(small_view).split("</table>")[1]
    row = re.search(r"<td>gblup</td>(.*)</tr>", gains)
    assert row is not None
    values = [float(v) for v in re.findall(r'data-sort="([^"]+)"', row[1])]
    assert values[1] == pytest.approx(values[0] / 0.5)


def test_accuracy_is_not_shown_for_a_heritability_near_zero(small_view: View) -> None:
    rows = small_view.artefacts.variance_components
    unsure = rows.assign(se=np.where(rows["component"] == "h2", 0.3, rows["se"]))
    artefacts = replace(small_view.artefacts, variance_components=unsure)
    html = html_of(replace(small_view, artefacts=artefacts))
    assert "within one standard error of 0" in html


def test_an_accuracy_above_one_is_explained(small_view: View) -> None:
    assert "above 1 where" in html_of(small_view)
    rows = small_view.artefacts.variance_components
    high = rows.assign(
        value=rows["value"].where(rows["component"] != "h2", 0.99), se=0.001
    )
    artefacts = replace(small_view.artefacts, variance_components=high)
    assert "above 1" not in html_of(replace(small_view, artefacts=artefacts))


def test_without_components_there_is_no_section(large_view: View) -> None:
    assert heritability_section(large_view) is None


def test_the_chosen_are_compared_with_their_own_fold() -> None:
    rows = pd.DataFrame(
        {
            "replicate": 0,
            "fold": ["1", "1", "2", "2"],
            "observed": [1.0, 3.0, 10.0, 14.0],
            "predicted": [0.0, 1.0, 5.0, 4.0],
        }
    )
    assert selection_differential(rows, 0.5, smallest=False) == (1.0 - 2.0) / 2
    assert selection_differential(rows, 0.5, smallest=True) == (-1.0 + 2.0) / 2
    assert np.isnan(selection_differential(rows.head(0), 0.5, smallest=False))
