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

from collections.abc import Sequence
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
        return tags


class GBLUPRegressor(_DosageRegressor):
    """Genomic BLUP; `fitted_` holds variance components and reliabilities.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(0, 3, (80, 20))
    >>> y = X @ rng.normal(size=20) + rng.normal(size=80)
    >>> model = GBLUPRegressor().fit(X, y)
    >>> bool(model.score(X, y) > 0.8)
    True
    """

    _options = options.GBLUPOptions

    def __init__(
        self,
        variance: str = "reml",
        random_state: Any = None,
        covariates: Sequence[str] = (),
    ) -> None:
        self.variance = variance
        self.random_state = random_state
        self.covariates = covariates


class RidgeBLUPRegressor(_DosageRegressor):
    """Ridge regression on dosages, its penalty by exact leave-one-out."""

    _options = options.RidgeOptions

    def __init__(
        self, penalties: tuple[float, ...] = (), covariates: Sequence[str] = ()
    ) -> None:
        self.penalties = penalties
        self.covariates = covariates


class ElasticNetRegressor(_DosageRegressor):
    """Elastic net on standardised dosages, tuned on random inner folds."""

    _options = options.ElasticNetOptions

    def __init__(
        self,
        l1_ratio: tuple[float, ...] = (0.1, 0.5, 0.9),
        n_alphas: int = 30,
        random_state: Any = None,
        covariates: Sequence[str] = (),
    ) -> None:
        self.l1_ratio = l1_ratio
        self.n_alphas = n_alphas
        self.random_state = random_state
        self.covariates = covariates


class RandomForestMarkerRegressor(_DosageRegressor):
    """Random forest on dosages."""

    _options = options.ForestOptions

    def __init__(
        self,
        trees: int = 300,
        max_features: float = 0.1,
        min_leaf: int = 3,
        random_state: Any = None,
        covariates: Sequence[str] = (),
    ) -> None:
        self.trees = trees
        self.max_features = max_features
        self.min_leaf = min_leaf
        self.random_state = random_state
        self.covariates = covariates


class BoostingMarkerRegressor(_DosageRegressor):
    """Histogram gradient boosting on dosages, its rounds by random inner folds."""

    _options = options.BoostingOptions

    def __init__(
        self,
        rounds: int = 300,
        learning_rate: float = 0.05,
        leaves: int = 15,
        max_features: float = 0.2,
        random_state: Any = None,
        covariates: Sequence[str] = (),
    ) -> None:
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.max_features = max_features
        self.random_state = random_state
        self.covariates = covariates


class RKHSRegressor(_DosageRegressor):
    """Gaussian-kernel regression on dosages."""

    _options = options.KernelOptions

    def __init__(
        self,
        bandwidths: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0),
        variance: str = "reml",
        random_state: Any = None,
        covariates: Sequence[str] = (),
    ) -> None:
        self.bandwidths = bandwidths
        self.variance = variance
        self.random_state = random_state
        self.covariates = covariates


class DenseRegressor(_DosageRegressor):
    """Fully connected network on dosages."""

    _options = options.DenseOptions

    def __init__(
        self,
        hidden: tuple[int, ...] = (64, 64, 64),
        epochs: int = 1000,
        learning_rate: float = 3e-3,
        seeds: int = 3,
        inner_folds: int = 5,
        random_state: Any = None,
        covariates: Sequence[str] = (),
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.seeds = seeds
        self.inner_folds = inner_folds
        self.random_state = random_state
        self.covariates = covariates


class CNNRegressor(_DosageRegressor):
    """1-D convolutional network on one-hot dosages; columns in genome order."""

    _options = options.CNNOptions

    def __init__(
        self,
        channels: int = 8,
        epochs: int = 1000,
        learning_rate: float = 3e-3,
        seeds: int = 3,
        inner_folds: int = 5,
        random_state: Any = None,
        covariates: Sequence[str] = (),
    ) -> None:
        self.channels = channels
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.seeds = seeds
        self.inner_folds = inner_folds
        self.random_state = random_state
        self.covariates = covariates

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # ten continuous columns, as scikit-learn's checks have them, are no genome
        tags.regressor_tags.poor_score = True
        return tags


class BINNRegressor(_DosageRegressor):
    """Biologically informed network.

    Parameters
    ----------
    plan
        Compiled knowledge. Its variants are matched to the columns of a data frame
        by name, to those of a plain matrix by position. Without a plan one node
        reads every column.
    omics
        Data frame of measurements that teach the nodes in training: rows named as
        those of the data frame X (any subset of them, and others), a column for
        every measured node, under its name. Prediction needs none.
    supervision
        How they teach: "soft", "hard" or "correlation".
    omics_weight
        Weight of the omics loss, or "auto".
    hidden, epochs, learning_rate, seeds, inner_folds, off_graph
        As in `config.models.BINNOptions`.
    covariates
        Columns of the data frame X that are no dosages; see the module.
    random_state
        Seed of splits and weights.
    """

    _options = options.BINNOptions

    def __init__(  # noqa: PLR0913
        self,
        plan: NetworkPlan | None = None,
        hidden: tuple[int, ...] = (16,),
        epochs: int = 1000,
        learning_rate: float = 3e-3,
        seeds: int = 3,
        inner_folds: int = 5,
        random_state: Any = None,
        omics: Any = None,
        supervision: str = "soft",
        omics_weight: float | str = 1.0,
        off_graph: str = "auto",
        covariates: Sequence[str] = (),
    ) -> None:
        self.plan = plan
        self.off_graph = off_graph
        self.omics = omics
        self.supervision = supervision
        self.omics_weight = omics_weight
        self.hidden = hidden
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.seeds = seeds
        self.inner_folds = inner_folds
        self.random_state = random_state
        self.covariates = covariates

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

    def _plan(self, variant_id: NDArray[np.str_]) -> NetworkPlan:
        if self.plan is not None:
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


def _row_names(size: int) -> NDArray[np.str_]:
    return np.arange(size).astype(np.str_)


def _variant_table(variant_id: NDArray[np.str_]) -> VariantTable:
    blank = np.full(variant_id.size, "")
    position = np.zeros(variant_id.size, dtype=np.int64)
    return VariantTable(variant_id, blank, position, blank, blank)
