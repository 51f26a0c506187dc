"""Another enzyme from a table of its own: PAM, binding, search, scores, explanation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from meristem.cli.kinetics import app
from meristem.errors import MeristemError
from meristem.kinetics.commands.settings import KineticsSettings, read_settings
from meristem.kinetics.commands.sources import load_source
from meristem.kinetics.network.store import read_kinns

GUIDE = "TTTAGATGACTACGTCATGCATCA"  # TTTV, then 20 bases
CONFIG = """
seed = 1
[data]
kind = "table"
path = "rates.csv"
pam = "TTTV"
pam_side = "5"
[train]
epochs = 60
batch = 64
learning_rate = 0.03
[search]
generations = 1
size = 3
folds = 2
kind_folds = 0
epochs = 5
shortlist = 2
[ensemble]
architectures = 1
smooth = [4]
copies = 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rates that fall with mismatches near the PAM, which lies 5' of the spacer."""
    out = tmp_path_factory.mktemp("cas12a")
    rng = np.random.default_rng(3)
    rows = []
    for _ in range(200):
        target, rate = list(GUIDE), -1.0
        for place in rng.choice(np.arange(4, 24), rng.integers(0, 4), replace=False):
            target[place] = "ACGT"[("ACGT".index(target[place]) + 1) % 4]
            rate -= 1.6 * (1 - (place - 4) / 20)
        bound = -(rate + 1.0) / 6 if len(rows) % 2 else np.nan
        rows.append((GUIDE, "".join(target), max(rate, -5.0), bound))
    names = ["guide", "target", "log10_rate", "binding"]
    pd.DataFrame(rows, columns=names).to_csv(out / "rates.csv", index=False)
    (out / "config.toml").write_text(CONFIG)
    words = ["search", str(out / "config.toml"), "--out", str(out / "run"), "--quiet"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return out


def test_a_search_reads_the_pam_as_a_whole(folder: Path) -> None:
    kinn, _ = read_kinns(folder / "run" / "model.json")
    assert (kinn.pam.pattern, kinn.pam.side) == ("TTTV", "5")
    on = kinn.architecture.windows[0]
    assert on is not None
    assert (on.start, on.stop, on.kernel) == (0, 4, 4)


def test_scores_know_which_end_the_pam_is_at(folder: Path) -> None:
    near = GUIDE[:5] + "C" + GUIDE[6:]
    far = GUIDE[:23] + "C"
    table = pd.DataFrame({"guide": GUIDE, "target": [GUIDE, near, far]})
    table.to_csv(folder / "sites.csv", index=False)
    model = ["--model", str(folder / "run" / "model.json")]
    sites = ["--targets", str(folder / "sites.csv"), "--out"]
    words = ["score", *model, *sites, str(folder / "scores.tsv"), "--quiet"]
    assert CliRunner().invoke(app, words).exit_code == 0
    found = pd.read_csv(folder / "scores.tsv", sep="\t")["log10_rate"]
    assert found[1] < min(found[0], found[2]) - 0.3  # as it was measured
    wrong = [*words[:-2], str(folder / "no.tsv"), "--pam", "NGG"]
    error = CliRunner().invoke(app, wrong).exception
    assert isinstance(error, MeristemError)
    assert "is not 4 bases long" in error.what
    assert not (folder / "no.tsv").exists()


def test_an_explanation_names_positions_from_the_pam(folder: Path) -> None:
    words = ["explain", "--model", str(folder / "run" / "model.json"), "--guide"]
    out = folder / "explained"
    assert CliRunner().invoke(app, [*words, GUIDE, "--out", str(out)]).exit_code == 0
    table = pd.read_csv(out / "mutagenesis.csv")
    first = table.drop_duplicates("position")["guide_base"]
    assert "".join(first)[:8] == GUIDE[:8]
    cas9 = CliRunner().invoke(
        app, [*words, "GACGCATAAAGATGAGACGCTGG", "--out", str(folder / "none")]
    )
    assert "PAM TTTV at its 5' end" in str(cas9.exception)


def test_binding_of_a_table_of_its_own_is_read(folder: Path) -> None:
    settings = read_settings(folder / "config.toml", KineticsSettings)
    source = load_source(settings.data, np.random.default_rng(0))
    bound = pd.read_csv(folder / "rates.csv")["binding"].to_numpy()
    np.testing.assert_allclose(source.train.binding, bound)
    text = (folder / "rates.csv").read_text().splitlines()
    text[4] = text[4].rpartition(",")[0] + ",strong"
    (folder / "odd.csv").write_text("\n".join(text))
    changed = settings.data.model_copy(update={"path": folder / "odd.csv"})
    with pytest.raises(MeristemError, match=r"odd\.csv, line 5: column 'binding'"):
        load_source(changed, np.random.default_rng(0))
