"""Which rows of a question are no independent witnesses of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.models.toys import halves, inner_of

from meristem.models.mixture.problem import dependence, make_problem
from meristem.prepare.by_environment import ENVIRONMENT, LINE
from meristem.records import SampleGroups, Split


def grouped(data, **columns):
    label = np.stack([np.array(c) for c in columns.values()], axis=1)
    names = np.array([name.replace("env", ENVIRONMENT) for name in columns])
    names = np.array([LINE if name == "line" else name for name in names])
    return replace(data, groups=SampleGroups(data.sample_id, names, label))


def asked(scheme, data):
    return tuple(replace(split, scheme=scheme) for split in inner_of(data))


def n_cluster(label):
    return [np.unique(one).size for one in label]


def test_rows_depend_as_the_question_groups_them():
    data = halves()[0]
    n = data.n_sample
    rows = np.arange(n)
    family = grouped(data, family=[f"f{k % 6}" if k > 2 else "" for k in rows])
    # rows without a family stand alone
    assert n_cluster(dependence(family, asked("group:family", data))) == [9]
    assert n_cluster(dependence(family, asked("kfold", data))) == [n]
    parents = [[f"p{k % 5}" for k in rows], [f"q{k % 7}" for k in rows]]
    crosses = grouped(data, parent_1=parents[0], parent_2=parents[1])
    for scheme in ("parents", "kfold"):
        assert n_cluster(dependence(crosses, asked(scheme, data))) == [5, 7]
    trials = grouped(
        data, line=[f"l{k % 8}" for k in rows], env=[f"e{k % 3}" for k in rows]
    )
    found = {
        s: n_cluster(dependence(trials, asked(s, data))) for s in ("cv0", "cv00", "cv1")
    }
    assert found == {"cv0": [3], "cv00": [8, 3], "cv1": [8]}
    assert n_cluster(dependence(data, asked("cluster", data))) == [2]


def test_copies_of_a_line_are_one_witness():
    data = halves()[0]
    calls = data.genotypes.call_dosage.copy()
    calls[5] = calls[9] = calls[0]
    data = replace(data, genotypes=replace(data.genotypes, call_dosage=calls))
    label = dependence(data, inner_of(data))[0]
    assert label[5] == label[9] == label[0]
    assert np.unique(label).size == data.n_sample - 2


def test_random_inner_folds_where_none_are_given():
    data = halves()[0]
    problem = make_problem(data, (), 3, np.random.default_rng(0))
    assert [split.scheme for split in problem.inner] == ["kfold"] * 3
    given = (Split("kfold", 0, 0, np.arange(20), np.arange(20, 40)),)
    assert make_problem(data, given, 3, np.random.default_rng(0)).inner == given
