from meristem.config.models import (
    BINNOptions,
    BoostingOptions,
    CNNOptions,
    DenseOptions,
    GBLUPOptions,
)
from meristem.models.tuned.space import RANGES, OptionSpace, can_tune, lean


def test_every_value_makes_valid_options():
    kinds = {"dense": DenseOptions, "cnn": CNNOptions, "binn": BINNOptions}
    kinds["boosting"] = BoostingOptions
    assert set(kinds) == set(RANGES)
    for kind, options in kinds.items():
        space = OptionSpace(options(), omics=True)
        assert space.build(space.start) == options()
        for name, values in space.values.items():
            for value in values:
                found = options(kind=kind, **{name: value})
                assert getattr(found, name) == value


def test_values_that_are_set_are_among_those_tried():
    space = OptionSpace(DenseOptions(dropout=0.33, hidden=(7,)))
    assert 0.33 in space.values["dropout"]
    assert space.build(space.start).hidden == (7,)
    assert not can_tune(GBLUPOptions())


def test_graphs_are_a_choice_where_one_can_be_learned():
    assert "graph" not in OptionSpace(BINNOptions()).values
    assert "learned" in OptionSpace(BINNOptions(), omics=True).values["graph"]
    shuffled = OptionSpace(BINNOptions(graph="shuffled"), omics=True)
    assert "graph" not in shuffled.values


def test_lean_fits_are_short_but_keep_what_is_searched():
    short = lean(DenseOptions(epochs=400), 0.25)
    assert (short.epochs, short.seeds, short.inner_folds) == (100, 1, 2)
    assert lean(BoostingOptions(rounds=600), 0.25).rounds == 600
