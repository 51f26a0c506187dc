"""The command `interactions`: pairs of proteins from their sequences."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.config.interactions import InteractionsConfig
from meristem.errors import DataError
from meristem.pages.numbers import fixed
from meristem.pages.page import Card, Page, Section, write_page
from meristem.pages.table import table_html
from meristem.representation.genes.tables import read_network
from meristem.representation.interactions.judge import held_out, score_pairs, verdict
from meristem.representation.interactions.pairs import (
    NEW,
    Pairs,
    make_pairs,
    protein_folds,
)
from meristem.representation.interactions.predictor import fit_predictor
from meristem.representation.interactions.proteins import Proteins, read_proteins
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.record import Run, configured_run, input_file
from meristem.runs.seeds import derived_rng
from meristem.text.columns import read_table

FILES = ("pairs.csv", "scores.csv", "predicted.csv", "report.html")


@in_locked_folder
def interactions_run(
    config: InteractionsConfig,
    to: Destination,
) -> Path:
    """Learn which proteins interact, judge it on new proteins, write a run folder.

    Parameters
    ----------
    config
        Pairs, sequences, and how they are learned.
    """
    network = read_network(config.network)
    asked_names = [] if config.predict is None else _asked_names(config.predict)
    more = sorted(set(chain(*asked_names)) - set(network.gene.tolist()))
    proteins = read_proteins(config, np.array([*network.gene.tolist(), *more]))
    known = proteins.name[np.isin(proteins.name, network.gene)]  # the first ones
    whole, network = network, network.onto(known)
    lost = whole.gene.size - known.size, whole.n_edge - network.n_edge
    seed = config.run.seed
    pairs = make_pairs(
        network,
        n_level=config.levels,
        negatives=config.negatives,
        draw=config.draw,
        rng=derived_rng(seed, "negatives"),
    )
    group = np.arange(known.size)
    if config.split == "similarity":
        alike = proteins.groups(config.similarity)[: known.size]
        group = np.unique(alike, return_inverse=True)[1]
    folds = protein_folds(pairs, group, config.folds, rng=derived_rng(seed, "folds"))
    asked = None
    if config.predict is not None:
        asked = _asked(config.predict, asked_names, proteins)
    run = _plan(config, to)
    run.folder.refuse_foreign(FILES)
    run.write(finished=False)
    with run.timed("held-out proteins"):
        said = held_out(
            config,
            proteins,
            pairs,
            folds,
            rng=derived_rng(seed, "held out"),
            progress=lambda done, total: to.notify("folds", done, total),
        )
    scores = score_pairs(said)
    run.table("pairs", said)
    run.table("scores", scores)
    run.folder.drop("predicted.csv")
    if asked is not None:
        with run.timed("pairs asked for"):
            run.table("predicted", _predict(config, proteins, pairs, asked))
    page = _page(config, known.size, pairs, int(np.unique(group).size), lost, scores)
    return run.finish(lambda folder: write_page(folder, page))


def _plan(config: InteractionsConfig, to: Destination) -> Run:
    named = [("pairs", config.network.path), ("sequences", config.sequences)]
    named += [
        (role, path)
        for role, path in (
            ("embeddings", config.embeddings),
            ("pairs asked for", config.predict),
        )
        if path is not None
    ]
    question = "Do sequences tell which proteins interact?"
    inputs = [input_file(role, path) for role, path in named]
    return configured_run(config, to, question, inputs, "interactions")


def _asked_names(path: Path) -> list[list[str]]:
    table = read_table(path)
    if len(table.column_name) < 2:
        raise DataError(
            "has a single column", where=path, remedy="give two columns of proteins"
        )
    return [table.identifiers(column).tolist() for column in table.column_name[:2]]


def _asked(path: Path, names: list[list[str]], proteins: Proteins) -> Pairs:
    place = {name: row for row, name in enumerate(proteins.name.tolist())}
    missing = [name for name in chain(*names) if name not in place]
    if missing:
        raise DataError(
            f"{missing[0]!r} has no sequence",
            where=path,
            remedy="name proteins as in the FASTA of `sequences`",
        )
    first, second = (np.array([place[name] for name in some]) for some in names)
    return Pairs(first, second, np.zeros(first.size, dtype=np.int64))


def _predict(
    config: InteractionsConfig, proteins: Proteins, pairs: Pairs, asked: Pairs
) -> pd.DataFrame:
    fitted = fit_predictor(
        proteins.features,
        pairs,
        hidden=config.hidden,
        epochs=config.epochs,
        seeds=config.seeds,
        rng=derived_rng(config.run.seed, "all pairs"),
    )
    chance = fitted.chances(proteins.features, asked.first, asked.second)
    known = {
        frozenset(pair)
        for pair in zip(
            pairs.first[pairs.level > 0].tolist(),
            pairs.second[pairs.level > 0].tolist(),
            strict=True,
        )
    }
    return pd.DataFrame(
        {
            "protein_1": proteins.name[asked.first],
            "protein_2": proteins.name[asked.second],
            "chance": chance[:, 0],
            "expected_level": chance.sum(axis=1),
            "recorded": [
                frozenset(pair) in known
                for pair in zip(
                    asked.first.tolist(), asked.second.tolist(), strict=True
                )
            ],
        }
    )


def _page(
    config: InteractionsConfig,
    n_protein: int,
    pairs: Pairs,
    n_group: int,
    lost: tuple[int, int],  # proteins without a sequence, and their pairs
    scores: pd.DataFrame,
) -> Page:
    n_real = int((pairs.level > 0).sum())
    cards = [
        Card("Proteins", f"{n_protein:,}", f"{n_group:,} groups held out"),
        Card(
            "Pairs",
            f"{n_real:,}",
            f"{pairs.n_level} levels, and {pairs.level.size - n_real:,} unrecorded",
        ),
    ]
    if not scores.empty:
        last = scores[scores["new"] == (scores["new"].iloc[-1])]
        first = last.set_index("model")["auc"]
        cards.append(Card("AUC", fixed(first["predictor"], 3), NEW[1]))
    figures = ("auc", "spearman", "beyond", "low", "high")
    shown = {name: (lambda x: fixed(x, 3)) for name in figures}
    heading = {"new": "held-out pairs", "auc": "AUC", "spearman": "rank r"}
    heading["beyond"] = "predictor beyond it"
    section = Section(
        "On proteins that training never saw",
        "scores",
        intro=f"{verdict(scores)[0].upper()}{verdict(scores)[1:]}. "
        + (
            f"{lost[0]:,} proteins have no sequence: {lost[1]:,} pairs are left out. "
            if lost[0]
            else ""
        )
        + "AUC: chance that a recorded pair is ranked above an unrecorded one. The "
        "degree baseline knows how many partners a protein has in training; the "
        "similarity baseline, with whom similar proteins interact. Unrecorded pairs "
        f"are drawn by {config.draw}; that a pair is not recorded does not mean that "
        "it never interacts.",
        html=table_html(scores, shown, heading, sortable=False),
    )
    return Page(
        title=config.run.title,
        question=config.run.question or "Do sequences tell which proteins interact?",
        kicker="Interactions of proteins",
        sections=(section,),
        cards=tuple(cards),
        glossary=False,
    )
