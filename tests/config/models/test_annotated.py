"""Options of annotations: `meristem.config.models.annotated`."""

from __future__ import annotations

from pathlib import Path

import pytest

from meristem.config.models.trials import BayesOptions


def test_labels_and_files_tell_the_annotation() -> None:
    asked = BayesOptions(annotation="scores", scores=Path("s.csv"), permuted=True)
    assert asked.label == "bayes_c_scores_permuted"
    assert asked.files == (Path("s.csv"),)
    assert BayesOptions().files == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"prior": "brr", "annotation": "genes"}, "use prior b, c or r"),
        ({"permuted": True}, "no annotation to permute"),
        ({"scores": "s.csv"}, 'read with annotation = "scores"'),
        ({"annotation": "genes", "set_variants": 5}, "set_variants: is read with"),
        ({"annotation": "sets", "quantiles": (0.3,)}, "quantiles: is read with"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BayesOptions(**options)
