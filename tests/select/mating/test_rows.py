"""`meristem.select.mating.rows`: limits over crosses, against counting by hand."""

import numpy as np
import scipy

from meristem.select.mating.limits import MatingLimits
from meristem.select.mating.rows import over_crosses, seed_parents, use_counts
from meristem.select.records import Crosses


def test_rows_over_crosses_count_uses_and_seeds() -> None:
    first, second = np.array([0, 0, 1, 2]), np.array([1, 3, 2, 4])
    zero = np.zeros(4)
    crosses = Crosses(first, second, zero, zero, zero, "")
    columns, pool = np.array([0, 2, 3]), np.array([1, 0, 1, 0, 0])
    uses = use_counts(crosses, columns, 5).toarray()
    assert uses.tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0], [0, 0, 1]]
    assert seed_parents(crosses, columns, pool).tolist() == [1, 1, 4]
    assert seed_parents(crosses, columns, None).tolist() == [0, 1, 2]
    plane = scipy.sparse.csr_array(np.array([[0.5, 1.0, 2.0, 4.0, 8.0]]))
    free, seeds = MatingLimits(2), MatingLimits(2, pool=pool, seeds=np.full(5, 3))
    expected = [[0.5 + 1, 1 + 2, 2 + 8]]
    assert over_crosses(plane, crosses, columns, free).toarray().tolist() == expected
    both = over_crosses(plane, crosses, columns, seeds).toarray()
    assert both[:1].tolist() == expected
    assert both[1:].sum(axis=0).tolist() == [1, 1, 1]
    assert both[1:].argmax(axis=0).tolist() == [1, 1, 4]
