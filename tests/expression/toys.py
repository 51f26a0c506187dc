"""A panel of random embeddings with known haplotypes."""

import numpy as np

from meristem.expression.panel import EmbeddedPanel


def toy_panel(
    n_line: int = 40,
    n_gene: int = 3,
    n_bin: int = 4,
    n_channel: int = 5,
    ploidy: int = 2,
    seed: int = 1,
) -> EmbeddedPanel:
    """Return genes with 2, 3, 4, ... haplotypes; the first is the reference."""
    rng = np.random.default_rng(seed)
    sizes = [2 + gene for gene in range(n_gene)]
    first = np.cumsum([0, *sizes])
    call = np.stack([rng.integers(0, n, (n_line, ploidy)) for n in sizes])
    return EmbeddedPanel(
        lines=np.array([f"line{i}" for i in range(n_line)]),
        genes=np.array([f"gene{i}" for i in range(n_gene)]),
        contig=np.array(["chr1"] * n_gene),
        tss=np.arange(n_gene) * 1000,
        strand=np.ones(n_gene, np.int64),
        embedding=rng.normal(size=(first[-1], n_bin * n_channel)).astype(np.float32),
        reference_row=first[:-1],
        haplotype_row=tuple(
            np.arange(a, b) for a, b in zip(first[:-1], first[1:], strict=True)
        ),
        call=call.astype(np.int16),
        missing=np.zeros((n_gene, n_line), np.float32),
        positions=np.linspace(-400.0, 50.0, n_bin),
        channels=np.array([f"channel{i}" for i in range(n_channel)]),
    )
