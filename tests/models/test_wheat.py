"""GBLUP on the CIMMYT wheat lines against published predictive abilities."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests import toys

from meristem.config.models import GBLUPOptions
from meristem.mixed.targets import random_inner
from meristem.models.linear.gblup import GBLUP

WHEAT = Path(__file__).parents[2] / ".." / "shared/data/gp/wheat_bglr"
# Crossa et al. 2010, Genetics 186:713, Table 3: marker BLUP (Bayesian lasso is higher)
PUBLISHED = np.array([0.480, 0.488, 0.355, 0.464])


def read_wheat():
    bed_reader = pytest.importorskip("bed_reader")
    with bed_reader.open_bed(str(WHEAT / "genotypes.bed")) as bed:
        dosage = bed.read(dtype="int8")
        line, marker = bed.iid.astype(str), bed.sid.astype(str)
    table = pd.read_csv(WHEAT / "phenotypes.csv.gz", dtype={"line": str, "env": str})
    dosage[dosage < 0] = -1
    value_name = [c for c in table.columns if c not in ("line", "env")]
    return line, marker, dosage, table, value_name


def wheat_dataset():
    line, marker, dosage, table, names = read_wheat()
    if "env" in table.columns and table["line"].duplicated().any():
        wide = table.pivot(index="line", columns="env", values=names[0])
    else:
        wide = table.set_index("line")[names]
    y = wide.loc[line].to_numpy(dtype=np.float64)
    places = [f"E{i + 1}" for i in range(y.shape[1])]
    traits = ["yield"] * len(places)
    table = toys.variant_table(marker)
    return toys.dataset(dosage, y, line, traits, places, variants=table)


@pytest.mark.slow
@pytest.mark.skipif(not WHEAT.exists(), reason="shared data are not here")
def test_predictive_ability_is_not_below_the_published_one():
    dataset = wheat_dataset()
    assert dataset.n_sample == 599
    assert dataset.genotypes.n_variant == 1279
    r = []
    for replicate in range(10):
        rng = np.random.default_rng(replicate)
        for split in random_inner(dataset.n_sample, rng, folds=10):
            fitted = GBLUP(GBLUPOptions()).fit(dataset.take(split.train), rng=rng)
            test = dataset.take(split.test)
            value = fitted.predict(test.genotypes).value
            observed = test.phenotypes.value
            r.append([np.corrcoef(value[:, t], observed[:, t])[0, 1] for t in range(4)])
    mean = np.mean(r, axis=0)
    assert (mean > PUBLISHED - 0.02).all()
    assert mean[[1, 3]] == pytest.approx(PUBLISHED[[1, 3]], abs=0.03)
