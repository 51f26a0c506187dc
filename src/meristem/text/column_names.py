"""Find columns by the names that breeding tables usually give them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from meristem.errors import ConfigError, DataError
from meristem.text.columns import Table

# Spelled without case, spaces and punctuation; the first that is there is taken.
LINE = (
    "line lineid linename sampleid sample samplename genotypeid genotype genotypename "
    "germplasmname accession accessionname accessionid variety cultivar taxa taxon "
    "hybrid clone strain individual individualid ind iid id gid name entry geno "
    "germplasmdbid germplasm plant animal"
).split()
ENVIRONMENT = (
    "environment env environmentname trial trialname study studyname experiment "
    "experimentname expt"
).split()
PLACE = "location loc locationname site".split()
SEASON = "year season yr cropyear harvestyear".split()
REPLICATE = "replicate rep replication block blk".split()
TRAIT = "trait traitname observationvariablename variable variablename".split()
VALUE = "value phenotypevalue phenotype observation measurement".split()
WEIGHT = "weight weights".split()
STANDARD_ERROR = "standarderror stderr se".split()

# Often numbers, never traits; also with "no", "number", "id", "code" behind them.
LABEL = (
    "family fam familyid fid group subpopulation subpop population pop pool cluster "
    "parent1 parent2 mother father dam sire male female mat pat sex gender "
    "plot row column col range barcode sample bag tray pot bed tier field pass bench "
    "seq sequence order serial record index rownames obs date sowingdate plantingdate "
    "harvestdate latitude longitude lat lon altitude elevation easting northing "
    "plantingyear sowingyear releaseyear yearofrelease"
).split()
_LABELS = frozenset(LABEL + LINE + ENVIRONMENT + PLACE + SEASON + REPLICATE)
_NUMBERED = re.compile("(no|nr|num|nbr|number|id|code|index|idx|name)$")


def is_label(name: str) -> bool:
    """Return whether a column is a label by its name, whatever it holds.

    Examples
    --------
    >>> [is_label(name) for name in ("Plot_No", "Barcode", "Unnamed: 0", "days")]
    [True, True, True, False]
    """
    plain = _plain(name)
    stem = _NUMBERED.sub("", plain)
    numbered = stem != plain and (stem == "" or stem in _LABELS)
    return plain in _LABELS or numbered or plain.startswith("unnamed")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def written_alike(names: Iterable[str]) -> list[list[str]]:
    """Return groups of names that differ in case, separators or a decimal zero alone.

    Examples
    --------
    >>> written_alike(["Ames 1", "ames_1", "Ames", "2", "2.0"])
    [['Ames 1', 'ames_1'], ['2', '2.0']]
    """
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        key = re.sub(r"^(\d+)\.0+$", r"\1", name.strip().casefold())
        groups.setdefault(re.sub(r"[\s_.-]+", " ", key), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def alike_hints(what: str, names: Iterable[str]) -> list[str]:
    """Return a sentence on each group of `written_alike`; `what` they are, plural."""
    return [
        f"{what} {' and '.join(map(repr, group[:4]))} differ in writing alone, and are "
        "taken as different: write them alike if they are one"
        for group in written_alike(names)
    ]


def find_column(
    table: Table, usual: Iterable[str], taken: Collection[str] = ()
) -> str | None:
    """Return the column with the first of the usual names, None without any.

    Columns that are `taken` serve another purpose already.
    """
    names = reversed(table.column_name)
    by_plain = {_plain(name): name for name in names if name not in taken}
    found = (by_plain.get(_plain(word)) for word in usual)
    return next((name for name in found if name is not None), None)


def named_column(table: Table, name: str, field: str) -> str:
    """Return `name` if the table has it.

    Raises
    ------
    ConfigError
        If it has not.
    """
    if name not in table.column_name:
        raise ConfigError(
            f"{field} = {name!r}, but there is no such column",
            where=table.path,
            remedy=f"use one of: {_listed(table)}",
        )
    return name


def line_column(table: Table, name: str = "", field: str = "line") -> str:
    """Return the column of sample ids: as named, as usual, or the unnamed first.

    `field` is the setting that can name it; "" where there is none.

    Raises
    ------
    ConfigError
        If `name` is given and not there.
    DataError
        If no column has one of the usual names.
    """
    if name:
        return named_column(table, name, field)
    found = find_column(table, LINE)
    if found is not None:
        return found
    if table.column_name[0] == "":
        return ""
    columns = _listed(table)
    remedy = f"call it `line`; the columns are: {columns}"
    if field:
        remedy = f"call it `line`, or set `{field}` to one of: {columns}"
    raise DataError(
        "no column of sample ids was found", where=table.path, remedy=remedy
    )


def _listed(table: Table) -> str:
    names = [name or "(unnamed)" for name in table.column_name[:12]]
    more = len(table.column_name) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
