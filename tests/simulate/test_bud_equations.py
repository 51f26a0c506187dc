import numpy as np
import pytest

from meristem.simulate.bud_equations import (
    BERTHELOOT,
    CONSTANTS,
    POWELL,
    bud_delay,
    node_values,
)

# A, S, then CK, SL, I, T with the rounded and with the exact constants:
# computed independently for the project's fact sheet, section 3.1.
FIXED_INPUTS = [
    (0, 0.1, 0.8106, 0.3953, 1.6553, 3.5937, 0.8104, 0.4000, 1.6817, 3.7304),
    (0, 0.5, 0.9415, 0.3953, 1.3577, 2.5519, 0.9388, 0.4000, 1.3773, 2.6504),
    (0, 1, 1.0102, 0.3953, 1.0397, 1.4390, 1.0066, 0.4000, 1.0507, 1.4918),
    (0, 2.5, 1.0431, 0.3953, 0.7122, 0.2929, 1.0390, 0.4000, 0.7182, 0.3120),
    (1, 0.1, 0.4198, 0.4933, 3.3350, 9.4724, 0.4196, 0.4977, 3.3695, 9.7188),
    (1, 0.5, 0.5506, 0.4933, 2.2562, 5.6967, 0.5481, 0.4977, 2.2841, 5.8677),
    (1, 1, 0.6193, 0.4933, 1.5967, 3.3886, 0.6158, 0.4977, 1.6142, 3.4911),
    (1, 2.5, 0.6522, 0.4933, 1.1320, 1.7620, 0.6482, 0.4977, 1.1449, 1.8261),
    (2.5, 0.1, 0.2473, 0.9966, 10.2909, 33.8182, 0.2471, 1.0000, 10.3550, 34.5024),
    (2.5, 0.5, 0.3782, 0.9966, 4.3979, 13.1928, 0.3756, 1.0000, 4.4421, 13.5240),
    (2.5, 1, 0.4469, 0.9966, 2.4830, 6.4905, 0.4433, 1.0000, 2.5142, 6.6843),
    (2.5, 2.5, 0.4798, 0.9966, 1.7152, 3.8031, 0.4758, 1.0000, 1.7418, 3.9437),
]

# A, S, CKg, SLg, then CK, SL, I, T (rounded constants): fact sheet, section 3.2.
GENOTYPES = [
    (0, 0, 0, 0, 0.0000, 0.0000, 290.7677, 1015.4869),
    (2.5, 2.5, 1.1, 1.0, 0.5719, 1.7641, 1.3462, 2.5116),
    (1.25, 1.25, 0.55, 0.5, 0.4777, 0.7341, 2.0406, 4.9421),
    (0, 2.5, 1.1, 0, 1.3562, 0.0000, 0.4912, -0.4809),
    (2.5, 0, 1.1, 1.0, 0.3268, 1.7641, 20.7565, 70.4478),
]


@pytest.mark.parametrize("row", FIXED_INPUTS)
@pytest.mark.parametrize(("constants", "first"), [(POWELL, 2), (BERTHELOOT, 6)])
def test_fixed_inputs_agree_with_the_sheet(row, constants, first):
    nodes = node_values(row[0], row[1], constants.c1, constants.c2, constants)
    found = [*nodes[0, 2:], bud_delay(nodes[0, 4], constants)]
    np.testing.assert_allclose(found, row[first : first + 4], rtol=0, atol=1e-4)


@pytest.mark.parametrize("row", GENOTYPES)
def test_genotypes_agree_with_the_sheet(row):
    nodes = node_values(*row[:4])
    found = [*nodes[0, 2:], bud_delay(nodes[0, 4])]
    np.testing.assert_allclose(found, row[4:], rtol=0, atol=1e-4)


def test_inputs_broadcast_and_stand_first():
    nodes = node_values([0.0, 1.0, 2.5], 0.5, 0.79, 0.34)
    assert nodes.shape == (3, 5)
    np.testing.assert_array_equal(nodes[:, 0], [0.0, 1.0, 2.5])
    np.testing.assert_array_equal(nodes[:, 1], 0.5)


def test_the_two_trait_laws_are_the_published_ones():
    assert CONSTANTS == {"powell": POWELL, "bertheloot": BERTHELOOT}
    assert BERTHELOOT.m0 == pytest.approx(-2.236015, abs=1e-6)
    assert BERTHELOOT.m1 == pytest.approx(3.547893, abs=1e-6)


def test_largest_trait_of_the_network():
    nodes = node_values(2.5, 0.0, 0.0, 1.0)
    assert bud_delay(nodes[0, 4]) == pytest.approx(1077.5, abs=0.1)
