"""Random genotypes for the readers and writers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.toys import variant_table

from meristem.records import Genotypes

BASES = np.array(["A", "C", "G", "T"])


@pytest.fixture(scope="session")
def make_genotypes() -> Callable[..., Genotypes]:
    """Return a maker of random genotypes with places and alleles."""

    def make(
        seed: int = 1,
        n_sample: int = 5,
        n_variant: int = 7,
        ploidy: int = 2,
        missing: float = 0.2,
    ) -> Genotypes:
        rng = np.random.default_rng(seed)
        dosage = rng.integers(0, ploidy + 1, (n_sample, n_variant), dtype=np.int8)
        dosage[rng.random(dosage.shape) < missing] = -1
        ref = rng.integers(0, 4, n_variant)
        alt = (ref + rng.integers(1, 4, n_variant)) % 4
        variants = variant_table(
            [f"snp_{i}" for i in range(n_variant)],
            np.array(["1", "chr2", "1A"])[np.arange(n_variant) * 3 // n_variant],
            np.cumsum(rng.integers(1, 1000, n_variant)),
            BASES[ref],
            BASES[alt],
        )
        sample_id = np.array([f"Línea-{i}.x" for i in range(n_sample)])
        return Genotypes(sample_id, variants, dosage, ploidy)

    return make


@pytest.fixture(scope="session")
def assert_same() -> Callable[..., None]:
    """Return a check that two records hold the same genotypes."""

    def check(found: Genotypes, expected: Genotypes, *, places: bool = True) -> None:
        np.testing.assert_array_equal(found.sample_id, expected.sample_id)
        np.testing.assert_array_equal(found.call_dosage, expected.call_dosage)
        assert found.call_dosage.flags.c_contiguous
        assert found.ploidy == expected.ploidy
        names = ["variant_id"]
        if places:
            names += [f"variant_{x}" for x in ("contig", "position", "ref", "alt")]
        for name in names:
            np.testing.assert_array_equal(
                getattr(found.variants, name), getattr(expected.variants, name), name
            )

    return check


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data, or skip."""
    folder = (Path(__file__).parents[2] / ".." / "shared" / "data").resolve()
    if not folder.is_dir():
        pytest.skip("the folder of real data is not here")
    return folder
