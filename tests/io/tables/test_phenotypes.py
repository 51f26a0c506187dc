from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.config.stages import PhenotypeConfig
from meristem.errors import ConfigError, DataError
from meristem.io.tables.phenotypes import read_observations, read_phenotype_table
from meristem.prepare.adjust import adjusted_means

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "gp"


def read(tmp_path, text, **options):
    path = tmp_path / "p.csv"
    path.write_text(text)
    return read_observations(PhenotypeConfig(path=path, **options))


LONG = """line,environment,replicate,trait,value
007,dry,1,yield,4.5
007,dry,2,yield,
008,wet,1,height,90
"""


def test_long_layout(tmp_path):
    found = read(tmp_path, LONG)
    assert found.sample_id.tolist() == ["007", "007", "008"]
    assert found.environment.tolist() == ["dry", "dry", "wet"]
    assert found.replicate.tolist() == ["1", "2", "1"]
    assert found.trait.tolist() == ["yield", "yield", "height"]
    np.testing.assert_array_equal(found.value, [4.5, np.nan, 90])
    np.testing.assert_array_equal(found.weight, 1.0)
    assert found.source == str(tmp_path / "p.csv")


def test_wide_layout_takes_every_column_of_numbers(tmp_path):
    text = "Taxa,Location,Year,family,plot,pool,yield,height\n"
    text += "a,X,2019,1,11,dent,1.5,\nb,Y,2020,2,12,flint,2.5,80\n"
    found = read(tmp_path, text)
    assert found.trait.tolist() == ["yield", "yield", "height", "height"]
    assert found.environment.tolist() == ["X_2019", "Y_2020"] * 2
    np.testing.assert_array_equal(found.value, [1.5, 2.5, np.nan, 80])


def test_named_traits_may_be_any_column(tmp_path):
    found = read(tmp_path, "line,family,y\na,3,1\nb,4,2\n", traits=("family",))
    np.testing.assert_array_equal(found.value, [3, 4])
    assert set(found.trait) == {"family"}


def test_wide_with_a_trait_called_weight(tmp_path):
    found = read(tmp_path, "line,weight,se\na,30,1\nb,40,2\n")
    assert found.trait.tolist() == ["weight", "weight", "se", "se"]


def test_columns_named_in_the_configuration_win(tmp_path):
    text = "id,line,trial,farm,what,measured\n1,a,T,F,y,2\n2,b,T,G,y,3\n"
    found = read(
        tmp_path, text, line="id", environment="farm", trait="what", value="measured"
    )
    assert found.sample_id.tolist() == ["1", "2"]
    assert found.environment.tolist() == ["F", "G"]
    assert found.trait.tolist() == ["y", "y"]


def test_value_column_without_trait_names_the_trait(tmp_path):
    found = read(tmp_path, "line,plot_yield,note\na,2,5\n", value="plot_yield")
    assert found.trait.tolist() == ["plot_yield"]


def test_long_can_be_read_as_wide(tmp_path):
    found = read(tmp_path, "line,trait,value\na,1,2\nb,3,4\n", layout="wide")
    assert found.trait.tolist() == ["trait", "trait", "value", "value"]


def test_weights_are_kept_and_standard_errors_become_precisions(tmp_path):
    head = "line,trait,value,"
    found = read(tmp_path, head + "weight\na,y,1,2\nb,y,2,0.5\nc,y,,\n")
    np.testing.assert_array_equal(found.weight, [2, 0.5, 1])
    found = read(tmp_path, head + "SE\na,y,1,1\nb,y,2,2\nc,z,3,10\nd,z,4,20\n")
    np.testing.assert_array_equal(found.standard_error, [1, 2, 10, 20])
    expected = np.array([1, 0.25]) / 0.625
    weight = adjusted_means(found).weight
    np.testing.assert_allclose(weight[:2, 0], expected)
    np.testing.assert_allclose(weight[2:, 1], expected)


def test_standard_errors_are_floored_and_missing_ones_are_the_median(tmp_path):
    text = "line,trait,value,se\na,y,1,.01\nb,y,2,2\nc,y,3,2\nd,y,4,\n"
    weight = adjusted_means(read(tmp_path, text)).weight[:, 0]
    assert weight[0] / weight[1] == pytest.approx(100.0)  # a tenth of the median error
    assert weight[3] == weight[1]
    assert weight.mean() == pytest.approx(1.0)


def test_no_value_is_known_without_error(tmp_path):
    for text, line in (
        ("line,trait,value,se\na,y,1,1\nb,y,2,0\n", 3),
        ("line,y,z,se\na,1,,0\nb,1,2,3\n", 2),
    ):
        with pytest.raises(DataError, match="error is not a positive.*\n.*cell") as one:
            read(tmp_path, text, standard_error="se")
        assert f"line {line}" in one.value.message
    known = read(tmp_path, "line,trait,value,se\na,y,,0\nb,y,2,3\nc,y,4,3\n")
    assert known.standard_error.tolist()[-2:] == [3, 3]


def test_one_weight_column_serves_all_wide_traits(tmp_path):
    found = read(tmp_path, "line,y,z,w\na,1,2,3\nb,1,2,4\n", weight="w")
    assert found.trait.tolist() == ["y", "y", "z", "z"]
    np.testing.assert_array_equal(found.weight, [3, 4, 3, 4])


def test_traits_and_environments_are_chosen(tmp_path):
    found = read(tmp_path, LONG, traits=("yield",), environments=("dry",))
    assert found.value.size == 2
    with pytest.raises(ConfigError, match="traits names 'protein'"):
        read(tmp_path, LONG, traits=("protein",))
    with pytest.raises(ConfigError, match="environments names 'moon'.*\n.*dry, wet"):
        read(tmp_path, LONG, environments=("moon",))


def test_mixed_columns_are_refused_with_their_place(tmp_path):
    with pytest.raises(DataError, match="line 3, column 'y': 'tall' is not a number"):
        read(tmp_path, "line,y\na,1\nb,tall\n")


def test_no_trait_at_all(tmp_path):
    with pytest.raises(DataError, match="no column of numbers"):
        read(tmp_path, "line,family\na,f\n")
    with pytest.raises(DataError, match="no phenotype value at all"):
        read(tmp_path, "line,y\na,\nb,NA\n")


def test_parquet_equals_csv(tmp_path):
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"line": ["007", "008"], "y": [1.5, None]}), path)
    one = read_observations(PhenotypeConfig(path=path))
    two = read(tmp_path, "line,y\n007,1.5\n008,\n")
    for name in ("sample_id", "environment", "trait", "value", "weight"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


words = st.text("abcXYZ019 .-", min_size=1, max_size=5).filter(
    lambda text: text.strip(" .-") != "" and text.strip().lower() != "na"
)
records = st.lists(
    st.tuples(words, words, words, st.floats(-1e9, 1e9)), min_size=1, max_size=8
)


@given(records)
def test_long_tables_round_trip(tmp_path_factory, rows):
    frame = pd.DataFrame(rows, columns=["line", "env", "trait", "value"])
    path = tmp_path_factory.mktemp("long") / "p.csv"
    frame.to_csv(path, index=False)
    found = read_observations(PhenotypeConfig(path=path))
    assert found.sample_id.tolist() == frame["line"].tolist()
    assert found.environment.tolist() == [word.strip() for word in frame["env"]]
    assert found.trait.tolist() == [word.strip() for word in frame["trait"]]
    np.testing.assert_array_equal(found.value, frame["value"])


@given(records)
def test_wide_equals_long(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("both")
    frame = pd.DataFrame(
        [(f"l{i}", *row[1:]) for i, row in enumerate(rows)],
        columns=["line", "env", "trait", "value"],
    )
    frame["trait"] = [f"t{i % 3}" for i in range(len(frame))]
    frame.to_csv(folder / "long.csv", index=False)
    wide = frame.pivot(index=["line", "env"], columns="trait", values="value")
    wide.reset_index().to_csv(folder / "wide.csv", index=False)

    def cells(name):
        found = read_observations(PhenotypeConfig(path=folder / name))
        keep = ~np.isnan(found.value)
        fields = (found.sample_id, found.environment, found.trait, found.value)
        return sorted(zip(*(field[keep].tolist() for field in fields), strict=True))

    assert cells("long.csv") == cells("wide.csv")


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared data are not here")
@pytest.mark.parametrize(
    ("folder", "traits", "n_line", "n_value"),
    [
        # Lines and values as the SOURCE.txt of each folder gives them.
        ("wheat_bglr", ("grain_yield_std",), 599, 4 * 599),
        ("barley_cap", ("grainyield", "plantheight"), 1590, None),
        ("maize_technow_hybrids", ("GY", "GM"), 1254, 2 * 1254),
        ("mdp_281", ("EarHT", "dpoll", "EarDia"), None, None),
    ],
)
def test_real_tables(folder, traits, n_line, n_value):
    path = SHARED / folder / "phenotypes.csv.gz"
    found = read_observations(PhenotypeConfig(path=path, traits=traits))
    frame = pd.read_csv(path, dtype={"line": str})
    if n_line is not None:
        assert np.unique(found.sample_id).size == n_line
    if n_value is not None:
        assert np.isfinite(found.value).sum() == n_value
    for trait in traits:
        np.testing.assert_array_equal(
            found.value[found.trait == trait], frame[trait].to_numpy()
        )


CODED = "line,y\n" + "".join(f"L{i},{i % 9}.5\n" for i in range(20)) + "A,-9\nB,-9.0\n"


def test_numeric_codes_are_asked_about_and_settled_by_a_setting(tmp_path):
    with pytest.raises(DataError, match="-9 .2 times. in trait 'y' looks like a code"):
        read(tmp_path, CODED)
    for missing in (["-9"], [-9], (-9.0,)):
        found = read(tmp_path, CODED, missing=missing)
        assert np.isnan(found.value).sum() == 2
    assert (read(tmp_path, CODED, missing=[]).value == -9).sum() == 2


def test_words_for_a_missing_value_may_be_named(tmp_path):
    with pytest.raises(DataError, match="'ND' is not a number") as caught:
        read(tmp_path, "line,y\na,1\nb,ND\n")
    assert "phenotypes.missing" in caught.value.remedy
    found = read(tmp_path, "line,y\na,1\nb,nd\n", missing=["ND"])
    np.testing.assert_array_equal(found.value, [1, np.nan])


def test_values_no_computer_can_square_are_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"line 3, column 'y': the value 1e\+308 is too"
    ):
        read(tmp_path, "line,y\na,1\nb,1e308\n")


def test_more_replicates_than_can_be_adjusted_for_are_refused(tmp_path):
    rows = "".join(f"L{i},{i},{i % 7}\n" for i in range(3001))
    with pytest.raises(DataError, match="has 3,001 replicates in environments"):
        read(tmp_path, f"line,rep,y\n{rows}")


def test_more_traits_than_can_be_modelled_are_refused(tmp_path):
    rows = "".join(f"L1,t{i},{i}\n" for i in range(2001))
    with pytest.raises(DataError, match="has 2,001 traits"):
        read(tmp_path, f"line,trait,value\n{rows}")


def test_individuals_of_several_families_are_not_averaged(tmp_path):
    with pytest.raises(DataError, match="'1' is an individual of the families 'A' and"):
        read(tmp_path, "FID,IID,yield\nA,1,3\nB,1,9\n")
    found = read(tmp_path, "FID,IID,yield\nA,1,3\nA,1,4\nB,2,9\n")
    assert found.sample_id.tolist() == ["1", "1", "2"]


@pytest.mark.parametrize("name", ["weight", "standard_error"])
def test_weights_that_cannot_be_computed_with_are_refused(tmp_path, name):
    path = tmp_path / "p.csv"
    for value, wrong in (("1e300", True), ("40", False)):
        path.write_text(f"line,yield,w\na,1,1\nb,2,{value}\nc,,1e300\n")
        config = PhenotypeConfig(path=path, **{name: "w"})
        if wrong:
            with pytest.raises(DataError, match="column 'w': runs from 1 to 1e"):
                read_observations(config)
        else:
            assert read_observations(config).value.size == 3


def test_columns_of_dates_times_and_answers_are_called_so(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(
        "line,yield,sown_on,ran,ripe,words\n"
        "a,1,2023-06-01,1:30,yes,x\nb,2,2023-06-11,2:05,no,y\n"
    )
    left_out = read_phenotype_table(PhenotypeConfig(path=path))[1]
    assert left_out["sown_on"].startswith("it holds dates")
    assert left_out["ran"].startswith("it holds times")
    assert left_out["ripe"] == "it holds yes and no; 1 and 0 would be a trait"
    assert left_out["words"] == "it holds words"
