"""What `check` says of inputs that can be read, and that lose or change something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from meristem.config.read import read_config
from meristem.pipeline.checking.check import CheckResult, check_analysis

N, M = 30, 40
LINES = [f"L{k:02d}" for k in range(N)]
DOSAGE = np.random.default_rng(3).integers(0, 2, (M, N)) * 2
VALUES = DOSAGE[:5].sum(axis=0) + np.arange(N) / N


def table(header: str, rows: list[list[object]]) -> str:
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


def markers(lines: list[str] = LINES, dosage: np.ndarray = DOSAGE) -> str:
    rows = [
        [f"v{k}", 1 + k // 20, 1000 * (k % 20 + 1), "A", "G", *dosage[k]]
        for k in range(M)
    ]
    return table(",".join(["variant,contig,position,ref,alt", *lines]), rows)


def values(lines: list[str] = LINES, header: str = "line,yield") -> str:
    return table(header, [list(pair) for pair in zip(lines, VALUES, strict=True)])


def checked(folder: Path, more: str = "", **files: str) -> CheckResult:
    """Return what `check` finds with some of the files written anew."""
    given = {"markers": markers(), "phenotypes": values(), **files}
    for name, text in given.items():
        suffix = ".gmt" if name == "sets" else ".csv"
        (folder / f"{name}{suffix}").write_text(text, encoding="utf-8")
    base = (
        '{}[genotypes]\npath = "markers.csv"\n{}\n'
        '[phenotypes]\npath = "phenotypes.csv"\n'
    )
    top, _, rest = more.rpartition("#top\n")
    hybrids = 'hybrids = "hybrids.csv"' if "hybrids" in files else ""
    path = folder / "a.toml"
    path.write_text(f'{base.format(top, hybrids)}{rest}\n[[models]]\nkind = "gblup"\n')
    return check_analysis(read_config(path), slowness=1.0)


def covariates(lines: list[str], cells: list[object]) -> dict[str, str]:
    return {"ages": table("line,age", [[a, b] for a, b in zip(lines, cells)])}  # noqa: B905


AGES: list[object] = list(range(20, 20 + N))
MIXED = [name.lower() if k % 2 else name for k, name in enumerate(LINES)]
ASKED = '[covariates]\npath = "ages.csv"\ncolumns = ["age"]\n'
FAMILIES = [
    [name, "ab"[k % 2].upper() if k % 3 else "ab"[k % 2]]
    for k, name in enumerate(LINES)
]
GENES = [[f"g{k}", c, 1, 30_000] for k, c in enumerate(("chr1", "scaffold_2"))]
FEW = DOSAGE.copy()
FEW[: M // 2 + 1, 4] = -9
ONE_FOLD = [
    ["held", 0, fold, "test" if (k + fold) % 2 else "train", name]
    for fold in range(2)
    for k, name in enumerate(LINES[:-2])
]

SAID: dict[str, Callable[[Path], tuple[CheckResult, str]]] = {
    "a code among covariates": lambda folder: (
        checked(folder, ASKED, **covariates(LINES, [-9, *AGES[1:]])),
        "covariate age: -9 stands in 1 of 30 cells",
    ),
    "covariates of ids in another case": lambda folder: (
        checked(folder, ASKED, **covariates(MIXED, AGES)),
        'ids of genotypes and covariates: 15 would match with fold_ids = ["case"]',
    ),
    "labels in two spellings": lambda folder: (
        checked(
            folder,
            '[groups]\npath = "families.csv"\n',
            families=table("line,family", FAMILIES),
        ),
        "family: labels 'a' and 'A' differ in writing alone",
    ),
    "genes of contigs called otherwise": lambda folder: (
        checked(
            folder,
            '[knowledge]\ngenes = "genes.csv"\ngene_sets = ["sets.gmt"]\n'
            "[knowledge.prune]\nmin_genes = 1\n",
            genes=table("gene,contig,start,end", GENES),
            sets="one\tna\tg0\tg1\n",
        ),
        "20 of 40 variants (50%) lie on contigs that hold no gene: 2",
    ),
    "a sample without half of its calls": lambda folder: (
        checked(folder, markers=markers(dosage=FEW).replace("-9", "NA")),
        "genotypes: L04 with less than half of the variants called",
    ),
    "lines that no fold tests": lambda folder: (
        checked(
            folder,
            '[evaluate]\nscheme = "file"\nsplits = "splits.csv"\n',
            splits=table("scheme,replicate,fold,role,sample_id", ONE_FOLD),
        ),
        "2 of 30 phenotyped rows are tested in no fold: L28, L29",
    ),
    "a line in two spellings": lambda folder: (
        checked(folder, phenotypes=values() + "l07,3\n"),
        "'l07' has no partner: its values are left out",
    ),
    "a code among omics": lambda folder: (
        checked(
            folder,
            '[[omics]]\npath = "levels.csv"\n',
            levels=table(
                "line,g1,g2",
                [[n, k if k else -999, k + 1] for k, n in enumerate(LINES)],
            ),
        ),
        "omics: -999 stands in 1 of 60 cells",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_what_is_lost_is_said(case: str, tmp_path: Path) -> None:
    found, said = SAID[case](tmp_path)
    assert not found.problems
    assert any(said in hint for hint in found.hints), found.hints


def test_parents_of_hybrids_are_matched_by_the_one_setting(tmp_path: Path) -> None:
    crosses = [[f"h{k}", LINES[k].lower(), LINES[-1 - k]] for k in range(N // 2)]
    files = {
        "hybrids": table("sample,parent_1,parent_2", crosses),
        "phenotypes": table(
            "line,yield", [[f"h{k}", k + k % 3] for k in range(N // 2)]
        ),
    }
    (problem,) = checked(tmp_path, **files).problems
    assert '15 would match with fold_ids = ["case"]' in problem
    assert not checked(tmp_path, 'fold_ids = ["case"]\n#top\n', **files).problems


def test_the_column_whose_ids_are_genotyped_is_named(tmp_path: Path) -> None:
    rows = [[f"S{k}", name, VALUES[k]] for k, name in enumerate(LINES)]
    text = table("sample,accession,yield", rows)
    (problem,) = checked(tmp_path, phenotypes=text).problems
    assert 'set `phenotypes.line = "accession"`' in problem
    with_line = 'line = "accession"\n'
    assert not checked(tmp_path, with_line, phenotypes=text).problems


def test_a_table_of_markers_in_rows_without_their_title(tmp_path: Path) -> None:
    rows = [[f"v{k}", *DOSAGE[k]] for k in range(M)]
    text = table(",".join(["id", *LINES]), rows)
    (problem,) = checked(tmp_path, markers=text).problems
    assert "call their first column `marker`" in problem
    assert not checked(tmp_path, markers="marker" + text[2:]).problems


def test_ids_that_end_with_a_hard_blank_are_folded(tmp_path: Path) -> None:
    text = values([f"{name}\u00a0" for name in LINES])
    (problem,) = checked(tmp_path, phenotypes=text).problems
    assert '30 would match with fold_ids = ["trim"]' in problem
    assert not checked(
        tmp_path, 'fold_ids = ["trim"]\n#top\n', phenotypes=text
    ).problems


def test_splits_are_matched_by_the_one_setting(tmp_path: Path) -> None:
    rows = [
        ["k", 0, fold, "test" if k % 2 == fold else "train", name.lower()]
        for fold in (0, 1)
        for k, name in enumerate(LINES)
    ]
    text = table("scheme,replicate,fold,role,sample_id", rows)
    asked = '[evaluate]\nscheme = "file"\nsplits = "folds.csv"\n'
    (problem,) = checked(tmp_path, asked, folds=text).problems
    assert '30 would match with fold_ids = ["case"]' in problem
    mended = 'fold_ids = ["case"]\n#top\n' + asked
    assert not checked(tmp_path, mended, folds=text).problems


@pytest.mark.parametrize("n_copy", [3, N])
def test_rows_that_are_copies_are_said(tmp_path: Path, n_copy: int) -> None:
    rows = values().splitlines()
    text = "\n".join([*rows, *rows[1 : n_copy + 1]]) + "\n"
    hints = checked(tmp_path, phenotypes=text).hints
    said = f"{n_copy} of {N + n_copy} rows are exact copies of rows above"
    assert any(said in hint for hint in hints), hints
    assert not any("exact copies" in hint for hint in checked(tmp_path).hints)


@pytest.mark.parametrize(
    ("old", "new", "more", "said"),
    [
        ("v3,1,", "v3,chr1,", "", "contigs '1' and 'chr1' seem to be one"),
        ("v3,1,4000,A,G", "v3,1,4000,A,A", "", "1 variants list one allele twice"),
        ("", "", "ploidy = 4\n", "no call holds more than 2 copies though the ploidy"),
    ],
)
def test_odd_variants_are_said(
    tmp_path: Path, old: str, new: str, more: str, said: str
) -> None:
    text = markers().replace(old, new, 1)
    assert text != markers() or not old
    found = checked(tmp_path, markers=text)
    if more:
        path = tmp_path / "a.toml"
        path.write_text(
            path.read_text().replace("[genotypes]\n", f"[genotypes]\n{more}")
        )
        found = check_analysis(read_config(path), slowness=1.0)
    assert not found.problems
    assert any(said in hint for hint in found.hints), found.hints


def test_covariates_that_are_one_are_said(tmp_path: Path) -> None:
    rows = [[name, k, 10.5 + 7 * k, k % 5] for k, name in enumerate(LINES)]
    files = {"ages": table("line,age,days,pen", rows)}
    asked = ASKED.replace('["age"]', '["age", "days", "pen"]')
    hints = checked(tmp_path, asked, **files).hints
    (hint,) = [hint for hint in hints if "told apart" in hint]
    assert hint.startswith("covariates age and days rise and fall together")
