"""The whole chain on small real files: what it writes, and that it continues.

Covers `meristem.pipeline.evaluation` and `meristem.pipeline.explaining.explanation`
too: every artefact of theirs is read here."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meristem.config import AnalysisConfig, read_config
from meristem.errors import ConfigError, DataError
from meristem.evaluate.splits import make_splits
from meristem.models.catalog import cost
from meristem.pipeline.analysis import Analysis, open_run
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.checking.cost import estimate_run
from meristem.pipeline.evaluation import outer_splits
from meristem.pipeline.fitting import deployable_labels, load_fitted
from meristem.pipeline.inputs import input_files
from meristem.pipeline.predicting.candidates import predict_new
from meristem.pipeline.preparation import select_targets
from meristem.pipeline.run import STAGES, run_stages
from meristem.runs.folder import RunFolder

COLUMNS = {
    "scores.csv": "model,trait,environment,group,split,replicate,fold,metric,value",
    "predictions.csv": "sample_id,trait,environment,split,replicate,fold,model,"
    "observed,predicted,spread",
    "splits.csv": "scheme,replicate,fold,role,sample_id",
    "nodes.csv": "node,kind,model,trait,environment,n_variants,n_parents,sensitivity,"
    "sensitivity_low,sensitivity_high,null_q,gradient,agreement,agreement_low,"
    "agreement_high,agreement_p,measured_in,rank,sensitivity_absolute,null_high,"
    "held_slope,held_p,held_q,inclusion,inclusion_fdr",
    "variants.csv": "variant_id,contig,position,gene,trait,environment,"
    "effect_network,effect_polygenic,effect_total,gwas_beta,gwas_p",
    "genes.csv": "gene,contig,position,trait,environment,n_variants,effect,sensitivity",
    "candidates.csv": "sample_id,trait,environment,model,predicted,deviation,spread,"
    "low,high,rank,top_probability,reliability,relatedness",
    "shares.csv": "model,trait,environment,part,share,low,high",
    "variance_components.csv": "model,trait,environment,component,value,se",
    "evidence.csv": "gene,trait,environment,sensitivity,sensitivity_low,"
    "sensitivity_high,rank,n_variants,null_q,network_p,network_q,gwas_p,gwas_q,"
    "gwas_variant,twas_p,twas_q,agreement,agreement_p,found_by",
    "twas.csv": "trait,environment,feature_id,node,beta,se,p,q,omics",
    "interactions.csv": "node_1,node_2,trait,environment,signed,absolute,low,high",
    "parts.csv": "model,trait,environment,fit,network_share,linear_share,scan_share,"
    "products_share,off_graph",
    "stability.csv": "trait,environment,between,agreement,low,high,n_networks,n_nodes",
    "gain.csv": "trait,environment,node,n_sources,r_node,r_sources,gain,n_rows",
    "attribution.csv": "kind,name,trait,environment,integrated,deeplift,rank,"
    "integrated_gap,deeplift_gap,n_lines",
    "line_explanations.csv": "sample_id,trait,environment,line_rank,predicted,role,"
    "node,latent_sd,contribution,rank",
    "latent_validation.csv": "model,supervision,node,omics,trait,environment,"
    "sensitivity,agreement,agreement_low,agreement_high,agreement_p,rank_agreement,"
    "null_mean,n_rows,n_folds",
    "agreement_by_sensitivity.csv": "trait,environment,class,sensitivity,agreement,n,"
    "rank_r",
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_contract_of_the_tables_holds(finished: Analysis, name: str) -> None:
    with finished.folder.file(name).open() as handle:
        header = handle.readline().strip()
    assert header == COLUMNS[name]


def test_the_record_is_complete(finished: Analysis) -> None:
    record = finished.folder.read_json("run.json")
    assert record["contract_version"] == 1
    assert record["finished"] is not None
    assert record["config"]["run"]["seed"] == 3
    roles = {item["role"] for item in record["inputs"]}
    assert {"genotypes", "phenotypes", "omics metabolites", "graph"} <= roles
    assert all(len(item["sha256"]) == 64 for item in record["inputs"])
    assert {"evaluate", "fit net"} <= {item["stage"] for item in record["timings"]}


def test_every_other_model_has_a_verdict(finished: Analysis) -> None:
    verdicts = finished.folder.read_json("verdicts.json")
    models = {verdict["model"] for verdict in verdicts}
    assert "net" in models
    words = {"better", "worse", "not distinguishable"}
    assert {verdict["verdict"] for verdict in verdicts} <= words


def test_each_line_is_tested_once_by_models_that_never_saw_it(
    finished: Analysis,
) -> None:
    table = finished.folder.read_table("predictions.csv")
    splits = finished.folder.read_table("splits.csv")
    assert table.groupby("model")["sample_id"].nunique().tolist() == [29, 29]
    for (fold,), rows in splits.groupby(["fold"]):
        train = set(rows.loc[rows["role"] == "train", "sample_id"])
        test = set(rows.loc[rows["role"] == "test", "sample_id"])
        assert not train & test, fold


def test_lines_without_phenotype_become_candidates(finished: Analysis) -> None:
    table = finished.folder.read_table("candidates.csv")
    assert table["sample_id"].nunique() == 7 + 5
    assert sorted(table["model"].unique()) == ["gblup", "net"]
    assert (table["low"] < table["predicted"]).all()
    # spread, interval, chance and reliability are of one posterior
    half = (table["high"] - table["low"]) / 2
    assert half.to_numpy() == pytest.approx(1.6449 * table["spread"], rel=1e-4)
    assert table["top_probability"].between(0, 1).all()
    assert not table["top_probability"].isin([0, 1]).all()
    assert table["reliability"].between(0, 1).all()
    assert table["relatedness"].between(-1, 1).all()


def test_components_of_the_models_that_estimate_them(finished: Analysis) -> None:
    table = finished.folder.read_table("variance_components.csv")
    assert set(table["model"]) == {"gblup"}
    wide = table.pivot_table(index="trait", columns="component", values="value")
    share = wide["genetic"] / (wide["genetic"] + wide["residual"])
    assert wide["h2"].to_numpy() == pytest.approx(share.to_numpy())
    assert (table["se"] > 0).all()


def test_the_spread_of_held_out_rows_is_the_error_of_their_genetic_values(
    finished: Analysis,
) -> None:
    table = finished.folder.read_table("predictions.csv")
    assert (table["spread"] > 0).all()


def test_a_finished_run_is_not_done_again(
    finished: Analysis, config: AnalysisConfig, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(finished.folder.path, copy)
    before = {path: path.stat().st_mtime_ns for path in copy.glob("*.csv")}
    run_stages(Analysis(config, RunFolder(copy)))
    again = {path: path.stat().st_mtime_ns for path in before}
    unchanged = [path.name for path in before if before[path] == again[path]]
    assert {"predictions.csv", "scores.csv", "splits.csv"} <= set(unchanged)


def test_lost_artefacts_come_back_the_same(
    finished: Analysis, config: AnalysisConfig, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(finished.folder.path, copy)
    for name in ("predictions.csv", "nodes.csv", "data.json"):
        (copy / name).unlink()
    shutil.rmtree(copy / "models")
    run_stages(Analysis(config, RunFolder(copy)))
    for name in ("predictions.csv", "nodes.csv", "variants.csv", "data.json"):
        assert (copy / name).read_bytes() == finished.folder.file(name).read_bytes()


def test_new_lines_need_genotypes_alone(finished: Analysis, inputs: Path) -> None:
    reopened = open_run(finished.folder.path)
    new = inputs.parent / "candidates.vcf.gz"
    table, matched = predict_new(reopened, new)
    assert table["sample_id"].nunique() == 5
    assert set(table["model"]) == set(deployable_labels(reopened))
    assert "43" in matched.line
    one, _ = predict_new(reopened, new, labels=("net",))
    whole = table[table["model"] == "net"].reset_index(drop=True)
    assert one.equals(whole)


def test_wrong_requests_are_refused(finished: Analysis, inputs: Path) -> None:
    new = inputs.parent / "candidates.vcf.gz"
    with pytest.raises(ConfigError, match="oracle"):
        predict_new(finished, new, labels=("oracle",))
    with pytest.raises(ConfigError, match="not a run folder"):
        open_run(inputs.parent)


def test_too_few_variants_are_refused(finished: Analysis, inputs: Path) -> None:
    few = inputs.parent / "few.csv"
    few.write_text("sample,qtl_1,qtl_2\nx,0,2\ny,1,0\n")
    with pytest.raises(DataError, match="of"):
        predict_new(finished, few)


def test_other_inputs_are_another_run(config: AnalysisConfig, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    other = config.run.model_copy(update={"seed": 99})
    one = Analysis(config, folder)
    two = Analysis(config.model_copy(update={"run": other}), folder)
    assert one.data_key == two.data_key
    assert one.fit_key("gblup") != two.fit_key("gblup")
    assert one.rng("a").integers(1 << 30) != one.rng("b").integers(1 << 30)


def test_equal_labels_are_refused(config: AnalysisConfig, tmp_path: Path) -> None:
    twice = config.model_copy(update={"models": (config.models[0],) * 2})
    with pytest.raises(ConfigError, match="two models"):
        Analysis(twice, RunFolder(tmp_path))
    assert len(check_analysis(twice).problems) == 1


def test_a_linear_model_cannot_be_explained(
    config: AnalysisConfig, tmp_path: Path
) -> None:
    asked = config.explain.model_copy(update={"model": "gblup"})
    wrong = config.model_copy(update={"explain": asked})
    with pytest.raises(ConfigError, match=r"explain.model: 'gblup' is no net[^!]*net$"):
        Analysis(wrong, RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
    assert len(check_analysis(wrong).problems) == 1


def test_equal_omics_tables_are_refused(config: AnalysisConfig, tmp_path: Path) -> None:
    twice = config.model_copy(update={"omics": config.omics * 2})
    with pytest.raises(ConfigError, match="two omics tables are called metabolites"):
        Analysis(twice, RunFolder(tmp_path))


def test_traits_to_minimise_must_be_there(
    finished: Analysis, config: AnalysisConfig
) -> None:
    asked = config.phenotypes.model_copy(update={"minimise": ("delay",)})
    with pytest.raises(ConfigError, match=r"minimise: no traits called delay"):
        select_targets(
            finished.dataset, config.model_copy(update={"phenotypes": asked})
        )


def test_unknown_traits_are_named(finished: Analysis, config: AnalysisConfig) -> None:
    asked = config.phenotypes.model_copy(update={"traits": ("height",)})
    with pytest.raises(ConfigError, match=r"height.*\n.*bud_delay"):
        select_targets(
            finished.dataset, config.model_copy(update={"phenotypes": asked})
        )


def test_check_lists_all_problems_at_once(inputs: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(inputs.parent, broken, ignore=shutil.ignore_patterns("run"))
    (broken / "graph.toml").write_text("nodes = 3\n")
    with (broken / "phenotypes.csv").open("a") as handle:
        handle.write("zz,,,bud_delay,tall\n")
    result = check_analysis(read_config(broken / "meristem.toml"))
    assert len(result.problems) == 2
    assert any("tall" in problem for problem in result.problems)
    assert "2 problem(s):" in result.lines()
    assert not (broken / "run").exists()


def test_check_of_good_inputs(config: AnalysisConfig) -> None:
    result = check_analysis(config)
    assert result.problems == ()
    assert result.lines()[-1] == "no problems found"
    assert json.dumps(result.to_json())


def test_estimates_count_every_split(
    finished: Analysis, config: AnalysisConfig
) -> None:
    dataset, plan = finished.dataset, finished.plan
    more = config.evaluate.model_copy(update={"replicates": 4})
    splits = make_splits(dataset, more, np.random.default_rng(0))
    four = estimate_run(config, dataset, plan, splits)
    one = estimate_run(config, dataset, plan, splits[:5])
    assert four.n_fit == 21
    assert one.n_fit == 6
    slow, fast = dict(four.model_seconds), dict(one.model_seconds)
    net = next(o for o in config.models if o.label == "net")
    final = cost(net, dataset, plan).seconds
    assert slow["net"] - final == pytest.approx(4 * (fast["net"] - final), rel=0.05)
    assert slow["explanation"] == fast["explanation"]
    assert four.seconds > one.seconds
    # training rows of half the number cost less
    half = [replace(s, train=s.train[::2]) for s in splits[:5]]
    small = dict(estimate_run(config, dataset, plan, tuple(half)).model_seconds)
    assert final < small["net"] < fast["net"]


def test_an_estimate_is_for_the_speed_of_the_machine(
    finished: Analysis, config: AnalysisConfig
) -> None:
    given = config, finished.dataset, finished.plan, outer_splits(finished)
    plain, slow = estimate_run(*given), estimate_run(*given, slowness=3.0)
    assert slow.seconds == pytest.approx(3 * plain.seconds)
    assert slow.memory_bytes == plain.memory_bytes
    found = check_analysis(config, slowness=3.0).estimate
    assert found is not None
    assert found.n_fit == slow.n_fit
    assert found.seconds == pytest.approx(slow.seconds, rel=0.05)


def test_fitted_models_are_kept(finished: Analysis) -> None:
    fitted = load_fitted(finished, "gblup")
    value = fitted.predict(finished.dataset.genotypes).value
    assert value.shape == (36, 1)
    assert np.isfinite(value).all()


def test_stages_stand_in_the_order_of_the_data() -> None:
    assert list(STAGES)[0] == "prepare"
    assert list(STAGES).index("fit") < list(STAGES).index("explain")


def test_input_files_are_hashed(config: AnalysisConfig) -> None:
    files = input_files(config)
    assert len({item.sha256 for item in files}) == len(files) >= 5
    assert replace(files[0], role="x").size == files[0].size
