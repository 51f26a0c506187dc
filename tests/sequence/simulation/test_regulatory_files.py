import numpy as np

from meristem.config.read import read_config
from meristem.io.tables.variant_scores import read_variant_scores
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.transcripts import read_transcripts
from meristem.sequence.motifs.motif import read_meme
from meristem.sequence.motifs.scan import make_bank
from meristem.sequence.simulation.regulatory import (
    RegulatoryConfig,
    simulate_regulatory,
)
from meristem.sequence.simulation.regulatory_files import write_regulatory
from meristem.sequence.variants.amino_acids import translate
from meristem.sequence.variants.coding import read_coding
from meristem.sequence.variants.effects import MotifScorer, write_effects
from meristem.sequence.variants.sites import open_stream


def test_the_files_say_what_was_simulated(tmp_path):
    small = RegulatoryConfig(
        n_train=30,
        n_test=6,
        n_chromosome=2,
        n_gene=14,
        n_variant=1500,
        n_factor=3,
        n_causal_gene=6,
    )
    panel = simulate_regulatory(small, rng=np.random.default_rng(4))
    config = read_config(write_regulatory(panel, tmp_path / "sim"))
    assert [m.label for m in config.models] == ["gblup", "priors", "permuted priors"]
    folder = tmp_path / "sim"
    genome = open_genome(folder / "genome.fa")
    found = read_transcripts(folder / "genes.gff3", genome)
    assert not found.faults
    for transcript in found.transcripts:
        protein = translate(read_coding(transcript, genome).sequence)
        assert protein[0] == "M"
        assert protein.index("*") == len(protein) - 1
    bank = make_bank(read_meme(folder / "motifs.meme"))
    with open_stream(folder / "genotypes.vcf.gz", genome) as stream:
        write_effects(stream, MotifScorer(bank), tmp_path / "e.tsv")
    ours = read_variant_scores(tmp_path / "e.tsv")
    theirs = read_variant_scores(folder / "scores.tsv")
    known = dict(zip(ours.variant_id, ours.score, strict=True))
    assert theirs.n_score > 3
    for name, score in zip(theirs.variant_id, theirs.score, strict=True):
        assert abs(known[name] - score) < 2e-3  # MEME text rounds probabilities
