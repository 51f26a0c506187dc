"""`meristem.records.arrays`: names are unique."""

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.records.arrays import refuse_duplicates


def test_names_that_occur_twice_are_counted_and_named() -> None:
    refuse_duplicates(np.array(["a", "b"]), "lines")
    with pytest.raises(DataError, match="2 lines occur more than once: a, c"):
        refuse_duplicates(np.array(["c", "a", "b", "a", "c"]), "lines")
