import csv

import numpy as np
import pytest
from tests.sequence.small_genome import write_small_genome, write_variants

from meristem.errors import DataError
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.promoters import PromoterIndex, promoters
from meristem.sequence.genome.transcripts import read_transcripts
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.motifs.scan import make_bank
from meristem.sequence.variants.effects import MotifScorer, write_effects
from meristem.sequence.variants.sites import open_stream


def _rows(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_a_planted_site_that_breaks_is_named(tmp_path):
    known = write_small_genome(tmp_path)
    site = known["chr1"][70:80]
    p = np.full((4, 10), 0.01)
    for place, base in enumerate(site):
        p["ACGT".index(base), place] = 0.97
    other = np.full((4, 8), 0.25)
    bank = make_bank([Motif("M1", "flat", other), Motif("M2", "site", p)])
    new = "A" if site[4] != "A" else "C"
    path = write_variants(
        tmp_path / "v.vcf",
        [("1", 75, site[4], new), ("2", 140, known["chr2"][139], "N")],
    )
    genome = open_genome(tmp_path / "g.fa")
    transcripts = read_transcripts(tmp_path / "g.gff3", genome).transcripts
    index = PromoterIndex(promoters(transcripts, 60, 10))
    with open_stream(path, genome) as stream:
        n = write_effects(stream, MotifScorer(bank), tmp_path / "t.tsv", genes=index)
    broken, far = _rows(tmp_path / "t.tsv")
    assert n == 2
    assert (broken["gene"], broken["distance"]) == ("A", "-26")
    assert broken["detail"].startswith("M2 site; all")
    assert float(broken["score"]) < -0.3
    assert (far["gene"], far["kind"], far["source"]) == ("", "occupancy", "motif")


def test_nothing_is_left_of_a_table_that_failed(tmp_path):
    known = write_small_genome(tmp_path)
    wrong = "A" if known["chr1"][9] != "A" else "C"
    path = write_variants(tmp_path / "v.vcf", [("1", 10, wrong, "N")])
    bank = make_bank([Motif("M", "", np.full((4, 5), 0.25))])
    with (
        open_stream(path, open_genome(tmp_path / "g.fa")) as stream,
        pytest.raises(DataError, match="REF"),
    ):
        write_effects(stream, MotifScorer(bank), tmp_path / "t.tsv")
    assert not (tmp_path / "t.tsv").exists()
