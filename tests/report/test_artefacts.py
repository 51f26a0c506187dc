from __future__ import annotations

from pathlib import Path

import pytest

from meristem.errors import ConfigError, DataError
from meristem.report.artefacts import REQUIRED, read_artefacts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run.json").write_text('{"title": "T"}')
    return tmp_path


def test_only_the_record_must_be_there(folder: Path) -> None:
    found = read_artefacts(folder)
    assert found.run == {"title": "T"}
    assert found.data is None
    assert found.verdicts == []
    assert found.scores.empty
    # nobody misses effects of covariates where none are named
    expected = {f"{name}.csv" for name in REQUIRED}
    expected -= {"covariate_effects.csv", "representation.csv"}
    assert expected < set(found.absent)
    assert "covariate_effects.csv" not in found.absent


def test_a_folder_without_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no run\.json"):
        read_artefacts(tmp_path)


def test_names_stay_text_and_missing_text_is_empty(folder: Path) -> None:
    (folder / "predictions.csv").write_text(
        "sample_id,trait,environment,model,observed,predicted\n"
        "007,NA,,1,2.5,\n"
        "1e5,yield,,1,nan,1\n"
    )
    rows = read_artefacts(folder).predictions
    assert rows["sample_id"].tolist() == ["007", "1e5"]
    assert rows["environment"].tolist() == ["", ""]
    assert rows["model"].tolist() == ["1", "1"]
    assert rows["predicted"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data.json", "{", "cannot be read as JSON"),
        ("data.json", "[1]", "holds no JSON object"),
        ("verdicts.json", "{}", "no list of JSON objects"),
        ("verdicts.json", "[1]", "no list of JSON objects"),
        ("network.json", b"\xff\xfe", "cannot be read as JSON"),
        ("scores.csv", "model,trait\n1,2\n", "lacks the columns fold, metric, value"),
        ("scores.csv", "", "cannot be read as a table"),
        ("scores.csv", b"model,trait\n\xff\xfe,1\n", "cannot be read as a table"),
        ("nodes.csv", 'node,sensitivity\n"a,1\n', "cannot be read as a table"),
    ],
)
def test_damage_is_named(
    folder: Path, name: str, content: str | bytes, message: str
) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)
    with pytest.raises(DataError, match=message) as caught:
        read_artefacts(folder)
    assert name in caught.value.where
    assert caught.value.remedy


def test_text_where_numbers_belong_is_refused(folder: Path) -> None:
    (folder / "structure.csv").write_text("sample_id,pc1,pc2\na,1,2\nb,x,2\n")
    with pytest.raises(DataError, match="pc1"):
        read_artefacts(folder)
