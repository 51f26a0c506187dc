"""Features of sequences by hand, similarity against sets, groups, embeddings."""

from pathlib import Path

import numpy as np
import pytest

from meristem.config.interactions import InteractionsConfig
from meristem.config.stages import NetworkFileConfig
from meristem.errors import DataError
from meristem.representation.interactions.proteins import (
    Proteins,
    class_triads,
    read_proteins,
    similarities,
)


def test_triads_are_counted_by_class() -> None:
    found = class_triads(["AGVC", "AXA", "A"])
    assert found.shape == (3, 343)
    assert found[0, 0] == 0.5  # AGV
    assert found[0, 6] == 0.5  # GVC
    assert not found[1:].any()


def test_similarity_is_the_share_of_common_triplets() -> None:
    sequence = ["ACDEFGH", "ACDEKLMNP", "WWWW", "AC"]

    def naive(a: str, b: str) -> float:
        one, two = ({s[i : i + 3] for i in range(len(s) - 2)} for s in (a, b))
        return len(one & two) / max(min(len(one), len(two)), 1)

    wanted = [[naive(a, b) for b in sequence] for a in sequence]
    found = similarities(sequence)
    np.testing.assert_allclose(found.toarray(), wanted)
    proteins = Proteins(np.array(sequence), np.zeros((4, 1)), found)
    group = proteins.groups(0.3)
    assert group[0] == group[1]
    assert np.unique(group).size == 3
    assert np.unique(proteins.groups(0.5)).size == 4


def test_embeddings_are_needed_in_full(tmp_path: Path) -> None:
    name = np.array([f"p{i}" for i in range(12)])
    fasta, table = tmp_path / "p.fa", tmp_path / "e.csv"
    fasta.write_text("".join(f">{n}\nACDEFG\n" for n in name))
    table.write_text(
        "protein,a,b\n" + "".join(f"{n},1,{k}\n" for k, n in enumerate(name))
    )
    config = InteractionsConfig(
        network=NetworkFileConfig(path=tmp_path / "x"),
        sequences=fasta,
        embeddings=table,
        features=("embeddings",),
    )
    assert read_proteins(config, name).features[:, 1].tolist() == list(range(12))
    table.write_text("protein,a\np0,1\n")
    with pytest.raises(DataError, match="11 proteins have no embedding"):
        read_proteins(config, name)
    rows = "".join(f"{n},1\n" for n in (*name, "p3"))
    for text, match in (
        (f"protein,a\n{rows}", r"1 proteins stand there twice \(p3\)"),
        ("protein\np0\n", "single column"),
    ):
        table.write_text(text)
        with pytest.raises(DataError, match=match):
            read_proteins(config, name)
    with pytest.raises(DataError, match="2 proteins of the network"):
        read_proteins(config, name[:2])
