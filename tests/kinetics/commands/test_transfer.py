"""Transfer with assays left out: what is read, left out, chosen and refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.kinetics.toys import draw_kinn

from meristem.errors import ConfigError, DataError
from meristem.kinetics.commands.settings import TransferSettings, read_settings
from meristem.kinetics.commands.transfer import transfer_run
from meristem.kinetics.network.store import write_kinns
from meristem.kinetics.transfer.cross_fit import SCALES
from meristem.runs.destination import Destination


def write_assay(path: Path, guides: list[str], seed: int) -> None:
    """Write sites that mismatches far from the PAM leave active."""
    rng = np.random.default_rng(seed)
    lines = ["guide,target,label"]
    for guide in guides:
        for _ in range(40):
            place = rng.choice(20, 3, replace=False)
            letters = list(guide)
            for where in place:
                letters[where] = rng.choice([c for c in "ACGT" if c != guide[where]])
            active = (place < 10).sum() >= 2
            lines.append(f"{guide}NGG,{''.join(letters)}AGG,{int(active)}")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    guides = ["".join(rng.choice(list("ACGT"), 20)) for _ in range(9)]
    write_assay(tmp_path / "one.csv", guides[:3], 1)
    write_assay(tmp_path / "two.csv", guides[3:7], 2)
    # one guide is one of the first table
    write_assay(tmp_path / "new.csv", [*guides[7:], guides[0]], 3)
    for number in (0, 1):
        write_kinns([draw_kinn(number)], tmp_path / f"model{number}.json")
    path = tmp_path / "transfer.toml"
    path.write_text(
        'model = ["model0.json", "model1.json"]\ntables = ["one.csv", "two.csv"]\n'
        'test_tables = ["new.csv"]\nmembers = 2\nbootstraps = 10\n'
        "[trunk]\nfirst_width = 8\ndense = 8\n"
        "[train]\nepochs = 1\nsteps = 10\nlearn_weights = true\n"
    )
    return path


def test_an_assay_is_tested_on_and_its_guides_are_never_learned(config: Path) -> None:
    out, stages = config.parent / "run", []
    transfer_run(
        read_settings(config, TransferSettings),
        Destination(out, lambda *told: stages.append(told)),
    )
    held = json.loads((out / "held_out.json").read_text())
    table = pd.read_csv(config.parent / "new.csv")
    assert set(held["guides"]) == set(table["guide"].str[:20])
    assert held["rows"] == len(table.drop_duplicates(["guide", "target"]))
    choices = pd.read_csv(out / "choices.csv")
    scales = choices[choices["chosen"] == "scale"]
    assert scales["scale"].tolist() == list(SCALES)
    assert (scales["guides"] == 2).all()  # the two assays, each left out once
    weights = pd.read_csv(out / "weights.csv")
    assert weights["weight"].sum() == pytest.approx(1.0)
    assert weights["weight"].nunique() == 2  # learned: no longer equal
    assert "How much each network counts" in (out / "report.html").read_text()
    # files are told as they are read
    assert ("read one.csv", 121, 121) in stages or ("read one.csv", 120, 121) in stages

    # labels of the test change its figures alone
    again = config.parent / "again"
    rows = table.assign(label=1 - table["label"])
    rows.to_csv(config.parent / "new.csv", index=False)
    transfer_run(read_settings(config, TransferSettings), Destination(again))
    for path in sorted((out / "transfer").iterdir()):
        assert path.read_bytes() == (again / "transfer" / path.name).read_bytes()


def test_networks_that_are_not_solved_alike_are_refused(config: Path) -> None:
    kinn = draw_kinn(1)
    other = replace(kinn, scheme=replace(kinn.scheme, observable="decay"))
    write_kinns([other], config.parent / "model1.json")
    with pytest.raises(DataError, match="different schemes or observables"):
        transfer_run(
            read_settings(config, TransferSettings), Destination(config.parent / "run")
        )


def test_a_table_is_one_assay(config: Path) -> None:
    config.write_text(config.read_text().replace("two.csv", "./one.csv"))
    with pytest.raises(ConfigError, match="tables: one is named twice"):
        read_settings(config, TransferSettings)


def test_tests_that_leave_nothing_are_refused(config: Path) -> None:
    said = config.read_text()
    config.write_text("test_share = 0.3\n" + said)
    with pytest.raises(ConfigError, match="test_share: nothing reads it"):
        read_settings(config, TransferSettings)
    config.write_text(said.replace('["one.csv", "two.csv"]', '["new.csv"]'))
    with pytest.raises(DataError, match="every guide of the tables"):
        transfer_run(
            read_settings(config, TransferSettings), Destination(config.parent / "run")
        )
