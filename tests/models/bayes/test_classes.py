"""Odds of variants to act by class: `meristem.models.bayes.classes`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests import toys

from meristem.config.models import BayesOptions
from meristem.errors import ConfigError, DataError
from meristem.mixed.gibbs.alphabet import per_class
from meristem.models.bayes.classes import TOLD, VariantClasses, variant_classes
from meristem.models.bayes.fitted import FittedBayes, restore_bayes
from meristem.models.bayes.spec import Bayes
from meristem.models.faults import model_faults
from meristem.records import Dataset, NetworkPlan

N, N_NEW, P, N_GENE, OWN = 220, 130, 160, 8, 5
"""Lines, new lines, variants; genes of a few variants each, the first 40."""
SHORT = {"chains": 2, "burn_in": 200, "draws": 300, "most_draws": 300, "thin": 2}
TABLE = toys.variant_table(P)


def plan() -> NetworkPlan:
    return toys.network_plan(
        {f"g{i}": range(OWN * i, OWN * (i + 1)) for i in range(N_GENE)},
        {"small": ("g0", "g1"), "large": ("g1", "g2", "g3", "g4"), "one": ("g7",)},
        variants=TABLE,
        heads=["small", "large", "one"],
    )


def panel(seed: int = 5) -> tuple[Dataset, np.ndarray]:
    """Return lines of which 28 of the 40 variants in genes act, and 3 others."""
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (N + N_NEW, P)).astype(np.int8)
    effect = np.zeros(P)
    effect[:28] = rng.choice([-1.0, 1.0], 28)
    effect[[60, 90, 130]] = 1.0
    g = (dosage - 1.0) @ effect
    y = g + 0.6 * g.std() * rng.standard_normal(g.size)
    return toys.dataset(dosage, y, "l", variants=TABLE), g


def fit(data: Dataset, **options: object) -> FittedBayes:
    chosen = BayesOptions(**(SHORT | options))
    rng = np.random.default_rng(1)
    return Bayes(chosen, plan()).fit(data.take(np.arange(N)), rng=rng)


def accuracy(found: FittedBayes, data: Dataset, g: np.ndarray) -> float:
    new = data.take(np.arange(N, N + N_NEW)).genotypes
    return float(np.corrcoef(found.predict(new).value[:, 0], g[N:])[0, 1])


def scores(path: Path, values: dict[str, float]) -> Path:
    rows = [f"{name},{value}" for name, value in values.items()]
    path.write_text("\n".join(["variant,score", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("prior", ["b", "c", "r"])
def test_a_class_of_causal_variants_is_found(prior: str) -> None:
    data, g = panel()
    found = fit(data, prior=prior, annotation="genes")
    told = found.variant_classes()
    assert told["class"].tolist() == ["in no gene", "in a gene"]
    assert told["variants"].tolist() == [P - 40, 40]
    assert told["enrichment_low"].iloc[1] > 1 > told["enrichment_high"].iloc[0]
    assert told["share"].sum() == pytest.approx(1)
    assert told["share"].iloc[1] == pytest.approx(28 / 31, abs=0.12)
    inclusion = found.variant_inclusion()
    assert inclusion["class"].tolist() == ["in a gene"] * 40 + ["in no gene"] * 120
    plain = fit(data, prior=prior)
    assert plain.variant_classes() is None
    assert accuracy(found, data, g) > accuracy(plain, data, g) - 0.005


def test_permuted_classes_tell_nothing() -> None:
    told = fit(panel()[0], annotation="genes", permuted=True).variant_classes()
    assert told["variants"].tolist() == [P - 40, 40]
    assert (told["enrichment_low"] < 1).all()
    assert (told["enrichment_high"] > 1).all()


def test_variants_are_of_the_smallest_set_that_is_large_enough() -> None:
    data, _ = panel()
    asked = BayesOptions(annotation="sets", set_variants=10)
    found = variant_classes(asked, data.genotypes, plan())
    label = np.repeat([3, 4, 1, 0], [10, 15, 15, P - 40])  # `one` has 5 variants
    named = ["in no gene", "in a gene of no class", "", "small", "large"]
    assert [named[k] for k in label] == found.name[found.label].tolist()
    shuffled = data.genotypes.take_variants(np.arange(P)[::-1])
    again = variant_classes(asked, shuffled, plan())
    assert again.name[again.label].tolist() == found.name[found.label].tolist()[::-1]


def test_scores_are_classes_of_their_size(tmp_path: Path) -> None:
    data, _ = panel()
    values = {f"v{k}": (-1) ** k * (k + 1.0) for k in range(100)}
    path = scores(tmp_path / "many.csv", values)
    asked = BayesOptions(annotation="scores", scores=path, quantiles=(0.9, 0.5))
    found = variant_classes(asked, data.genotypes, None)
    assert found.count.tolist() == [60, 50, 40, 10]
    assert found.label[[0, 49, 50, 89, 90, 100]].tolist() == [1, 1, 2, 2, 3, 0]
    assert found.name.tolist()[2] == "score 50.5 to 90.1"
    # scores of two values have no quantiles between them
    path = scores(tmp_path / "two.csv", {f"v{k}": 1.0 for k in range(20)})
    asked = BayesOptions(annotation="scores", scores=path)
    assert variant_classes(asked, data.genotypes, None).count.tolist() == [140, 20]


def test_what_is_learned_of_classes_is_saved() -> None:
    data, _ = panel()
    found = fit(data, annotation="genes", draws=40, most_draws=40)
    again = restore_bayes(found.state())
    assert again.variant_classes().equals(found.variant_classes())
    assert list(again.variant_classes().columns[3:]) == list(TOLD)
    assert again.variant_inclusion().equals(found.variant_inclusion())
    assert not found.convergence()["quantity"].str.contains("inclusion_rate_").any()


def test_a_plan_is_kept_where_it_is_read() -> None:
    assert Bayes(BayesOptions(), plan()).plan is None
    assert Bayes(BayesOptions(annotation="sets"), plan()).plan is not None


def test_sums_by_class_are_sums() -> None:
    value, label = np.arange(12.0).reshape(3, 4) % 5, np.array([1, 0, 1, 1])
    expected = [[row[label == k].sum() for k in (0, 1)] for row in value]
    assert per_class(value, label).tolist() == expected
    assert per_class(value > 1, None).ravel().tolist() == [2, 2, 2]


def test_a_permutation_keeps_the_sizes_of_classes() -> None:
    classes = VariantClasses(np.array(["a", "b"]), np.arange(30) % 3 // 2)
    permuted = classes.permuted(np.linspace(0, 2, 30), np.random.default_rng(0))
    assert permuted.count.tolist() == classes.count.tolist() == [20, 10]
    assert (permuted.label != classes.label).any()


@pytest.mark.parametrize(
    ("options", "known", "error", "said"),
    [
        ({"annotation": "genes"}, None, ConfigError, "add a .knowledge. section"),
        ({"annotation": "sets"}, None, ConfigError, "needs genes of .knowledge."),
        ({"annotation": "sets"}, plan(), None, ""),
        (
            {"annotation": "sets", "set_variants": 21},
            plan(),
            DataError,
            "none of 3 gene sets has 21 variants .the largest: 20.",
        ),
        ({"annotation": "scores"}, None, ConfigError, "add a .priors. section"),
    ],
)
def test_classes_that_nothing_tells_are_refused_with_their_place(
    options: dict, known: NetworkPlan | None, error: type | None, said: str
) -> None:
    faults = list(model_faults(BayesOptions(**options), panel()[0], "models.1", known))
    if error is None:
        assert faults == []
        return
    (fault,) = faults
    assert isinstance(fault, error)
    assert "models.1" in fault.message
    with pytest.raises(error, match=said):
        raise fault


def test_one_class_of_all_variants_is_refused() -> None:
    data, _ = panel()
    inside = data.take_variants(np.arange(40))
    asked = BayesOptions(annotation="genes")
    (fault,) = model_faults(asked, inside, "models.1", plan())
    assert "all 40 variants are of one class (in a gene)" in fault.message
