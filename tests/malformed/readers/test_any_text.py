"""Whatever a text file became, its reader takes it or says one clear thing.

`FUZZ=600 pytest tests/malformed/readers/test_any_text.py` looks for ten minutes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meristem.config.read import read_config, read_plan, read_represent_config
from meristem.config.stages import (
    CovariateConfig,
    EnvironmentConfig,
    GroupConfig,
    NetworkFileConfig,
    OmicsConfig,
    PhenotypeConfig,
)
from meristem.errors import MeristemError
from meristem.evaluate.split_files import read_splits
from meristem.io.fasta import read_fasta
from meristem.io.tables.costs import read_costs
from meristem.io.tables.covariates import read_covariate_table
from meristem.io.tables.genetic_map import read_genetic_map
from meristem.io.tables.groups import read_groups
from meristem.io.tables.omics import read_omics
from meristem.io.tables.pedigree import read_kernel, read_pedigree
from meristem.io.tables.phenotypes import read_observations
from meristem.io.tables.regions import read_regions
from meristem.io.tables.seasons.environments import read_environments
from meristem.io.tables.seasons.weather import read_power
from meristem.io.tables.variant_scores import read_variant_scores
from meristem.io.tables.variant_weights import read_variant_weights
from meristem.kinetics.scheme.scheme import read_scheme
from meristem.knowledge.files.genes import read_genes
from meristem.records import StrArray
from meristem.representation.genes.tables import read_network
from meristem.sequence.commands.settings import read_settings
from meristem.sequence.genome.fasta import open_genome
from meristem.sequence.genome.transcripts import read_transcripts
from meristem.sequence.genome.windows import read_bed
from meristem.sequence.inputs.measured import Source, read_measured, read_sequences
from meristem.sequence.motifs.motif import read_meme
from meristem.sequence.variants.user_scores import read_user_scores

SECONDS = float(os.environ.get("FUZZ", "0"))
EXAMPLES = 100_000 if SECONDS else 12
LINES = "".join(f"l{i},{i % 3},{i * 1.5},a{i % 2}\n" for i in range(9))
GENOME = ">chr1 the first\n" + "ACGTACGTGG\n" * 5 + ">chr2\nTTGACA\n"
GFF = (
    "##gff-version 3\n"
    "chr1\t.\tgene\t3\t40\t.\t+\t.\tID=g1\n"
    "chr1\t.\tmRNA\t3\t40\t.\t+\t.\tID=g1.1;Parent=g1\n"
    "chr1\t.\texon\t3\t40\t.\t+\t.\tParent=g1.1\n"
    "chr1\t.\tCDS\t5\t31\t.\t+\t0\tParent=g1.1\n"
)
MEME = (
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1 one\n"
    "letter-probability matrix: alength= 4 w= 2 nsites= 20\n"
    " 0.1 0.2 0.3 0.4\n 0.25 0.25 0.25 0.25\n"
)
POWER = (
    "-BEGIN HEADER-\nNASA/POWER\n-END HEADER-\nYEAR,MO,DY,T2M,T2M_MAX,T2M_MIN\n"
    "2001,4,1,12,15,8\n2001,4,2,13,16,9\n2001,4,3,-999,17,9\n"
)
SQUARE = "line,l0,l1\nl0,1,0.5\nl1,0.5,1\n"
ANALYSIS = (
    '[genotypes]\npath = "g.vcf"\n\n[phenotypes]\npath = "p.csv"\ntraits = ["y"]\n\n'
    '[covariates]\ncolumns = ["age"]\n\n[priors]\nscores = "s.csv"\n\n'
    '[[models]]\nkind = "gxe"\nstructure = "fa"\nfactors = 2\n\n'
    '[[models]]\nkind = "bayes"\nprior = "c"\n'
)
PLAN = (
    "seed = 1\n[index]\nweights = { y = 1.0 }\n[ranking]\nn = 3\n[crosses]\n"
    'cm_per_mb = 1.0\nforced = [["a", "b"]]\n[diversity]\ndegree = 45.0\n'
)
REPRESENT = (
    '[[omics]]\nname = "rna"\npath = "r.csv"\nrepresent = "vae"\nk = [2]\n\n'
    '[groups]\npath = "b.csv"\n[network]\npath = "n.tsv"\n'
)
SEQUENCE = (
    '[[data]]\npath = "m.csv"\ntasks = { y = "y" }\n[split]\nscheme = "group"\n'
    'folds = 3\n[train]\nmembers = 2\n[[models]]\nkind = "kmer"\n'
)
SCHEME = (
    'name = "chain"\nstates = ["a", "b"]\n[[reactions]]\nname = "on"\nsource = "a"\n'
    'target = "b"\nlog_rate = 0.5\n[[reactions]]\nname = "off"\nsource = "b"\n'
    'target = "a"\nobserved = true\n'
)


def _transcripts(path: Path) -> object:
    genome = path.with_name("genome.fa")
    genome.write_text(GENOME)
    return read_transcripts(path, open_genome(genome))


def _bed(path: Path) -> object:
    genome = path.with_name("genome.fa")
    genome.write_text(GENOME)
    return read_bed(path, open_genome(genome))


def _names(*names: str) -> StrArray:
    return np.array(names)


READERS: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "phenotypes": (
        "p.csv",
        "line,environment,yield,sort\n" + LINES,
        lambda p: read_observations(PhenotypeConfig(path=p)),
    ),
    "omics": (
        "o.csv",
        "line,g1,g2,g3\n" + LINES.replace("a", ""),
        lambda p: read_omics(OmicsConfig(path=p)),
    ),
    "groups": (
        "g.csv",
        "line,a,b,c\n" + LINES,
        lambda p: read_groups(GroupConfig(path=p)),
    ),
    "covariates": (
        "c.csv",
        "line,a,age,sex\n" + LINES,
        lambda p: read_covariate_table(CovariateConfig(path=p, columns=("age", "sex"))),
    ),
    "environments": (
        "e.csv",
        "environment,rain,heat,soil\n" + LINES,
        lambda p: read_environments(EnvironmentConfig(path=p)),
    ),
    "weather": ("w.csv", POWER, read_power),
    "priors": ("s.csv", "variant,gene,score,kind\n" + LINES, read_variant_scores),
    "weights": ("w.csv", "variant,weight\nv1,1\nv2,0.5\n", read_variant_weights),
    "regions": ("r.csv", "name,contig,start,end\nq,1,3,9\nr,2,4,8\n", read_regions),
    "map": ("m.csv", "contig,position,cm\n1,1,0\n1,900,1.5\n2,1,0\n", read_genetic_map),
    "pedigree": ("p.csv", "line,parent_1,parent_2\na,,\nb,,\nc,a,b\n", read_pedigree),
    "kernel": ("k.csv", SQUARE, read_kernel),
    "costs": ("c.csv", "line,cost\na,1\nb,2.5\n", read_costs),
    "splits": (
        "s.csv",
        "scheme,replicate,fold,sample_id,role\nfile,0,0,a,train\nfile,0,0,b,test\n",
        lambda p: read_splits(p, _names("a", "b")),
    ),
    "network": (
        "n.tsv",
        "a\tb\tscore\ng1\tg2\t0.9\ng2\tg3\t0.4\n",
        lambda p: read_network(NetworkFileConfig(path=p, score="score")),
    ),
    "genes": ("g.gff3", GFF, read_genes),
    "transcripts": ("g.gff3", GFF, _transcripts),
    "intervals": ("i.bed", "chr1\t1\t9\ta\t0\t-\nchr2\t0\t4\n", _bed),
    "genome": ("g.fa", GENOME, open_genome),
    "fasta": ("g.fa", GENOME, read_fasta),
    "sequences": ("s.fa", GENOME, read_sequences),
    "measured": (
        "m.csv",
        "sequence_id,group,sequence,y\n"
        + "".join(f"s{i},f{i % 3},ACGTAC{'ACGT'[i % 4]},{i}\n" for i in range(9)),
        lambda p: read_measured([Source(path=p, tasks={"y": "y"}, group="group")]),
    ),
    "motifs": ("m.meme", MEME, read_meme),
    "damage": (
        "d.csv",
        "transcript,position,amino_acid,sift\nt,3,A,0.1\nt,4,C,1\n",
        read_user_scores,
    ),
    "analysis": ("a.toml", ANALYSIS, read_config),
    "plan": ("p.toml", PLAN, read_plan),
    "represent": ("r.toml", REPRESENT, read_represent_config),
    "sequence": ("s.toml", SEQUENCE, read_settings),
    "scheme": ("s.toml", SCHEME, read_scheme),
}

PIECES = st.sampled_from(
    [
        *(
            "",
            ",",
            ",,",
            "\t",
            "\n",
            "\r\n",
            " ",
            '"',
            "'",
            "#",
            "=",
            "[",
            "]",
            "{",
            "}",
        ),
        *("nan", "inf", "-1", "0", "1e308", "1e-320", "9" * 30, "1,5", "NA", ".", ">"),
        *(
            "\0",
            "\ufeff",
            "é",
            "e\u0301",
            "\u2028",
            "true",
            "ghost",
            "-",
            "/",
            "A" * 300,
        ),
    ]
)


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[float, float, str]]:
    """Draw places of a text, how much goes there, and what comes instead."""
    share = st.floats(0, 1)
    short = st.floats(0, 0.2)
    return draw(st.lists(st.tuples(share, short, PIECES), min_size=1, max_size=4))


def changed(text: str, edits: list[tuple[float, float, str]]) -> str:
    for place, length, piece in edits:
        start = int(place * len(text))
        text = text[:start] + piece + text[start + int(length * len(text)) :]
    return text


@pytest.mark.parametrize("name", READERS)
def test_a_changed_text_is_read_or_one_error(name: str, tmp_path: Path) -> None:
    file, good, read = READERS[name]
    path = tmp_path / file
    stop = time.monotonic() + SECONDS / len(READERS)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not SECONDS,
        suppress_health_check=list(HealthCheck),
    )
    @given(changes())
    def tried(edits: list[tuple[float, float, str]]) -> None:
        if SECONDS and time.monotonic() > stop:
            return
        path.write_text(changed(good, edits), encoding="utf-8", newline="")
        for index in tmp_path.glob("*.fai"):
            index.unlink()
        said = ""
        try:
            read(path)
        except MeristemError as fault:
            said = fault.message
        assert len(said) < 5000

    path.write_text(good, encoding="utf-8")
    read(path)
    tried()
