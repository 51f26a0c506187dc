"""Plans of selection: contradictions are refused.

Modules: `meristem.config.selection`, `meristem.config.decisions`.
"""

from pathlib import Path

import pytest

from meristem.config.read import read_plan
from meristem.config.selection import RankingConfig
from meristem.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('[index]\nmethod = "desired"', "needs `desired`"),
        ('[index]\nmethod = "restricted"', "needs `hold`"),
        (
            '[index]\nweights = {a = 1}\n[[index.merit]]\ntrait = "a"',
            "not both",
        ),
        ("[diversity]\nmin_ne = 9\nmax_coancestry = 0.2", "not both"),
        ('[diversity]\ncoancestry = "pedigree"', "go together"),
        ('[diversity]\ngroup = "sex"', "go together"),
        ('[crosses]\ncriterion = "usefulness"', "needs `map`"),
        ('[crosses]\ncm_per_mb = 1\nmap = "m.csv"', "not both"),
        ('[crosses]\npool = "p"', "go together"),
        ('[crosses]\ndesign = "factorial"', "needs `pool`"),
        ("[crossing]\nn = 3", "crossing"),
        ("[diversity]\nwithin = {a = 0.2}", "bounds labels"),
        (
            "[diversity]\ngroup = 'sex'\nshares = {a = 0.5, b = 0.5}\nkappa = 1\n"
            "within = {a = 0.2}",
            "not both",
        ),
        ("[design]\ncriterion = 'cd'", "give `n` or `budget`"),
        ("[design]\nn = 2\nenvironments = 2\ncosts = 'c.csv'", "not both"),
        ("[cycles]\ncycles = 2", "needs crosses.map"),
        ("[cycles]\nstrategies = ['ocs']", "give `ne`"),
        ("[cycles]\nstrategies = ['random', 'random']", "named twice"),
        ("[index]\nweights = {a = true}", "not true"),
        ("[index]\nweights = {a = 1e300}", "less than or equal"),
        ("[candidates]\nkeep = ['a']\nchecks = ['a']", "a is in `checks`"),
        ("[crosses]\nforced = [['a','b']]\nforbidden = [['b','a']]", "in `forbidden`"),
        ("[crosses]\nforced = [['a','b'],['a','c']]\nn = 1", "2 crosses are forced"),
        ("[crosses]\nmin_uses = 3\nmax_uses = 2", "above `max_uses`"),
        ("[edits]\n[[index.merit]]\ntrait = 'a'", "not linear"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=match):
        read_plan(path)


def test_paths_are_taken_from_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('[crosses]\nmap = "maps/m.csv"\n')
    assert read_plan(path).crosses.map == tmp_path / "maps" / "m.csv"


def test_how_many_are_selected() -> None:
    assert RankingConfig().selected(3) == 1
    assert RankingConfig().selected(50) == 10
    assert RankingConfig().selected(5000) == 20
    assert RankingConfig(n=7).selected(50) == 7
