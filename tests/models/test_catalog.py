import subprocess
import sys

import pytest

from meristem.config.models import (
    AutoOptions,
    BINNOptions,
    CoreOptions,
    GBLUPOptions,
    MediatedOptions,
    RidgeOptions,
)
from meristem.errors import ConfigError
from meristem.models.catalog import (
    CATALOG,
    build,
    graph_networks,
    has_nodes,
    needs,
    reads_graph,
)
from meristem.models.linear.gblup import GBLUP


def test_build_hands_the_options_on():
    predictor = build(GBLUPOptions(variance="inner"))
    assert isinstance(predictor, GBLUP)
    assert predictor.options.variance == "inner"


def test_only_the_upper_reference_is_not_deployable():
    kinds = [kind for kind, row in CATALOG.items() if not row.needs.deployable]
    assert kinds == ["measured_omics"]


def test_needs_are_those_of_the_options():
    assert needs(CoreOptions()).omics
    assert needs(BINNOptions()).genes
    assert not needs(AutoOptions()).genes
    assert reads_graph(MediatedOptions(method="pathway_reml"))
    assert not reads_graph(MediatedOptions(method="goblup"))
    assert not reads_graph(GBLUPOptions())


def test_networks_are_those_with_a_graph_to_take_nodes_from():
    models = (GBLUPOptions(), BINNOptions(), AutoOptions(graph="learned"))
    found = graph_networks(models, knowledge=False)
    assert [options.label for options in found] == ["auto"]
    found = graph_networks((*models, CoreOptions()), knowledge=True)
    assert [options.label for options in found] == ["binn", "auto", "core"]
    assert not has_nodes(GBLUPOptions())


def test_models_without_a_network_do_not_import_torch():
    code = (
        "import sys; from meristem.models.catalog import build;"
        "from meristem.config import models as o;"
        "[build(m()) for m in (o.GBLUPOptions, o.RidgeOptions, o.KernelOptions,"
        "o.ForestOptions, o.MediatedOptions, o.WeightedGBLUPOptions)];"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_classical_models_do_not_import_scikit_learn():
    code = (
        "import sys; from meristem.models.catalog import build;"
        "from meristem.config import models as o;"
        "build(o.GBLUPOptions()); build(o.RidgeOptions());"
        "sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("options", [RidgeOptions(), BINNOptions()])
def test_a_network_gets_its_plan_and_others_do_not(options):
    predictor = build(options, None)
    assert hasattr(predictor, "plan") == (options.kind == "binn")


def test_unknown_kind_lists_the_known_ones():
    class Odd(GBLUPOptions):
        kind: str = "oracle"

    with pytest.raises(ConfigError, match="use one of: .*ridge"):
        build(Odd())
