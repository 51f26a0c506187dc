import numpy as np
import pytest
from tests.sequence.small_genome import write_small_genome

from meristem.errors import ConfigError
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.motifs.scan import make_bank
from meristem.sequence.variants.effects import MotifScorer, write_effects
from meristem.sequence.variants.saturation import read_region


def test_every_base_is_changed_in_three_ways(tmp_path):
    known = write_small_genome(tmp_path)
    genome = open_genome(tmp_path / "g.fa")
    stream = read_region("chr1:31-40", genome)
    sites = list(stream.sites())
    assert stream.n_site == len(sites) == 30
    assert {site.ref for site in sites[:3]} == {known["chr1"][30]}
    bank = make_bank([Motif("M", "", np.full((4, 5), 0.25))])
    n = write_effects(
        read_region("chr1:31-40", genome), MotifScorer(bank), tmp_path / "t.tsv"
    )
    assert n == 30


@pytest.mark.parametrize(
    ("text", "what"),
    [("chr1", "no region"), ("chr9:1-5", "no contig"), ("chr2:100-151", "not within")],
)
def test_faulty_regions_are_refused(tmp_path, text, what):
    write_small_genome(tmp_path)
    with pytest.raises(ConfigError, match=what):
        read_region(text, open_genome(tmp_path / "g.fa"))
