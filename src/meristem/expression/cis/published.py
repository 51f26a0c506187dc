"""Weights of another study: read, found among the variants at hand, applied."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.prepare.match import match_variants
from meristem.records import FloatArray, Genotypes, IntArray, StrArray, VariantTable
from meristem.text.column_names import find_column
from meristem.text.columns import LARGEST, read_table

_GENE = "gene geneid genename feature".split()
_VARIANT = "variant variantid varid rsid marker snp hotspot id".split()
_WEIGHT = "weight beta effect".split()
_REF = "ref refallele noneffectallele otherallele".split()
_ALT = "alt effallele effectallele".split()
_PLACE = re.compile(
    r"^(?P<contig>[^:\s]+?)[:_](?P<position>\d+)[:_](?P<ref>[ACGTacgt]+)[:_/>]"
    r"(?P<alt>[ACGTacgt]+)(_.*)?$"
)


@dataclass(frozen=True)
class PublishedWeights:
    """One weight per copy of the counted allele, of pairs of a gene and a variant."""

    gene: StrArray  # (n_pair,)
    variant: StrArray  # (n_pair,) as the file writes it
    ref: StrArray  # (n_pair,) "" where not known
    alt: StrArray  # (n_pair,) the allele whose copies count, "" where not known
    weight: FloatArray  # (n_pair,)
    source: str


@dataclass(frozen=True)
class FoundWeights:
    """How much of published weights the variants at hand can use."""

    n_variant: int  # in the files, each once
    n_found: int
    n_swapped: int  # alleles exchanged or read on the other strand
    n_gene: int  # with weights and with expression
    n_gene_found: int  # with at least one variant found
    share_found: float  # of the sum of |weight| over genes with expression

    @property
    def line(self) -> str:
        """The counts in one line of text."""
        return (
            f"{self.n_found:,} of {self.n_variant:,} variants of the weights found"
            f" ({self.share_found:.0%} of the sum of |weight|), {self.n_swapped:,} with"
            f" alleles exchanged; {self.n_gene_found:,} of {self.n_gene:,} genes"
        )


def read_published(paths: Sequence[Path]) -> PublishedWeights:
    """Read weights: tables `gene,variant,weight[,ref,alt]` or PrediXcan databases.

    Weights of several files of one gene add up: local and distant ones, say. Alleles
    stand in columns, or in the name of a variant (`chr1:123_A/G`, `1_123_A_G_b38`),
    whose second one is counted.

    Raises
    ------
    DataError
        If a file has no such columns, a weight is missing, or a database no such
        table.
    """
    parts = [_read_database(p) if _is_sqlite(p) else _read_csv(p) for p in paths]
    return PublishedWeights(
        gene=np.concatenate([p.gene for p in parts]),
        variant=np.concatenate([p.variant for p in parts]),
        ref=np.concatenate([p.ref for p in parts]),
        alt=np.concatenate([p.alt for p in parts]),
        weight=np.concatenate([p.weight for p in parts]),
        source=", ".join(map(str, paths)),
    )


def _is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as handle:
        found = handle.read(15) == b"SQLite format 3"
    if path.suffix.lower() in (".db", ".sqlite") and not found:
        raise DataError(
            "is no SQLite database, although it is called one",
            where=path,
            remedy="give a PrediXcan .db, or call a table .csv or .tsv",
        )
    return found


def _read_csv(path: Path) -> PublishedWeights:
    table = read_table(path)
    gene = find_column(table, _GENE)
    variant = find_column(table, _VARIANT, () if gene is None else (gene,))
    weight = find_column(table, _WEIGHT)
    if gene is None or variant is None or weight is None:
        raise DataError(
            "has no columns of genes, variants and weights; it has "
            f"{', '.join(table.column_name[:12])}",
            where=path,
            remedy="call them `gene`, `variant` and `weight`",
        )
    value = table.numbers(weight, largest=LARGEST)
    if np.isnan(value).any():
        row = int(np.flatnonzero(np.isnan(value))[0])
        raise DataError(
            "a weight is missing",
            where=table.place(row, weight),
            remedy="leave the line out, or write 0",
        )
    nothing = np.full(value.size, "")
    alleles = [find_column(table, names) for names in (_REF, _ALT)]
    ref, alt = (nothing if a is None else table.labels(a) for a in alleles)
    gene_id, variant_id = table.identifiers(gene), table.identifiers(variant)
    return PublishedWeights(gene_id, variant_id, ref, alt, value, str(path))


def _read_database(path: Path) -> PublishedWeights:
    query = "select gene, rsid, ref_allele, eff_allele, weight from weights"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            columns = {row[1] for row in database.execute("pragma table_info(weights)")}
            if "varID" in columns:
                # the place is in it, rs numbers are seldom in crops' files
                query = query.replace("rsid", "coalesce(nullif(varID, ''), rsid)")
            rows = database.execute(query).fetchall()
    except sqlite3.Error as error:
        raise DataError(
            f"is a database without PrediXcan weights ({error})",
            where=path,
            remedy="give a PrediXcan .db with the table `weights` (gene, rsid, "
            "ref_allele, eff_allele, weight)",
        ) from error
    frame = pd.DataFrame(rows, columns=["gene", "variant", "ref", "alt", "weight"])
    if frame.empty or frame["weight"].isna().any():
        raise DataError(
            "has no weights, or a weight is missing",
            where=path,
            remedy="give the database of a trained PrediXcan model",
        )
    gene, variant, ref, alt = (
        frame[name].astype(str).to_numpy(np.str_) for name in frame.columns[:4]
    )
    value = frame["weight"].to_numpy(float)
    return PublishedWeights(gene, variant, ref, alt, value, str(path))


def wanted_variants(
    weights: PublishedWeights,
) -> tuple[VariantTable, IntArray, IntArray]:
    """Return the variants of the weights, each once, and what pairs have of them.

    Returns
    -------
    variants, of_pair, sign
        Variants; the variant of every pair; 1 where the pair counts its alternate
        allele, -1 its other one, 0 where the pair names a third allele.
    """
    known = (weights.ref != "") & (weights.alt != "")
    order = np.argsort(~known, kind="stable")  # rows that name both alleles first
    names, first, of_sorted = np.unique(
        weights.variant[order], return_index=True, return_inverse=True
    )
    of_pair = np.empty(order.size, np.int64)
    of_pair[order] = of_sorted
    first = order[first]
    contig = np.full(names.size, "", dtype=object)
    position = np.zeros(names.size, dtype=np.int64)
    ref, alt = weights.ref[first].astype(object), weights.alt[first].astype(object)
    for k, name in enumerate(names.tolist()):
        place = _PLACE.match(name)
        if place is not None:
            contig[k], position[k] = place["contig"], int(place["position"])
            ref[k] = ref[k] or place["ref"].upper()
            alt[k] = alt[k] or place["alt"].upper()
    table = VariantTable(
        names,
        contig.astype(np.str_),
        position,
        ref.astype(np.str_),
        alt.astype(np.str_),
    )
    return table, of_pair, _sign(weights, table, of_pair)


def _sign(
    weights: PublishedWeights, table: VariantTable, of_pair: IntArray
) -> IntArray:  # (n_pair,)
    own = [np.char.upper(one) for one in (weights.ref, weights.alt)]
    held = [np.char.upper(a)[of_pair] for a in (table.variant_ref, table.variant_alt)]

    def agree(pair: list[StrArray]) -> NDArray[np.bool_]:  # "": any
        each = [(a == b) | (a == "") for a, b in zip(own, pair, strict=True)]
        return np.asarray(each[0] & each[1])

    return np.where(agree(held), 1, np.where(agree(held[::-1]), -1, 0))


def published_scores(
    weights: PublishedWeights,
    genotypes: Genotypes,
    genes: StrArray,  # (n_gene,)
) -> tuple[FloatArray, FoundWeights]:  # (n_line, n_gene) NaN: nothing is said
    """Return the sum of weight times dosage of every line and gene.

    Missing calls count as the mean dosage of the lines given. The weight
    of a pair that counts the other allele has its sign turned: what is told of a gene
    are differences between lines.

    Raises
    ------
    DataError
        If no variant, or no gene, of the weights is found.
    """
    wanted, of_pair, sign = wanted_variants(weights)
    try:
        found, report = match_variants(genotypes, wanted)
    except DataError as error:
        raise _nothing("variants", weights) from error
    dosage = found.call_dosage.astype(float)
    dosage[found.call_dosage < 0] = np.nan
    known = ~np.isnan(dosage).all(axis=0)
    mean = np.zeros(known.size)
    mean[known] = np.nanmean(dosage[:, known], axis=0)
    dosage = np.where(np.isnan(dosage), mean, dosage)
    place = {name: k for k, name in enumerate(genes.tolist())}
    of_gene = np.array([place.get(name, -1) for name in weights.gene.tolist()])
    ours = of_gene >= 0
    if not ours.any():
        raise _nothing("genes", weights)
    used = ours & known[of_pair] & (sign != 0)
    matrix = scipy.sparse.csc_array(
        (sign[used] * weights.weight[used], (of_pair[used], of_gene[used])),
        shape=(known.size, genes.size),
    )
    score = np.asarray((matrix.T @ dosage.T).T)
    with_any = np.unique(of_gene[used])
    silent = np.ones(genes.size, dtype=bool)
    silent[with_any] = False
    score[:, silent] = np.nan
    total = float(np.abs(weights.weight[ours]).sum())
    about = FoundWeights(
        n_variant=int(known.size),
        n_found=int(known.sum()),
        n_swapped=report.n_swapped + report.n_flipped,
        n_gene=int(np.unique(of_gene[ours]).size),
        n_gene_found=int(with_any.size),
        share_found=float(np.abs(weights.weight[used]).sum()) / total if total else 0.0,
    )
    return score, about


def _nothing(what: str, weights: PublishedWeights) -> DataError:
    return DataError(
        f"none of its {what} is found",
        where=weights.source,
        remedy="use the gene ids of the expression table, and variant ids of the "
        "genotypes or names as contig:position_ref/alt",
    )
