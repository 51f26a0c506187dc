"""From the files on, nothing of the test rows reaches a fitted number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.models.toys import PRIOR_SCORES
from tests.pipeline.leak_case import LAYOUTS, Layout, write_case

from meristem.config import models as kinds
from meristem.config import read_config
from meristem.evaluate.fold import FoldTask, run_fold
from meristem.models.catalog import CATALOG
from meristem.models.protocol import Fitted, Predictor
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.evaluation import evaluate_models, outer_splits
from meristem.pipeline.run import prepare
from meristem.records import Dataset, FittedState, Splits
from meristem.runs.folder import RunFolder

TINY = {"epochs": 3, "patience": 2, "seeds": 1, "inner_folds": 2}
LEARN = {"graph": "learned", "name": "binn learned"}

QUICK: tuple[kinds.ModelOptions, ...] = (
    kinds.GBLUPOptions(),
    kinds.RidgeOptions(),
    kinds.MediatedOptions(),
)

MARKERS: tuple[kinds.ModelOptions, ...] = (kinds.GBLUPOptions(), kinds.RidgeOptions())

MODELS: tuple[kinds.ModelOptions, ...] = (
    *QUICK,
    kinds.GBLUPOptions(identity="sample", name="gblup of lines"),
    kinds.GBLUPOptions(variance="inner", name="gblup inner"),
    kinds.KernelOptions(bandwidths=(0.5, 1.0)),
    kinds.ElasticNetOptions(l1_ratio=(0.5,), n_alphas=4),
    kinds.ForestOptions(trees=4),
    kinds.BoostingOptions(rounds=4),
    kinds.DominanceOptions(),
    kinds.KernelsOptions(),
    kinds.KernelAverageOptions(),
    kinds.TrialOptions(),
    kinds.TrialOptions(structure="unstructured"),
    kinds.BayesOptions(chains=2, burn_in=5, draws=20, most_draws=20, thin=1),
    kinds.WeightedGBLUPOptions(),
    kinds.PriorOptions(scores=PRIOR_SCORES, caution=0.0),
    kinds.PriorOptions(scores=PRIOR_SCORES, permuted=True, name="permuted"),
    kinds.FeatureBLUPOptions(max_sets=2),
    kinds.MediatedOptions(method="one_kernel", name="one kernel"),
    kinds.MediatedOptions(method="predicted_expression", name="predicted expression"),
    kinds.MediatedOptions(method="pathway_reml", name="pathway"),
    kinds.DenseOptions(hidden=(3,), **TINY),
    kinds.CNNOptions(channels=2, kernel=3, stride=2, hidden=3, **TINY),
    kinds.BINNOptions(
        hidden=(3,), omics="soft", fit="descent", name="binn descent", **TINY
    ),
    kinds.BINNOptions(hidden=(3,), omics="hard", name="binn hard", **TINY),
    kinds.BINNOptions(omics="soft", fit="descent", **LEARN, **TINY),
    kinds.StackOptions(
        models=(kinds.GBLUPOptions(), kinds.KernelOptions()), inner_folds=3
    ),
)
CORE = (kinds.AutoOptions(), kinds.CoreOptions(inner_folds=3))
CROSSED = (
    kinds.CombiningOptions(),
    kinds.GBLUPOptions(identity="parents", name="parents"),
)
OF_LINES = (kinds.MultiTraitOptions(),)
"""Where rows are lines, not records."""
REACTING = (
    kinds.TrialOptions(structure="reaction_norm"),
    kinds.ReactionOptions(network=kinds.DenseOptions(hidden=(3,), **TINY)),
)
"""Where environments have covariates."""


def layout_of(name: str) -> Layout:
    (layout,) = (layout for layout in LAYOUTS if layout.name == name)
    return layout


def opened(path: Path) -> Analysis:
    analysis = Analysis(read_config(path), RunFolder(path.parent / "run"))
    prepare(analysis)
    return analysis


class Remembered:
    """A model that keeps what was fitted."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self.state = FittedState("")

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> Fitted:
        fitted = self.predictor.fit(dataset, rng=rng, inner=inner)
        self.state = fitted.state()
        return fitted


def fitted_bytes(analysis: Analysis, options: kinds.ModelOptions) -> dict[str, bytes]:
    """Return everything a model learns in the fold and says of its test rows."""
    (split,) = outer_splits(analysis)
    config = analysis.config
    model = Remembered(analysis.build(options, analysis.plan))
    result = run_fold(
        analysis.dataset,
        FoldTask("model", model, split),
        config.evaluate,
        config.genotypes.filter,
        config.run.seed,
    )
    arrays = {**model.state.arrays, "predicted": result.predicted}
    arrays |= {"spread": result.spread, "latent": result.latent}
    found = {name: np.ascontiguousarray(a).tobytes() for name, a in arrays.items()}
    # where the knowledge was read from is the one thing that differs
    meta = repr(model.state.meta).replace(str(analysis.folder.path.parent), "")
    return found | {"meta": meta.encode()}


def leaks(
    folder: Path, layout: Layout, models: tuple[kinds.ModelOptions, ...]
) -> list[str]:
    """Return model and array of every number that follows the test rows."""
    cases = [
        write_case(folder / "honest", layout, spoilt=False),
        write_case(folder / "spoilt", layout, spoilt=True),
    ]
    for path in cases if models == REACTING else ():
        (path.parent / "places.csv").write_text(
            "environment,rain,heat\nA,3,1\nB,9,4\nC,5,9\n"
        )
        with path.open("a") as config:
            config.write('\n[environments]\npath = "places.csv"\n')
    honest, spoilt = map(opened, cases)
    found = []
    for options in models:
        one, two = fitted_bytes(honest, options), fitted_bytes(spoilt, options)
        found += [
            f"{options.label}: {name}"
            for name in sorted(one.keys() | two.keys())
            if one.get(name) != two.get(name)
        ]
    return found


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_no_number_follows_the_test_rows(tmp_path: Path, layout: Layout) -> None:
    assert leaks(tmp_path, layout, QUICK) == []


TOGETHER = (
    *MARKERS,
    kinds.DenseOptions(hidden=(3,), **TINY),
    kinds.BINNOptions(hidden=(3,), omics="soft", fit="descent", **TINY),
    kinds.MultiTraitOptions(),
)
"""Where a trait may move the predictions of another."""


def test_whether_a_trait_varies_is_asked_of_training_rows(tmp_path: Path) -> None:
    fits = []
    for varies in (False, True):
        path = write_case(tmp_path / str(varies), layout_of("wide"), spoilt=False)
        splits = pd.read_csv(path.parent / "splits.csv").set_index("sample_id")["role"]
        trials = pd.read_csv(path.parent / "phenotypes.csv")
        trials["lodge"] = 3.5
        tested = trials["line"].map(splits).eq("test")
        if varies:
            trials.loc[tested, "lodge"] = np.arange(tested.sum()) % 5
        trials.to_csv(path.parent / "phenotypes.csv", index=False)
        analysis = opened(path)
        assert analysis.dataset.phenotypes.n_target == 2 + varies
        fits.append([fitted_bytes(analysis, options) for options in TOGETHER])
    for alone, beside in zip(*fits, strict=True):
        for name in ("predicted", "spread"):
            value = np.frombuffer(beside.pop(name)).reshape(-1, 3)
            assert value[:, :2].tobytes() == alone.pop(name)
            last = value[:, 2]
            assert (last == 3.5).all() if name == "predicted" else np.isnan(last).all()
        assert alone == beside


def test_markers_of_test_lines_teach_nothing(tmp_path: Path) -> None:
    fits = []
    for spoilt in (False, True):
        path = write_case(tmp_path / str(spoilt), layout_of("replicates"), spoilt=False)
        strict = "[genotypes.filter]\nmin_maf = 0.3\nmax_ld_r2 = 0.3\n\n[phenotypes]"
        path.write_text(path.read_text().replace("[phenotypes]", strict))
        if spoilt:
            splits = pd.read_csv(path.parent / "splits.csv")
            test = splits.loc[splits["role"] == "test", "sample_id"].tolist()
            markers = pd.read_csv(path.parent / "markers.csv")
            markers[test] = (2 - markers[test[::-1]].to_numpy()) // 2
            markers.to_csv(path.parent / "markers.csv", index=False)
        analysis = opened(path)
        fits.append([fitted_bytes(analysis, options) for options in MARKERS])
    for one, two in zip(*fits, strict=True):
        assert one.pop("predicted") != two.pop("predicted")
        one |= dict.fromkeys(("spread", "latent"), b"")
        two |= dict.fromkeys(("spread", "latent"), b"")
        assert one == two


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_nor_does_that_of_any_model(tmp_path: Path, layout: Layout) -> None:
    models = MODELS + (CROSSED if layout.hybrids else ())
    models += () if layout.by == "record" else OF_LINES
    assert leaks(tmp_path, layout, models) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["environments", "by_record"])
def test_nor_does_that_of_the_network_of_a_graph(tmp_path: Path, name: str) -> None:
    assert leaks(tmp_path, layout_of(name), CORE) == []


def test_every_kind_that_predicts_from_genotypes_is_there() -> None:
    tried = MODELS + CROSSED + CORE + OF_LINES + REACTING
    assert {options.kind for options in tried} == set(CATALOG) - {"measured_omics"}


def test_nor_does_that_of_reactions_to_environments(tmp_path: Path) -> None:
    assert leaks(tmp_path, layout_of("by_record"), REACTING) == []


@pytest.mark.parametrize("name", ["environments", "by_record"])
def test_the_written_predictions_are_the_same_text(tmp_path: Path, name: str) -> None:
    layout, tables = layout_of(name), []
    for spoilt in (False, True):
        path = write_case(tmp_path / str(spoilt), layout, spoilt=spoilt)
        analysis = opened(path)
        # the data set of the run folder, as after a restart
        analysis = Analysis(analysis.config, analysis.folder)
        evaluate_models(analysis)
        tables.append(analysis.folder.read_table("predictions.csv"))
    one, two = tables
    assert one.drop(columns="observed").equals(two.drop(columns="observed"))
    assert not np.allclose(one["observed"], two["observed"])
    assert one["observed"].notna().all()
