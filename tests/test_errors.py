from meristem.errors import ConfigError, DataError, MeristemError


def test_messages_say_where_what_and_how_to_mend() -> None:
    error = DataError("line 3 has 2 fields", where="a.csv", remedy="add one")
    assert error.message == "a.csv: line 3 has 2 fields\n  remedy: add one"
    assert str(ConfigError("no")) == "no"
    assert isinstance(error, MeristemError)
