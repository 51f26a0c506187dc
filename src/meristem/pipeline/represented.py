"""Models that learn from represented omics: factors in place of features.

The representation is learned where the model is: on the rows handed to `fit`, the
training rows of a fold. Nothing of other rows can reach it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from meristem.config.represent import RepresentOptions
from meristem.errors import DataError
from meristem.models.protocol import (
    Fitted,
    Handed,
    Needs,
    Predictor,
    Searching,
    Tried,
    needs_measured_omics,
    predict_measured,
)
from meristem.records import (
    Dataset,
    FittedState,
    Genotypes,
    OmicsTable,
    Posterior,
    Predictions,
    SampleGroups,
    Splits,
)
from meristem.representation.architecture.search import Place
from meristem.representation.architecture.space import Shape
from meristem.representation.choose import choose_by_traits, choose_shape
from meristem.representation.confound.confounders import (
    Confounder,
    confounders_of_rows,
)
from meristem.representation.represented import (
    Represented,
    fit_representation,
    most_factors,
)
from meristem.representation.sets.membership import FeatureSets, needed_sets
from meristem.runs.keys import digest
from meristem.runs.seeds import derived_rng


@dataclass(frozen=True)
class OnFactors:
    """A model whose omics are represented first.

    Where the same rows and options come back the representation is the same, whatever
    the model.
    """

    predictor: Predictor
    options: tuple[tuple[str, RepresentOptions], ...]  # by omics table
    sets: Mapping[str, tuple[str, ...]]  # gene sets of the plan, genes sorted
    seed: int
    fits: int = 1  # of a run: minutes of a search are shared among them
    k: tuple[tuple[str, int], ...] = ()  # factors that a search found, by table
    groups: SampleGroups | None = None  # of all samples: which labels there are
    folder: Path | None = field(default=None, compare=False)  # of searches

    def choose(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> tuple[Predictor, tuple[Tried, ...]]:
        """Return the model with shapes and options found, and what was tried.

        Shapes of tables that ask for it are searched first; a model that searches its
        own options does so on the factors.
        """
        found, k, tried = dict(self.options), dict(self.k), []
        for table, options in self._asked(dataset):
            if options.tune is None:
                continue
            shape, all_tried = self._search(dataset, table, options, inner)
            found[table.name] = shape.options.model_copy(update={"tune": None})
            k[table.name] = shape.k
            tried += [replace(one, of=table.name) for one in all_tried]
        for table, options in self._asked(dataset):
            k[table.name] = k.get(table.name) or self._n_factor(
                dataset, table, options, inner
            )
        settled = replace(self, options=tuple(found.items()), k=tuple(k.items()))
        if not isinstance(self.predictor, Searching):
            return settled, tuple(tried)
        tables, _ = settled._represent(dataset, inner)
        predictor, own = self.predictor.choose(
            replace(dataset, omics=tables), rng=rng, inner=inner
        )
        return replace(settled, predictor=predictor), (*tried, *own)

    def fit(
        self, dataset: Dataset, *, rng: np.random.Generator, inner: Splits = ()
    ) -> Fitted:
        """Learn the representations from the rows, then the model from their factors.

        Raises
        ------
        DataError
            If a table has too few rows with values.
        """
        if any(one.tune is not None for _, one in self.options):
            chosen, _ = self.choose(dataset, rng=rng, inner=inner)
            return chosen.fit(dataset, rng=rng, inner=inner)
        tables, learned = self._represent(dataset, inner)
        fitted = self.predictor.fit(
            replace(dataset, omics=tables), rng=rng, inner=inner
        )
        if not needs_measured_omics(fitted):
            return fitted
        by_table = {}
        for (table, options), one in zip(self._asked(dataset), learned, strict=True):
            seen = np.flatnonzero((~np.isnan(table.value)).any(axis=1))
            labels = self._labels(dataset, options)
            by_table[table.name] = one, tuple(known.take(seen) for known in labels)
        return FittedOnFactors(fitted, by_table, self.groups or dataset.groups)

    def handed(self, dataset: Dataset) -> tuple[Handed, ...]:
        """Return what stands for every table; numbers of factors are those chosen."""
        told = []
        for table, options in self._asked(dataset):
            own = table.direct()
            n = dict(self.k)[table.name]
            named = options.represent == "sets"
            removes = options.removes
            told.append(
                Handed(
                    table.name,
                    options.represent,
                    options.gives,
                    needed_sets(table, self.sets).name.size
                    if named
                    else min(n, most_factors(own)),
                    "; ".join(options.confounders) if removes else "",
                    options.deconfound if removes else "",
                    int((~np.isnan(own.value)).any(axis=1).sum()),
                )
            )
        return tuple(told)

    def _asked(self, dataset: Dataset) -> list[tuple[OmicsTable, RepresentOptions]]:
        """Return the tables that are to be represented, and how."""
        known = dict(self.options)
        asked = [(table, known.get(table.name)) for table in dataset.omics]
        return [(t, how) for t, how in asked if how and how.represent != "none"]

    def _represent(
        self, dataset: Dataset, inner: Splits
    ) -> tuple[tuple[OmicsTable, ...], tuple[Represented, ...]]:
        """Return what the model is handed of every table, and what was learned."""
        asked = dict(self.options)
        learned, tables = [], []
        for table in dataset.omics:
            options = asked.get(table.name, RepresentOptions())
            if options.represent == "none":
                tables.append(table)
                continue
            one = self._learn(dataset, table, options, inner)
            learned.append(one)
            tables.append(given(one, table, self._labels(dataset, options)))
        return tuple(tables), tuple(learned)

    def _labels(
        self, dataset: Dataset, options: RepresentOptions
    ) -> tuple[Confounder, ...]:
        """Return the confounders of the rows; all samples say which are numbers."""
        groups = self.groups or dataset.groups
        return confounders_of_rows(groups, options.confounders, dataset.sample_id)

    def _search(
        self,
        dataset: Dataset,
        table: OmicsTable,
        options: RepresentOptions,
        inner: Splits,
    ) -> tuple[Shape, tuple[Tried, ...]]:
        """Search the shape of one table; the same rows find the same, once."""
        about = self._labels(dataset, options)
        own = table.direct()
        trait = dataset.phenotypes.value
        sets = None
        if options.represent == "sets":
            sets = needed_sets(table, self.sets)
        rests_on = (options, own.value, trait, about, sets, inner)
        name = digest(*rests_on, self.seed, table.name)
        draw = derived_rng(self.seed, "shape", table.name)
        minutes = 0.0 if options.tune is None else options.tune.minutes or 0.0
        place = Place(
            name, int(draw.integers(2**31)), 60 * minutes / self.fits, self.folder
        )
        return choose_shape(
            own,
            options,
            place,
            confounders=about,
            sets=sets,
            trait=trait,
            inner=inner,
        )

    def _learn(
        self,
        dataset: Dataset,
        table: OmicsTable,
        options: RepresentOptions,
        inner: Splits,
    ) -> Represented:
        about = self._labels(dataset, options)
        sets: FeatureSets | None = None
        if options.represent == "sets":
            sets = needed_sets(table, self.sets)
        known = dict(self.k).get(table.name)
        return fit_representation(
            table,
            options,
            rng=derived_rng(self.seed, "representation", table.name),
            k=known or self._n_factor(dataset, table, options, inner),
            confounders=about,
            sets=sets,
        )

    def _n_factor(
        self,
        dataset: Dataset,
        table: OmicsTable,
        options: RepresentOptions,
        inner: Splits,
    ) -> int:
        """Return the number of factors from which held-out traits are told best."""
        return choose_by_traits(
            table.direct(),
            options,
            dataset.phenotypes.value,
            inner,
            rng=derived_rng(self.seed, "number of factors", table.name),
            confounders=self._labels(dataset, options),
        )


def given(
    learned: Represented,
    table: OmicsTable,
    confounders: tuple[Confounder, ...],
) -> OmicsTable:
    """Return what a model is handed of a table: factors, cleaned features or both."""
    gives = learned.options.gives
    if gives == "cleaned":
        return learned.cleaned(table, confounders)
    factors = learned.factors(table, confounders)
    if gives == "factors":
        return factors
    cleaned = learned.cleaned(table, confounders)
    # a set may be called like a feature
    name = np.array([f"factor {one}" for one in factors.feature_id.tolist()])
    return replace(
        cleaned,
        feature_id=np.concatenate([cleaned.feature_id, name]),
        node_name=np.concatenate([cleaned.node_name, factors.node_name]),
        value=np.concatenate([cleaned.value, factors.value], axis=1),
    )


Learned = tuple[Represented, tuple[Confounder, ...]]
"""A representation, and the confounders of the measured rows it was learned from."""


@dataclass(frozen=True)
class FittedOnFactors:
    """A fitted model that predicts from omics of the same samples, represented first.

    Confounders are taken off by what was learned of them on training rows.
    """

    fitted: Fitted
    learned: Mapping[str, Learned]  # by omics table
    groups: SampleGroups | None  # labels of training rows and of those predicted

    @property
    def needs(self) -> Needs:
        """Measured omics."""
        return Needs(omics=True, measured_omics=True)

    def predict(
        self, genotypes: Genotypes, omics: tuple[OmicsTable, ...] = ()
    ) -> Predictions:
        """Predict from genotypes and the omics measured on the same samples.

        Raises
        ------
        DataError
            If a confounder that was removed is not known of a measured sample, or no
            training row has its label.
        """
        tables = []
        for table in omics:
            if table.name in self.learned:
                found, trained = self.learned[table.name]
                names = found.options.confounders
                about = confounders_of_rows(self.groups, names, table.sample_id)
                if found.cleaner is not None:
                    _refuse_unseen(table, about, trained)
                table = given(found, table, about)
            tables.append(table)
        return predict_measured(self.fitted, genotypes, tuple(tables))

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the posterior of the model."""
        return self.fitted.posterior(genotypes)

    def state(self) -> FittedState:
        """Return the state of the model alone: it is not deployed."""
        return self.fitted.state()


def _refuse_unseen(
    table: OmicsTable,
    confounders: tuple[Confounder, ...],
    trained: tuple[Confounder, ...],
) -> None:
    """Refuse measured rows whose batch no training row is of: it would stay in them."""
    measured = (~np.isnan(table.value)).any(axis=1)
    for one, known in zip(confounders, trained, strict=True):
        if one.number is None:
            unseen = measured & ~np.isin(one.label, known.label[known.label != ""])
        else:
            unseen = measured & np.isnan(one.number)
        if unseen.any():
            row = int(np.flatnonzero(unseen)[0])
            label = str(one.label[row])
            raise DataError(
                f"{table.name}: {one.name!r} is to be removed, and "
                + (
                    f"no training row has its label {label!r}" if label else "not known"
                ),
                where=f"sample {table.sample_id[row]}",
                remedy="use folds that keep every label in training, put rare labels "
                "together, or leave models that read measured omics out",
            )
