"""What a phenotype file holds: traits, units, lines with a value, columns left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from meristem.config.stages import CovariateConfig, PhenotypeConfig
from meristem.io.tables.phenotypes import read_phenotype_table
from meristem.io.tables.plausible import outlier_hints, repeat_hints, unit_hints
from meristem.records import Observations
from meristem.text.column_names import (
    ENVIRONMENT,
    PLACE,
    REPLICATE,
    SEASON,
    TRAIT,
    VALUE,
    WEIGHT,
    alike_hints,
    find_column,
    line_column,
)
from meristem.text.columns import Table, read_table


@dataclass(frozen=True)
class TraitSurvey:
    """The traits that are modelled and the columns that are not."""

    n_line: int  # lines in the file
    n_line_of: Mapping[str, int]  # trait -> lines with a value
    unit_of: Mapping[str, str]  # trait -> unit, where the configuration names one
    left_out: Mapping[str, str]  # column or trait -> reason
    hints: tuple[str, ...] = ()  # values that are worth a look

    def lines(self) -> list[str]:
        """Return the survey as lines for a person."""
        found = [
            f"trait {name}"
            + (f" ({self.unit_of[name]})" if name in self.unit_of else "")
            + f": {n} of {self.n_line} lines have a value"
            for name, n in self.n_line_of.items()
        ]
        if len(found) > _SHOWN:
            found[_SHOWN:] = [f"and {len(found) - _SHOWN} more traits"]
        reasons: dict[str, list[str]] = {}
        for name, reason in self.left_out.items():
            reasons.setdefault(reason, []).append(name or "(unnamed)")
        for reason, names in reasons.items():
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            found.append(f"left out: {', '.join(names[:_SHOWN])}{more} ({reason})")
        return found

    def to_json(self) -> dict[str, object]:
        """Return plain values for `data.json`."""
        return {
            "traits": [
                {"trait": name, "unit": self.unit_of.get(name, ""), "lines": n}
                for name, n in self.n_line_of.items()
            ],
            "left_out": [
                {"column": name or "(unnamed)", "reason": reason}
                for name, reason in self.left_out.items()
            ],
            "hints": list(self.hints),
        }


_SHOWN = 20


def survey_phenotypes(
    config: PhenotypeConfig, covariates: CovariateConfig | None = None
) -> TraitSurvey:
    r"""Read a phenotype file and say what it holds.

    Raises
    ------
    DataError
        As `read_observations`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "p.csv"
    >>> _ = path.write_text("line,plot,yield\na,1,4.5\nb,2,\n")
    >>> survey_phenotypes(PhenotypeConfig(path=path, units={"yield": "t/ha"})).lines()
    ... # doctest: +NORMALIZE_WHITESPACE
    ['trait yield (t/ha): 1 of 2 lines have a value',
     'left out: plot (its name is that of a label)']
    """
    observations, left_out = read_phenotype_table(config, covariates)
    table = read_table(config.path)
    known = ~np.isnan(observations.value)
    n_line_of = {
        name: np.unique(observations.sample_id[known & (observations.trait == name)])
        for name in dict.fromkeys(observations.trait.tolist())
    }
    return TraitSurvey(
        n_line=int(np.unique(observations.sample_id).size),
        n_line_of={name: int(lines.size) for name, lines in n_line_of.items()},
        unit_of={name: unit for name, unit in config.units.items() if unit},
        left_out=left_out,
        hints=(
            *outlier_hints(observations),
            *repeat_hints(observations),
            *alike_hints("traits", observations.trait.tolist()),
            *alike_hints("environments", observations.environment.tolist()),
            *unit_hints(observations),
            *design_hints(table, config, set(n_line_of)),
            *copy_hints(table, observations),
        ),
    )


def copy_hints(table: Table, observations: Observations) -> list[str]:
    """Return a sentence on rows that are exact copies of others, without replicates."""
    if (observations.replicate != "").any():
        return []
    first: dict[tuple[str, ...], int] = {}
    rows = zip(*(table.words(name) for name in table.column_name), strict=True)
    copies = [
        (row, first[cells])
        for row, cells in enumerate(rows)
        if first.setdefault(cells, row) != row
    ]
    if not copies:
        return []
    return [
        f"{len(copies)} of {table.n_row} rows are exact copies of rows above ("
        f"{table.place(copies[0][0])} of that in {table.place(copies[0][1])}): each "
        "counts as a plot of its own; delete them if they are copies"
    ]


_MOST_LEVELS = 30


def design_hints(
    table: Table, config: PhenotypeConfig, traits: Collection[str]
) -> list[str]:
    """Return a sentence on each column that tells rows of a line apart as trials do.

    Of such a column every line that stands in several rows has another value in each,
    and most lines have the same ones: years, treatments, doses.

    Parameters
    ----------
    table
        Phenotypes, wide or long.
    config
        What the columns are.
    traits
        Names of traits; columns called so are looked at too.
    """
    line = line_column(table, config.line, "phenotypes.line")
    usual = ([*ENVIRONMENT], PLACE, SEASON, REPLICATE, TRAIT, VALUE, WEIGHT)
    used = {find_column(table, list(names)) for names in usual}
    used |= {config.environment, config.replicate, config.trait, config.value}
    used |= {config.weight, config.standard_error, line}
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(table.identifiers(line).tolist()):
        rows.setdefault(name, []).append(row)
    several = [found for found in rows.values() if len(found) > 1]
    if len(several) < len(rows) / 2 or len(several) < 2 or config.by != "line":
        return []
    hints = []
    for name in table.column_name:
        if name in used:
            continue
        words = table.labels(name).tolist()
        sets = Counter(frozenset(words[row] for row in found) for found in several)
        levels, n_same = sets.most_common(1)[0]
        apart = all(
            len({words[row] for row in found}) == len(found) for found in several
        )
        if not apart or not 1 < len(levels) <= _MOST_LEVELS or "" in levels:
            continue
        if n_same < len(several) / 2:
            continue
        shown = ", ".join(sorted(levels)[:5])
        role = "is taken as a trait" if name in traits else "is not used"
        hints.append(
            f"{name} tells the rows of a line apart ({shown}) and {role}: if it is a "
            f"trial, a year or a treatment, set `phenotypes.environment = {name!r}`"
        )
    return hints
