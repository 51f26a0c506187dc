"""Training and test rows of every fold, outer and inner.

A row is tested if it has a phenotype. Rows with omics but without any phenotype
join every training set, unless they belong to what the fold holds out. All models
share the same splits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from meristem.config.stages import EvaluateConfig
from meristem.errors import ConfigError, DataError
from meristem.evaluate.schemes import Drawn, Mask, ask
from meristem.evaluate.split_files import read_splits, write_splits
from meristem.genetics.copies import copy_labels
from meristem.records import Dataset, IntArray, Split, Splits, StrArray

__all__ = [
    "inner_splits",
    "make_splits",
    "measured_rows",
    "read_splits",
    "write_splits",
]


def make_splits(
    dataset: Dataset,
    config: EvaluateConfig,
    rng: np.random.Generator,
    fold_ids: Sequence[str] = (),
) -> Splits:
    """Divide the rows of a dataset into training and test rows.

    Parameters
    ----------
    dataset
        All rows.
    config
        Scheme, folds, replicates, training sizes:

        - `kfold`: random folds of the phenotyped rows;
        - `group`: whole groups of `config.group` are left out, one fold per group
          where there are no more than `folds` of them (replicates would then be
          equal, so there is one); rows without a label are a group of their own;
        - `cluster`: the same with `clusters` k-means clusters of the relationship
          matrix, started anew in every replicate;
        - `parents`: fold f holds out a random part of the first parents and one of
          the second. It tests the hybrids that have both parents there and trains
          on those that have neither; the others are in neither set;
        - `cv0`: whole environments are left out; `cv1`: lines with all their rows;
          `cv2`: single rows, whose line is in training elsewhere; `cv00`: tests lines
          left out in environments left out, and trains on neither. They need rows of
          lines in environments (`prepare.by_environment`);
        - `year`: all environments of a year are left out; `forward`: they are
          predicted from earlier years alone. One replicate: nothing is random;
        - `file`: read from `config.splits`.

        With `copies = together` no copy of a tested line trains: lines of the same
        genotypes are dealt as one in `kfold`, and withheld elsewhere.
    rng
        Source of randomness.
    fold_ids
        Rules by which the ids of a split file are matched.

    Returns
    -------
    tuple of Split
        Sorted by replicate and fold. With `train_sizes`, every fold is followed by
        its subsamples, nested, with scheme `<scheme>:n=<size>`; sizes count
        phenotyped rows. With `marker_numbers` all folds come again at the end, with
        scheme `<scheme>:p=<number>`: models see so many of the variants.

    Raises
    ------
    DataError
        If the rows cannot be divided as asked.
    ConfigError
        If a training size exceeds the training rows.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.config.stages import EvaluateConfig
    >>> from meristem.records import Dataset, Genotypes, Phenotypes, VariantTable
    >>> name = np.array([f"line{k}" for k in range(10)])
    >>> table = VariantTable(*(np.array(["v"]) for _ in range(2)), np.array([1]),
    ...                      *(np.array(["A"]) for _ in range(2)))
    >>> dataset = Dataset(
    ...     Genotypes(name, table, np.zeros((10, 1), dtype=np.int8)),
    ...     Phenotypes(name, np.array(["yield"]), np.array([""]),
    ...                np.ones((10, 1)), np.ones((10, 1))),
    ... )
    >>> splits = make_splits(
    ...     dataset, EvaluateConfig(folds=5), np.random.default_rng(1)
    ... )
    >>> [len(split.test) for split in splits]
    [2, 2, 2, 2, 2]
    """
    if config.scheme == "file":
        if config.splits is None:
            raise ConfigError(
                "evaluate.scheme is 'file' but no file is named",
                where="evaluate.splits",
                remedy="name a table scheme,replicate,fold,role,sample_id",
            )
        splits = read_splits(config.splits, dataset.sample_id, fold_ids)
        if config.copies == "together":
            splits = _without_copies(splits, copy_labels(dataset.genotypes))
    else:
        splits = _draw_splits(dataset, config, config.folds, config.replicates, rng)
    grown = _with_subsamples(splits, dataset, config.train_sizes, rng)
    return grown + _with_fewer_markers(splits, dataset, config.marker_numbers)


def inner_splits(
    dataset: Dataset,
    config: EvaluateConfig,
    rng: np.random.Generator,
) -> Splits:
    """Divide training rows by the same kind of question as the outer splits ask.

    Choices made inside training (penalties, bandwidths, early stopping, stacking
    weights) are then judged as the model itself will be: parents are left out
    inside leave-parents-out, groups inside groups, clusters inside clusters.

    Parameters
    ----------
    dataset
        The training rows of one outer fold.
    config
        The configuration of the outer splits; `inner_folds` gives the number.
        Split files (`scheme = file`) are mimicked by `group` where it is set (by
        leaving parents out where it is `parents`), by random folds otherwise.
    rng
        Source of randomness.

    Returns
    -------
    tuple of Split
        Positions within `dataset`. Where the question cannot be asked inside (fewer
        than two groups or two testable sets of parents left), random folds, with
        scheme `kfold`.
    """
    scheme = config.scheme
    if scheme == "file":
        scheme = "group" if config.group else "kfold"
        if config.group == "parents":
            scheme = "parents"
    n_fold = config.inner_folds
    inner = config.model_copy(
        update={"scheme": scheme, "clusters": min(config.clusters, n_fold)}
    )
    try:
        return _draw_splits(dataset, inner, n_fold, 1, rng)
    except DataError:
        # no fault of the user's: the question cannot be asked of so few groups
        n_fold = max(2, min(n_fold, measured_rows(dataset).size))
        kfold = config.model_copy(update={"scheme": "kfold"})
        return _draw_splits(dataset, kfold, n_fold, 1, rng)


def measured_rows(dataset: Dataset) -> IntArray:
    """Return the positions of the rows with at least one phenotype."""
    return np.flatnonzero(~np.isnan(dataset.phenotypes.value).all(axis=1))


def _usable_rows(dataset: Dataset) -> IntArray:
    """Return the positions of the rows with a phenotype or an omics value."""
    usable = ~np.isnan(dataset.phenotypes.value).all(axis=1)
    for table in dataset.omics:
        usable |= ~np.isnan(table.value).all(axis=1)
    return np.flatnonzero(usable)


def _draw_splits(
    dataset: Dataset,
    config: EvaluateConfig,
    n_fold: int,
    n_replicate: int,
    rng: np.random.Generator,
) -> Splits:
    rows = _usable_rows(dataset)
    usable = dataset.take(rows)
    measured = np.isin(rows, measured_rows(dataset))
    scheme, draw = ask(usable, measured, config, n_fold)
    splits: list[Split] = []
    for replicate in range(n_replicate):
        drawn = draw(rng)
        found = _folds(drawn, rows, measured, scheme, replicate)
        if len(found) < (1 if config.scheme == "forward" else 2):
            raise DataError(
                f"the scheme {scheme} leaves {len(found)} fold(s) with training "
                "and test rows",
                remedy="use fewer folds, or scheme = kfold",
            )
        splits.extend(found)
        if config.scheme in ("year", "forward"):
            break
        whole = config.scheme in ("group", "cv0")
        if whole and all(part.size == 1 for part in drawn.held):
            break
    return tuple(splits)


def _folds(
    drawn: Drawn,
    rows: IntArray,  # (n_usable,)
    measured: Mask,  # (n_usable,)
    scheme: str,
    replicate: int,
) -> list[Split]:
    found: list[Split] = []
    for held in drawn.held:
        is_held = np.isin(drawn.names, held)
        test = is_held[:, : drawn.n_test_label].all(axis=1) & measured
        train = ~is_held.any(axis=1)
        if drawn.copies is not None:
            train &= ~np.isin(drawn.copies, drawn.copies[test])
        if test.any() and (train & measured).any():
            split = Split(scheme, replicate, len(found), rows[train], rows[test])
            found.append(split)
    return found


def _without_copies(
    splits: Splits,
    label: StrArray,  # (n_sample,)
) -> Splits:
    return tuple(
        replace(
            split,
            train=split.train[~np.isin(label[split.train], label[split.test])],
        )
        for split in splits
    )


def _with_subsamples(
    splits: Splits, dataset: Dataset, sizes: tuple[int, ...], rng: np.random.Generator
) -> Splits:
    if not sizes:
        return splits
    phenotyped = measured_rows(dataset)
    grown = []
    for split in splits:
        grown.append(split)
        candidates = np.intersect1d(split.train, phenotyped)
        if max(sizes) > candidates.size:
            raise ConfigError(
                f"a training size of {max(sizes)} exceeds the {candidates.size} "
                f"training rows of replicate {split.replicate}, fold {split.fold}",
                where="evaluate.train_sizes",
                remedy="ask for smaller sizes",
            )
        others = np.setdiff1d(split.train, phenotyped)
        order = rng.permutation(candidates)
        for size in sorted(set(sizes)):
            train = np.sort(np.concatenate([order[:size], others]))
            scheme = f"{split.scheme}:n={size}"
            grown.append(replace(split, scheme=scheme, train=train))
    return tuple(grown)


def _with_fewer_markers(
    splits: Splits, dataset: Dataset, numbers: tuple[int, ...]
) -> Splits:
    n_variant = dataset.genotypes.n_variant
    if numbers and max(numbers) > n_variant:
        raise ConfigError(
            f"{max(numbers)} markers are more than the {n_variant} there are",
            where="evaluate.marker_numbers",
            remedy="ask for fewer",
        )
    return tuple(
        replace(split, scheme=f"{split.scheme}:p={number}")
        for number in sorted(set(numbers))
        for split in splits
    )
