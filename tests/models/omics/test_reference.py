import numpy as np
import pytest

from meristem.errors import DataError
from meristem.models.named_columns import joined
from meristem.models.omics.reference import FittedMeasuredOmics


def test_without_omics_it_says_so():
    assert FittedMeasuredOmics.needs.measured_omics
    with pytest.raises(DataError, match="measured omics"):
        joined((), np.array(["x/u"]))
