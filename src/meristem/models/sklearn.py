"""The models as scikit-learn estimators on a plain matrix X.

X holds dosages: whole numbers from 0 to the ploidy (2, or the next even number above
the largest, at most 8), -1, 0 and 1, or imputed dosages between; NaN is a missing call.
Dosages beyond the ploidy are refused in `predict`. Columns that are no dosages (age,
altitude) are refused beside columns that are. Where no column is a dosage, each is
written on 127 equal steps between its smallest and its largest training value, because
the models read dosages of one byte; values beyond are clipped. Columns of a data frame
are matched to a plan's variants by name.

Columns named in `covariates` are no dosages but what y is adjusted for: numbers, or
classes where they hold words or categories. Their effects are learned beside the
genetic ones, and `predict` adds those of each row.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from meristem.config import models as options
from meristem.errors import MeristemError
from meristem.mixed.targets import MIN_ROWS
from meristem.models.catalog import build
from meristem.models.dosage_code import learn_code
from meristem.models.named_columns import covariate_columns
from meristem.prepare.training import training_set
from meristem.records import (
    Covariates,
    Dataset,
    FloatArray,
    Genotypes,
    NetworkPlan,
    OmicsTable,
    Phenotypes,
    PlanLevel,
    VariantTable,
)


class _DosageRegressor(RegressorMixin, BaseEstimator):
    """What all estimators share; a child names its options class."""

    _options: type[options.ModelOptions]

    def fit(
        self,
        X: ArrayLike,  # (n_sample, n_feature)
        y: ArrayLike,  # (n_sample,) or (n_sample, n_target)
        sample_weight: ArrayLike | None = None,  # (n_sample,)
    ) -> _DosageRegressor:
        """Fit on dosages X.

        Parameters
        ----------
        X
            Dosages; NaN is a missing call.
        y
            One or several targets.
        sample_weight
            Relative precision of each row; rows of weight 0 are left out.

        Raises
        ------
        ValueError
            If the model cannot be fitted to these data, or some columns of X are
            dosages and others are not.
        """
        X, beside = self._split(X)
        x, target = validate_data(
            self,
            X,
            y,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            multi_output=True,
            y_numeric=True,
            ensure_min_samples=MIN_ROWS,
        )
        weight = _check_sample_weight(sample_weight, x, dtype=np.float64)
        kept = weight > 0
        x, weight = x[kept], weight[kept]
        value = np.asarray(target, dtype=np.float64)[kept]
        self.n_dims_y_ = value.ndim
        value = value.reshape(x.shape[0], -1)
        self.variant_id_ = self._variant_ids()
        self.code_ = learn_code(x, self.variant_id_)
        try:
            predictor = build(self._chosen(), self._plan(self.variant_id_))
            phenotypes = Phenotypes(
                _row_names(x.shape[0]),
                np.array([f"y{i}" for i in range(value.shape[1])]),
                np.full(value.shape[1], ""),
                value,
                np.repeat(weight[:, None], value.shape[1], axis=1),
            )
            omics = self._measured(X, kept)
            known = None if beside is None else beside.take(kept)
            dataset = Dataset(self._genotypes(x), phenotypes, omics, covariates=known)
            train, self.taken_ = training_set(dataset, np.arange(dataset.n_sample))
            self.fitted_ = predictor.fit(train, rng=self._rng())
        except MeristemError as error:
            raise ValueError(str(error)) from error
        return self

    def predict(
        self, X: ArrayLike
    ) -> FloatArray:  # (n_sample,) or (n_sample, n_target)
        """Predict from dosages X, coded as those of the training."""
        check_is_fitted(self)
        X, beside = self._split(X)
        x = validate_data(
            self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        self.code_.refuse_other(x, self.variant_id_)
        value = self.fitted_.predict(self._genotypes(x)).value
        if beside is not None and self.taken_.covariates is not None:
            value = value + self.taken_.covariates.of(beside)
        return value[:, 0] if self.n_dims_y_ == 1 else value

    def _split(self, X: ArrayLike) -> tuple[ArrayLike, Covariates | None]:
        """Return the columns of dosages, and those that are covariates."""
        names = tuple(getattr(self, "covariates", ()))
        if not names:
            return X, None
        if not hasattr(X, "columns") or not hasattr(X, "drop"):
            raise ValueError("covariates are named columns: give X as a data frame")
        frame: Any = X
        absent = [name for name in names if name not in frame.columns]
        if absent:
            raise ValueError(f"X has no column {absent[0]!r}, named in covariates")
        return frame.drop(columns=list(names)), covariate_columns(frame, names)

    def _genotypes(self, x: FloatArray) -> Genotypes:
        return Genotypes(
            _row_names(x.shape[0]),
            _variant_table(self.variant_id_),
            self.code_.encode(x),
            self.code_.ploidy,
        )

    def _variant_ids(self) -> NDArray[np.str_]:
        names = getattr(self, "feature_names_in_", None)
        if names is not None:
            return np.asarray(names, dtype=np.str_)
        return np.array([f"x{i}" for i in range(self.n_features_in_)])

    def _chosen(self, **given: Any) -> options.ModelOptions:
        names = set(self._options.model_fields) & set(self.get_params(deep=False))
        return self._options(**{name: getattr(self, name) for name in names} | given)

    def _plan(self, variant_id: NDArray[np.str_]) -> NetworkPlan | None:
        del variant_id
        return None

    def _measured(
        self, X: ArrayLike, kept: NDArray[np.bool_]
    ) -> tuple[OmicsTable, ...]:
        del X, kept
        return ()

    def _rng(self) -> np.random.Generator:
        state: Any = getattr(self, "random_state", None)
        if isinstance(state, np.random.Generator):
            return state
        if state is None:
            return np.random.default_rng()
        seed = check_random_state(state).randint(2**31 - 1)
        return np.random.default_rng(seed)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = True
        # ten continuous columns, as scikit-learn's checks have them, are no genome
        tags.regressor_tags.poor_score = self._options is options.CNNOptions
        return tags


class _GraphRegressor(_DosageRegressor):
    """What estimators share that read a graph and measured omics."""

    plan: NetworkPlan | None
    omics: Any
    supervision: str

    def _variant_ids(self) -> NDArray[np.str_]:
        plan = self.plan
        if plan is None or hasattr(self, "feature_names_in_"):
            return super()._variant_ids()
        by_position = plan.variants.n_variant == self.n_features_in_
        return plan.variants.variant_id if by_position else super()._variant_ids()

    def _chosen(self, **given: Any) -> options.ModelOptions:
        how = "none" if self.omics is None else self.supervision
        return super()._chosen(omics=how, **given)

    def _measured(
        self, X: ArrayLike, kept: NDArray[np.bool_]
    ) -> tuple[OmicsTable, ...]:
        if self.omics is None:
            return ()
        rows = getattr(X, "index", None)
        if rows is None:
            raise ValueError("omics are matched by row names: give X as a data frame")
        table = self.omics.reindex(rows[kept])
        value = table.to_numpy(dtype=np.float64)
        if np.isnan(value).all():
            raise ValueError("no row of omics has the name of a row of X")
        names = table.columns.to_numpy(dtype=np.str_)
        return (OmicsTable("omics", _row_names(len(table)), names, names, value),)

    def _plan(self, variant_id: NDArray[np.str_]) -> NetworkPlan | None:
        if self.plan is not None or self._options is options.AutoOptions:
            return self.plan
        every = np.arange(variant_id.size, dtype=np.int64)
        none = np.empty(0, dtype=np.int64)
        level = PlanLevel(0, 1, np.zeros_like(every), every, none, none)
        return NetworkPlan(
            _variant_table(variant_id),
            np.array(["all"]),
            np.array(["gene"]),
            np.zeros(1, dtype=np.int64),
            (level,),
            np.zeros(1, dtype=np.int64),
        )


_NO_PARAMETER = {
    *("name", "kind", "graph", "learn", "omics", "pedigree", "table"),
    "fit",
}
"""Options of files and names, which a matrix X does not have; `fit` is the method."""

_GRAPH = {"plan": None, "omics": None, "supervision": "soft"}


def _estimator(
    name: str, kind: type[options.ModelOptions], summary: str, example: str = ""
) -> Any:
    """Return the estimator of a kind: its parameters are the options of the kind."""
    fields = {
        field: (each.get_default(), str(each.description or f"see `{kind.__name__}`"))
        for field, each in kind.model_fields.items()
        if field not in _NO_PARAMETER
    }
    graph = issubclass(kind, options.TrainedNetworkOptions)
    defaults: dict[str, Any] = dict(_GRAPH) if graph else {}
    defaults |= {field: default for field, (default, _) in fields.items()}
    defaults |= {"random_state": None, "covariates": ()}
    parameters = [
        Parameter(each, Parameter.POSITIONAL_OR_KEYWORD, default=default)
        for each, default in defaults.items()
    ]
    signature = Signature(
        [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *parameters]
    )

    def assign(self: _DosageRegressor, *args: Any, **given: Any) -> None:
        bound = signature.bind(self, *args, **given)
        bound.apply_defaults()
        for each in defaults:
            setattr(self, each, bound.arguments[each])

    assign.__signature__ = signature  # type: ignore[attr-defined]
    texts = {
        **(_GRAPH_TEXT if graph else {}),
        **{field: text for field, (_, text) in fields.items()},
        **_SHARED_TEXT,
    }
    listed = "\n".join(f"{each}\n    {text}" for each, text in texts.items())
    doc = f"{summary}\n\nParameters\n----------\n{listed}\n"
    if example:
        doc += f"\nExamples\n--------\n{example}\n"
    base = _GraphRegressor if graph else _DosageRegressor
    body = {"_options": kind, "__init__": assign, "__doc__": doc}
    return type(name, (base,), body | {"__module__": __name__})


_SHARED_TEXT = {
    "random_state": "Seed of splits, samples and weights.",
    "covariates": "Columns of the data frame X that are no dosages; see the module.",
}
_GRAPH_TEXT = {
    "plan": (
        "Compiled knowledge. Its variants are matched to the columns of a data frame "
        "by\n    name, to those of a plain matrix by position. Without one the "
        "network has one node\n    that reads every column, and `AutoRegressor` none."
    ),
    "omics": (
        "Data frame of measurements that teach the nodes in training: rows named as "
        "those\n    of the data frame X (any subset of them, and others), a column "
        "for every measured\n    node, under its name. Prediction needs none."
    ),
    "supervision": 'How they teach: "soft", "hard" or "correlation".',
}

GBLUPRegressor = _estimator(
    "GBLUPRegressor",
    options.GBLUPOptions,
    "Genomic BLUP; `fitted_` holds variance components and reliabilities.",
    """>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> X = rng.integers(0, 3, (80, 20))
>>> y = X @ rng.normal(size=20) + rng.normal(size=80)
>>> model = GBLUPRegressor().fit(X, y)
>>> bool(model.score(X, y) > 0.8)
True""",
)
RidgeBLUPRegressor = _estimator(
    "RidgeBLUPRegressor",
    options.RidgeOptions,
    "Ridge regression on dosages, its penalty by exact leave-one-out.",
)
DominanceRegressor = _estimator(
    "DominanceRegressor",
    options.DominanceOptions,
    "Additive and dominance effects of dosages.",
)
RKHSRegressor = _estimator(
    "RKHSRegressor",
    options.KernelOptions,
    "Gaussian-kernel regression on dosages.",
)
KernelAverageRegressor = _estimator(
    "KernelAverageRegressor",
    options.KernelAverageOptions,
    "Additive and Gaussian kernels in one REML.",
)
KernelsRegressor = _estimator(
    "KernelsRegressor",
    options.KernelsOptions,
    "Kernels of dosages, each with a variance of its own.",
)
WeightedGBLUPRegressor = _estimator(
    "WeightedGBLUPRegressor",
    options.WeightedGBLUPOptions,
    "GBLUP whose variants weigh what a genome scan of the training rows says.",
)
BayesRegressor = _estimator(
    "BayesRegressor",
    options.BayesOptions,
    "The Bayesian alphabet by Gibbs sampling.",
)
ElasticNetRegressor = _estimator(
    "ElasticNetRegressor",
    options.ElasticNetOptions,
    "Elastic net on standardised dosages, tuned on random inner folds.",
)
RandomForestMarkerRegressor = _estimator(
    "RandomForestMarkerRegressor", options.ForestOptions, "Random forest on dosages."
)
BoostingMarkerRegressor = _estimator(
    "BoostingMarkerRegressor",
    options.BoostingOptions,
    "Histogram gradient boosting on dosages, its rounds by random inner folds.",
)
DenseRegressor = _estimator(
    "DenseRegressor", options.DenseOptions, "Fully connected network on dosages."
)
CNNRegressor = _estimator(
    "CNNRegressor",
    options.CNNOptions,
    "1-D convolutional network on one-hot dosages; columns in genome order.",
)
BINNRegressor = _estimator(
    "BINNRegressor", options.BINNOptions, "Biologically informed network."
)
AutoRegressor = _estimator(
    "AutoRegressor",
    options.AutoOptions,
    "Kernels, a genome scan, a forest, predicted omics and a network, each at the "
    "share\nthat rows left out allow; without a plan, models of all columns alone.",
)


def _row_names(size: int) -> NDArray[np.str_]:
    return np.arange(size).astype(np.str_)


def _variant_table(variant_id: NDArray[np.str_]) -> VariantTable:
    blank = np.full(variant_id.size, "")
    position = np.zeros(variant_id.size, dtype=np.int64)
    return VariantTable(variant_id, blank, position, blank, blank)
