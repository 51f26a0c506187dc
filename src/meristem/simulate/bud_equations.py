"""Steady state of the shoot-branching network: hormones and sugar to bud delay.

Auxin A and sucrose S are inputs; cytokinin CK and strigolactone SL answer to them;
the integrator I sums up; the trait T is the number of days until a bud grows out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from meristem.records import FloatArray

NODES: tuple[str, ...] = ("A", "S", "CK", "SL", "I")
"""Order of the node values wherever the five stand side by side."""

ConstantSet = Literal["powell", "bertheloot"]


@dataclass(frozen=True)
class BudConstants:
    """Constants of the network, named as in the source."""

    c1: float
    b1: float
    a1: float
    k1: float
    d1: float
    c2: float
    a2: float
    k2: float
    d2: float
    c3: float
    a3: float
    a4: float
    k3: float
    u1: float
    u2: float
    d3: float
    m0: float
    m1: float


POWELL = BudConstants(
    c1=0.79,
    b1=0.96,
    a1=0.25,
    k1=0.19,
    d1=0.99,
    c2=0.34,
    a2=24.89,
    k2=294.58,
    d2=0.86,
    c3=0.33,
    a3=5.64,
    a4=287.53,
    k3=1000.0,
    u1=4.8e-13,
    u2=7.10,
    d3=0.99,
    m0=-2.2,
    m1=3.5,
)

# The source gives I as a line in T; the trait needs T as a line in I.
_I_PER_DAY = 0.281857451404
_I_AT_DAY_0 = 0.630237580994

BERTHELOOT = BudConstants(
    c1=0.790012936748,
    b1=0.959667760808,
    a1=0.245915750382,
    k1=0.19089274493,
    d1=0.99,
    c2=0.344791998158,
    a2=24.8935838411,
    k2=294.578518524,
    d2=0.861979995395,
    c3=0.332015464625,
    a3=5.640106629,
    a4=287.533204963,
    k3=999.999593567,
    u1=4.80118658782e-13,
    u2=7.09685104032,
    d3=0.987995826276,
    m0=-_I_AT_DAY_0 / _I_PER_DAY,
    m1=1.0 / _I_PER_DAY,
)

CONSTANTS: dict[str, BudConstants] = {"powell": POWELL, "bertheloot": BERTHELOOT}


def node_values(
    A: ArrayLike,
    S: ArrayLike,
    c1: ArrayLike,
    c2: ArrayLike,
    constants: BudConstants = POWELL,
) -> FloatArray:  # (n, 5) in the order of NODES
    """Return the five node values for given auxin, sucrose and genetic inputs.

    Parameters
    ----------
    A, S
        Auxin and sucrose, 0 to 2.5 in the experiments; broadcast to shape (n,).
    c1, c2
        Genetic inputs of cytokinin and strigolactone, which stand in the place of
        the constants of the same name.
    constants
        All other constants.

    Returns
    -------
    numpy.ndarray
        Columns A, S, CK, SL, I.

    References
    ----------
    Bertheloot et al. (2020), New Phytologist, code of openalea/rose; constants
    rounded as in Powell et al. (2022), in silico Plants.

    Examples
    --------
    >>> node_values(1.0, 0.5, POWELL.c1, POWELL.c2).round(4).tolist()
    [[1.0, 0.5, 0.5506, 0.4933, 2.2562]]
    """
    A, S, c1, c2 = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (A, S, c1, c2))
    )
    k = constants
    CK = (c1 / (1 + k.b1 * A) + k.a1 * S**2 / (k.k1 + S**2)) / k.d1
    SL = (c2 + k.a2 * A**2 / (k.k2 + A**2)) / k.d2
    from_SL = k.a3 * SL**2 / (1 + (k.u1 + k.u2 * S**2) * SL**2)
    from_CK = k.a4 / (1 + k.k3 * CK**2)
    integrator = (k.c3 + from_SL + from_CK) / k.d3
    return np.column_stack([A, S, CK, SL, integrator])


def bud_delay(
    integrator: ArrayLike,
    constants: BudConstants = POWELL,
) -> FloatArray:
    """Return the days until outgrowth, T = m0 + m1 I, without threshold or clipping.

    Parameters
    ----------
    integrator
        Value of the integrator I.
    constants
        Constants that hold m0 and m1. The sets differ by up to 0.2 days: use the
        same one as for the node values.

    Returns
    -------
    numpy.ndarray
        Days; negative down to -0.48 and unbounded above (about 1,000 days when
        cytokinin vanishes).
    """
    return constants.m0 + constants.m1 * np.asarray(integrator, dtype=np.float64)
