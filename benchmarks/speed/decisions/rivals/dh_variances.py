"""PyBrOpS's variances of doubled haploids; run by the Python that has PyBrOpS.

    PYTHON benchmarks/speed/decisions/rivals/dh_variances.py INPUT.npz OUTPUT.npz

The input holds `code` (n, p) of 0 and 1, `effect` (p,), `chromosome` and `morgan` (p,);
the output the (n, n) variances and the CPU seconds of the call.
"""

import sys
import time

import numpy as np

# PyBrOpS 1.0.3 names aliases that NumPy 2 no longer has
for _old, _new in (("float_", "float64"), ("unicode_", "str_")):
    if not hasattr(np, _old):
        setattr(np, _old, getattr(np, _new))


def main() -> None:
    """Read, compute once, write."""
    from pybrops.model.gmod.DenseAdditiveLinearGenomicModel import (
        DenseAdditiveLinearGenomicModel,
    )
    from pybrops.model.vmat.DenseTwoWayDHAdditiveGeneticVarianceMatrix import (
        DenseTwoWayDHAdditiveGeneticVarianceMatrix,
    )
    from pybrops.popgen.gmap.HaldaneMapFunction import HaldaneMapFunction
    from pybrops.popgen.gmat.DensePhasedGenotypeMatrix import DensePhasedGenotypeMatrix

    given = np.load(sys.argv[1])
    code = given["code"].astype("int8")
    genotypes = DensePhasedGenotypeMatrix(
        np.stack([code, code]),
        vrnt_chrgrp=given["chromosome"].astype("int64"),
        vrnt_phypos=np.arange(code.shape[1], dtype="int64"),
        vrnt_genpos=given["morgan"].astype("float64"),
    )
    genotypes.group_vrnt()
    effect = given["effect"].astype("float64")[:, None]
    model = DenseAdditiveLinearGenomicModel(np.zeros((1, 1)), None, effect)
    start = time.process_time()
    found = DenseTwoWayDHAdditiveGeneticVarianceMatrix.from_algmod(
        model, genotypes, 1, 1, 0, HaldaneMapFunction()
    )
    spent = time.process_time() - start
    np.savez(sys.argv[2], variance=np.asarray(found.mat)[:, :, 0], seconds=spent)


if __name__ == "__main__":
    main()
