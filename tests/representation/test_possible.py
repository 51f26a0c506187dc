from __future__ import annotations

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.errors import MeristemError
from meristem.records import SampleGroups
from meristem.representation.possible import refuse_impossible

TABLE = table_of(low_rank()[0])
BATCH = ["a", "b"] * 30


def asked(label: list[str], **how: object) -> None:
    groups = SampleGroups(
        TABLE.sample_id, np.array(["batch"]), np.array(label)[:, None]
    )
    options = {"represent": "pca", "k": (3,), "confounders": ("batch",)} | how
    refuse_impossible(TABLE, RepresentOptions.model_validate(options), groups, {})


def test_what_is_possible_passes() -> None:
    asked(BATCH)
    asked(["", *BATCH[1:]], deconfound="none")  # nothing is removed
    asked(["a"] * 60, represent="none", k=(900,))
    asked(BATCH, k=(900,), gives="cleaned")  # the confounders alone


@pytest.mark.parametrize(
    ("label", "how", "match"),
    [
        (["", *BATCH[1:]], {}, "no 'batch', which is to be removed: l0"),
        (["a"] * 60, {}, "same in every sample"),
        (BATCH, {"k": (900,)}, "900 is no number of factors here"),
        (BATCH, {"represent": "sets"}, "needs gene sets"),
        (BATCH, {"represent": "vae", "likelihood": "nb"}, "is no count"),
    ],
)
def test_what_is_not_is_refused(
    label: list[str], how: dict[str, object], match: str
) -> None:
    with pytest.raises(MeristemError, match=match):
        asked(label, **how)
