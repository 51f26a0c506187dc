"""Consequence terms of the Sequence Ontology, the most severe first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

IMPACT: Mapping[str, str] = {
    "transcript_ablation": "HIGH",
    "splice_acceptor_variant": "HIGH",
    "splice_donor_variant": "HIGH",
    "stop_gained": "HIGH",
    "frameshift_variant": "HIGH",
    "stop_lost": "HIGH",
    "start_lost": "HIGH",
    "inframe_insertion": "MODERATE",
    "inframe_deletion": "MODERATE",
    "missense_variant": "MODERATE",
    "protein_altering_variant": "MODERATE",
    "splice_region_variant": "LOW",
    "incomplete_terminal_codon_variant": "LOW",
    "start_retained_variant": "LOW",
    "stop_retained_variant": "LOW",
    "synonymous_variant": "LOW",
    "coding_sequence_variant": "MODIFIER",
    "5_prime_UTR_variant": "MODIFIER",
    "3_prime_UTR_variant": "MODIFIER",
    "non_coding_transcript_exon_variant": "MODIFIER",
    "intron_variant": "MODIFIER",
    "non_coding_transcript_variant": "MODIFIER",
    "upstream_gene_variant": "MODIFIER",
    "downstream_gene_variant": "MODIFIER",
    "intergenic_variant": "MODIFIER",
}
"""Impact of every term, in the order of severity that VEP uses."""

_RANK = {term: rank for rank, term in enumerate(IMPACT)}


def join_terms(terms: Iterable[str]) -> str:
    """Return terms joined by commas, the most severe first.

    Examples
    --------
    >>> join_terms(["intron_variant", "splice_region_variant"])
    'splice_region_variant,intron_variant'
    """
    return ",".join(sorted(set(terms), key=_RANK.__getitem__))


def impact(terms: str) -> str:
    """Return the impact of joined terms: that of the most severe.

    Examples
    --------
    >>> impact("splice_region_variant,intron_variant")
    'LOW'
    """
    return IMPACT[terms.split(",", 1)[0]]
