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
    Splits,
)
from meristem.representation.architecture.search import Place
from meristem.representation.architecture.space import Shape
from meristem.representation.choose import choose_by_traits, choose_shape
from meristem.representation.confound.confounders import Confounder, confounders_of
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
        if needs_measured_omics(fitted):
            return FittedOnFactors(fitted, learned)
        return fitted

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
            about = confounders_of(dataset.groups, options.confounders)
            tables.append(given(one, table, about))
        return tuple(tables), tuple(learned)

    def _search(
        self,
        dataset: Dataset,
        table: OmicsTable,
        options: RepresentOptions,
        inner: Splits,
    ) -> tuple[Shape, tuple[Tried, ...]]:
        """Search the shape of one table; the same rows find the same, once."""
        about = confounders_of(dataset.groups, options.confounders)
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
        about = confounders_of(dataset.groups, options.confounders)
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
            confounders=confounders_of(dataset.groups, options.confounders),
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


@dataclass(frozen=True)
class FittedOnFactors:
    """A fitted model that predicts from omics of the same samples, represented first.

    New samples have no known confounders: their values are taken as they are.
    """

    fitted: Fitted
    learned: tuple[Represented, ...]

    @property
    def needs(self) -> Needs:
        """Measured omics."""
        return Needs(omics=True, measured_omics=True)

    def predict(
        self, genotypes: Genotypes, omics: tuple[OmicsTable, ...] = ()
    ) -> Predictions:
        """Predict from genotypes and the omics measured on the same samples."""
        by_features = {one.feature_id.tobytes(): one for one in self.learned}
        tables = []
        for table in omics:
            found = by_features.get(table.feature_id.tobytes())
            if found is not None:
                table = given(replace(found, cleaner=None), table, ())
            tables.append(table)
        return predict_measured(self.fitted, genotypes, tuple(tables))

    def posterior(self, genotypes: Genotypes) -> Posterior:
        """Return the posterior of the model."""
        return self.fitted.posterior(genotypes)

    def state(self) -> FittedState:
        """Return the state of the model alone: it is not deployed."""
        return self.fitted.state()
