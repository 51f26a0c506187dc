import numpy as np
import pandas as pd
import pytest
from tests.expression.embedding.tiny_esm import save_tiny_esm
from tests.expression.simulated import simulated_config, write_simulated
from typer.testing import CliRunner

from meristem.cli.main import app
from meristem.config.expression.heads import (
    ElasticNetHeadOptions,
    RidgeHeadOptions,
    TransformerOptions,
)
from meristem.config.expression.panel import EmbedConfig
from meristem.expression.commands.embed import embed_run
from meristem.expression.commands.haplotypes import haplotypes_run
from meristem.expression.commands.inputs import panel_embedder, read_panel_inputs
from meristem.expression.haplotypes.singles import single_variants
from meristem.expression.heads.attribution import attribute_gene
from meristem.expression.heads.catalog import fit_head
from meristem.expression.panel_file import read_panel
from meristem.runs.destination import Destination
from meristem.runs.folder import RunFolder

SMALL = TransformerOptions(width=16, heads=2, layers=1, epochs=15)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    truth, config = simulated_config(tmp_path_factory.mktemp("pe"))
    report = embed_run(config, Destination(config.run.out))
    return truth, config, report, read_panel(RunFolder.open(config.run.out))


def test_as_many_are_embedded_as_there_are_and_none_again(embedded) -> None:
    _, config, report, panel = embedded
    assert report.n_new == report.work.n_sequence == panel.embedding.shape[0]
    assert panel.n_haplotype().sum() == report.work.n_haplotype
    texts = set()
    for gene in read_panel_inputs(config).haplotypes:
        texts |= {gene.reference, *gene.sequence}
    assert len(texts) == report.n_new
    again = embed_run(config, Destination(config.run.out))
    assert again.n_new == 0
    second = read_panel(RunFolder.open(config.run.out))
    np.testing.assert_array_equal(second.embedding, panel.embedding)
    np.testing.assert_array_equal(second.call, panel.call)
    assert second.key == panel.key


def test_lines_differ_where_their_calls_in_the_window_do(embedded) -> None:
    truth, _, _, panel = embedded
    variants = truth.train.variants
    position = variants.variant_position - 1
    for number, gene in enumerate(panel.genes):
        own = next(g for g in truth.genes if g.name == gene)
        left, right = (400, 100) if own.strand > 0 else (100, 400)
        at = own.exon[0] if own.strand > 0 else own.exon[1]
        inside = (variants.variant_contig == own.contig) & (
            (position >= at - left) & (position < at + right)
        )
        calls, which = np.unique(
            truth.train.call_dosage[:, inside], axis=0, return_inverse=True
        )
        call = panel.call[number, :, 0]
        assert len(calls) == panel.n_haplotype()[number]
        assert len(set(zip(which.tolist(), call.tolist(), strict=True))) == len(calls)
        delta = panel.delta(number)
        for haplotype in range(len(calls)):
            assert np.ptp(delta[call == haplotype], axis=0).max() == 0


@pytest.mark.parametrize(
    "options",
    [RidgeHeadOptions(), ElasticNetHeadOptions(), SMALL],
    ids=lambda o: o.kind,
)
def test_heads_recover_the_planted_cis_effects_on_new_lines(embedded, options) -> None:
    truth, _, _, panel = embedded
    genetic = truth.truth.expression[:120]
    order = [truth.gene_id.tolist().index(name) for name in panel.genes]
    value, genetic = truth.measured[:, order], genetic[:, order]
    rng = np.random.default_rng(11)
    split = rng.permutation(120)
    rows, new = np.sort(split[:90]), np.sort(split[90:])
    assert np.median(accuracy(panel, value, genetic, rows, new, options)) > 0.8
    # values of lines permuted: nothing is left
    none = accuracy(panel, rng.permutation(value), genetic, rows, new, options)
    assert abs(np.mean(none)) < 0.2


def accuracy(panel, value, genetic, rows, new, options):
    """r with the genetic values of new lines, by gene; 0 of a constant prediction."""
    head = fit_head(panel, value, rows, options, np.random.default_rng(2))
    varied = np.flatnonzero(genetic[new].std(axis=0) > 0)
    found = head.predict(panel, new, varied)
    return [
        np.corrcoef(found[:, i], genetic[new, g])[0, 1]
        if found[:, i].std() > 1e-9
        else 0.0
        for i, g in enumerate(varied)
    ]


def test_the_planted_variant_carries_the_prediction(embedded) -> None:
    truth, config, _, panel = embedded
    inputs = read_panel_inputs(config)
    embedder = panel_embedder(config, inputs)
    order = [truth.gene_id.tolist().index(name) for name in panel.genes]
    rows = np.arange(120)
    head = fit_head(
        panel,
        truth.measured[:, order],
        rows,
        RidgeHeadOptions(),
        np.random.default_rng(1),
    )
    change = truth.truth.change @ truth.truth.activity
    dosage = truth.train.call_dosage[:, truth.truth.variant] / 2
    power = change**2 * dosage.var(axis=0)
    found = tried = 0
    for number, window in enumerate(inputs.genes.windows):
        hits = np.flatnonzero(truth.truth.variant_gene == order[number])
        if power[hits].max(initial=0) < 0.005:
            continue
        best = hits[power[hits].argmax()]
        name = truth.train.variants.variant_id[truth.truth.variant[best]]
        singles = single_variants(inputs.genome, inputs.calls, inputs.genes, window)
        table = attribute_gene(head, panel, number, singles, embedder, rows)
        assert table["share"].sum() == pytest.approx(1)
        tried += 1
        found += table["variant"][0] == name
    assert tried >= 5
    assert found / tried > 0.7


def test_the_commands_write_what_they_say(tmp_path) -> None:
    truth, path = write_simulated(tmp_path, n_gene=7, n_train=20)
    runner = CliRunner()
    result = runner.invoke(app, ["expression", "haplotypes", str(path), "-q"])
    assert result.exit_code == 0, result.output
    assert "distinct haplotypes" in result.output
    table = pd.read_csv(tmp_path / "run" / "haplotypes.csv")
    carriers = pd.read_csv(tmp_path / "run" / "carriers.csv", dtype=str)
    assert len(table) == len(carriers) == 7
    lines = truth.train.sample_id.tolist()
    assert carriers.columns.tolist() == ["gene", *lines]
    for gene, row in carriers.set_index("gene").iterrows():
        n = table.set_index("gene").loc[gene, "haplotypes"]
        assert set(row) == {str(i) for i in range(n)}
    result = runner.invoke(app, ["expression", "embed", str(path), "-q"])
    assert result.exit_code == 0, result.output
    interval = ["--interval", "chr1:1-80", "--sample", lines[0]]
    result = runner.invoke(app, ["expression", "haplotypes", str(path), *interval])
    assert result.exit_code == 0
    assert len(result.output.splitlines()[1]) == 80


def test_a_tiny_language_model_runs_end_to_end(tmp_path) -> None:
    model = save_tiny_esm(tmp_path / "lm")
    truth, config = simulated_config(tmp_path, n_gene=8, n_train=40)
    for kind in ("language_model", "untrained"):
        embed = EmbedConfig(kind=kind, model=model, bins=5, layer=1)
        own = config.model_copy(update={"embed": embed})
        report = embed_run(own, Destination(tmp_path / kind))
        assert report.n_new == report.work.n_sequence
        assert embed_run(own, Destination(tmp_path / kind)).n_new == 0
        panel = read_panel(RunFolder.open(tmp_path / kind))
        order = [truth.gene_id.tolist().index(name) for name in panel.genes]
        head = fit_head(
            panel,
            truth.measured[:, order],
            np.arange(30),
            SMALL,
            np.random.default_rng(1),
        )
        found = head.predict(panel, np.arange(30, 40), np.arange(8))
        assert np.isfinite(found).all()


def test_the_estimate_comes_before_the_work(embedded, tmp_path) -> None:
    _, config, report, _ = embedded
    work = haplotypes_run(config, Destination(tmp_path / "counted"))
    assert work.n_sequence == report.work.n_sequence
    assert work.seconds > 0
    assert not (tmp_path / "counted" / "panel.npz").exists()
