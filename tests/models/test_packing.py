import numpy as np
from tests.toys import variant_table

from meristem.models.packing import (
    pack_scale,
    pack_targets,
    pack_variants,
    unpack_scale,
    unpack_targets,
    unpack_variants,
)
from meristem.prepare.scale import MarkerScale


def test_variants_scale_and_targets_come_back_as_they_went():
    table = variant_table(["a", "b"], ["1", "X"], [7, 9], ["A", "TT"], ["C", "T"])
    back = unpack_variants(pack_variants(table))
    for name in ("id", "contig", "position", "ref", "alt"):
        field = f"variant_{name}"
        assert getattr(back, field).tolist() == getattr(table, field).tolist()
    scale = MarkerScale(np.array([1.0]), np.array([2.0]), np.array([0.0]))
    again = unpack_scale(pack_scale(scale))
    assert (again.mean[0], again.sd[0], again.weight[0]) == (1, 2, 0)
    traits, environments = unpack_targets(
        pack_targets(np.array(["t", "u"]), np.array(["", "E"]))
    )
    assert (traits.tolist(), environments.tolist()) == (["t", "u"], ["", "E"])
