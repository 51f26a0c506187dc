import subprocess
import sys

import pytest

from meristem.config.models import BINNOptions, GBLUPOptions, RidgeOptions
from meristem.errors import ConfigError
from meristem.models.catalog import CATALOG, build, is_deployable
from meristem.models.linear.gblup import GBLUP


def test_build_hands_the_options_on():
    predictor = build(GBLUPOptions(variance="inner"))
    assert isinstance(predictor, GBLUP)
    assert predictor.options.variance == "inner"


def test_only_the_upper_reference_is_not_deployable():
    assert [kind for kind in CATALOG if not is_deployable(kind)] == ["measured_omics"]


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
