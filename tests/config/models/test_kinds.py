"""Options by subject: defaults stand by themselves, and every kind has one class."""

from __future__ import annotations

import typing

import pytest

from meristem.config.models import (
    base,
    linear,
    networks,
    plans,
    reactions,
    stack,
    trees,
    trials,
)
from meristem.config.models.base import ModelOptions
from meristem.config.models.linear import PriorOptions
from meristem.config.models.networks import DenseOptions
from meristem.config.models.plans import AutoOptions
from meristem.config.models.trees import ForestOptions
from meristem.config.models.trials import BayesOptions, TrialOptions

SUBJECTS = (linear, networks, plans, reactions, stack, trees, trials)


def _classes() -> dict[str, type[ModelOptions]]:
    found = {}
    for subject in SUBJECTS:
        for value in vars(subject).values():
            if isinstance(value, type) and issubclass(value, base.ModelOptions):
                kind = value.model_fields.get("kind")
                if kind is not None and value.__module__ == subject.__name__:
                    found[kind.default] = value
    return found


def test_every_class_with_a_kind_can_be_chosen_by_it() -> None:
    single = typing.get_args(typing.get_args(stack.SingleModelOptions)[0])
    assert {*single, stack.StackOptions} == set(_classes().values())


def test_labels_come_from_names_then_kinds() -> None:
    assert DenseOptions().label == "dense"
    assert ForestOptions(name="trees").label == "trees"
    assert ModelOptions().label == ""


def test_only_networks_load_the_library_of_networks() -> None:
    loading = {
        kind
        for kind, options in _classes().items()
        if kind not in {"stack", "prior_gblup"} and options().loads_torch
    }
    assert {"dense", "cnn", "binn", "core", "auto"} >= loading >= {"dense", "cnn"}


def test_changes_of_fields_that_a_kind_lacks_are_left_out() -> None:
    assert AutoOptions().changed(seeds=3, trees=7).seeds == 3
    assert BayesOptions().changed(trees=7) == BayesOptions()


def test_scores_are_files_of_the_fit(tmp_path) -> None:
    scores = tmp_path / "scores.csv"
    assert PriorOptions(scores=scores).files == (scores,)
    with pytest.raises(ValueError, match="scores"):
        PriorOptions()


def test_fields_of_another_structure_are_refused() -> None:
    with pytest.raises(ValueError, match='structure = "fa" alone'):
        TrialOptions(structure="main", factors=2)
    with pytest.raises(ValueError, match='kernel = "gaussian" alone'):
        TrialOptions(bandwidth=0.5)
    whole = TrialOptions(structure="fa", factors=2, kernel="gaussian", bandwidth=0.5)
    assert TrialOptions.model_validate(whole.model_dump()) == whole
