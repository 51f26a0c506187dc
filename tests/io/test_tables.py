from meristem.io import tables


def test_the_four_readers_are_under_one_roof():
    assert sorted(tables.__all__) == [
        "read_environments",
        "read_groups",
        "read_observations",
        "read_omics",
    ]
    assert all(callable(getattr(tables, name)) for name in tables.__all__)
