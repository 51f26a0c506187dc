"""What the page of accuracy figures says of the benchmarks on real panels."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.accuracy.cells import Row

FLAGSHIP = "auto"


def covariate_table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return heading and rows of the abilities of mice with and without covariates."""
    head = ["folds", "trait", "model", "adjusted for", "r, own values"]
    head += ["r, adjusted values", "gain"]
    body = []
    for row in sorted(rows, key=lambda r: (r["test"], r["trait"], r["model"])):
        gain = _signed(row, "gain", "gain_low", "gain_high")
        own = [f"{float(row[name]):.3f}" for name in ("own", "adjusted")]
        what = "random" if row["test"] == "within" else "cages left out"
        body.append([what, row["trait"], row["model"], row["arm"], *own, gain])
    return head, body


COVARIATES = (
    "Mice (Valdar 2006), about 500 in whole cages, ten folds. `r, own values`: with "
    "observed values as that row adjusts them. `r, adjusted values`: every row against "
    "the same values, adjusted for sex, density and litter; `gain` is its difference "
    "from no adjustment on the same folds, with an interval that counts shared "
    "training rows. Full sibs share cages: a random cage takes what they have in "
    "common, part of which is genetic, so that ability falls where sibs are in "
    "training."
)


def sparse_table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return heading and rows: rank correlation of all models by training size."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    cells: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        cell = (row["panel"], row["test"], row["n"])
        cells.setdefault(cell, {})[row["model"]] = row
    head = ["panel", "subpopulations", "n", *models]
    head += [
        f"{FLAGSHIP} minus {name}" for name in ("ridge", "gblup") if name in models
    ]
    body = []
    for (panel, test, n), own in cells.items():
        some = next(iter(own.values()))
        size = f"all ({some['n_train']})" if n == "all" else n
        line = [panel, test, size]
        line += [
            f"{float(own[name]['spearman']):.3f}" if name in own else ""
            for name in models
        ]
        columns = ("spearman_minus", "spearman_minus_low", "spearman_minus_high")
        line += [
            _signed(own[name], *columns) if name in own else ""
            for name in ("ridge", "gblup")
            if name in models
        ]
        body.append(line)
    return head, body


SPARSE = (
    "Spearman's correlation with the observed value (recovery panel: with the true "
    "genetic value), mean over folds and traits. Training sets are nested. A size has "
    "the folds that leave 1.15 times as many lines: of clusters of unequal size fewer "
    "leave 200 than 100, so that their figures are of other lines. `within`: random "
    "folds; `across`: whole clusters, families, both parents or cages left out. "
    "Intervals count shared training rows (Nadeau & Bengio 2003); Pearson's r is in "
    "the table of the run."
)


NULL = (
    "Traits on the markers of public panels in which there is nothing beyond what "
    "linear models find: phenotypes given to other lines (`permuted`; r with these), "
    "and normal effects at all markers, half of the variance (`additive`; r with the "
    "genetic value). Intervals are over replicates, each with a trait and folds of its "
    "own. The best linear model is chosen on the same replicates, which favours it."
)

WEIGHTS = (
    "Shares of the parts in the mixture on public panels. `inner`: as the mixture "
    "takes them from rows left out of its training set, mean over folds; `outer`: of "
    "least squared error on the test rows of all folds, which no model has. The slope "
    "of outer on inner shares is over panels, traits and repeats; of `all` parts, of "
    "the differences of both to the share beforehand. It is 1 where inner rows move "
    "shares as far as they should."
)


def _signed(row: Row, mean: str, low: str, high: str) -> str:
    if not row.get(mean):
        return ""
    values = [float(row[name]) for name in (mean, low, high)]
    return f"{values[0]:+.3f} [{values[1]:+.3f}, {values[2]:+.3f}]"
