"""What a phenotype file holds: traits, units, lines with a value, columns left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from meristem.config.stages import CovariateConfig, PhenotypeConfig
from meristem.io.tables.phenotypes import read_phenotype_table
from meristem.io.tables.plausible import outlier_hints, repeat_hints


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
        hints=(*outlier_hints(observations), *repeat_hints(observations)),
    )
