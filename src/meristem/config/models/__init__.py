"""Options of every model, one frozen class each, chosen by `kind`."""

from meristem.config.models.annotated import AnnotatedOptions
from meristem.config.models.base import (
    Count,
    Label,
    ModelOptions,
    Positive,
    Rate,
    Share,
    Width,
    Widths,
)
from meristem.config.models.known_scores import KnownScoreOptions
from meristem.config.models.linear import (
    CombiningOptions,
    DominanceOptions,
    ElasticNetOptions,
    GBLUPOptions,
    KernelAverageOptions,
    KernelOptions,
    PriorOptions,
    RidgeOptions,
    WeightedGBLUPOptions,
)
from meristem.config.models.networks import CNNOptions, DenseOptions, NetworkOptions
from meristem.config.models.plans import (
    AutoOptions,
    BINNOptions,
    CoreOptions,
    FeatureBLUPOptions,
    GraphNetworkOptions,
    LearnOptions,
    LinearPlanOptions,
    MeasuredOmicsOptions,
    MediatedOptions,
    PlanOptions,
    TrainedNetworkOptions,
)
from meristem.config.models.reactions import ReactionOptions
from meristem.config.models.stack import (
    AnyModelOptions,
    SingleModelOptions,
    StackOptions,
)
from meristem.config.models.trees import BoostingOptions, ForestOptions
from meristem.config.models.trials import (
    BayesOptions,
    KernelName,
    KernelsOptions,
    MultiTraitOptions,
    TrialOptions,
)

__all__ = [
    "AnnotatedOptions",
    "AnyModelOptions",
    "AutoOptions",
    "BINNOptions",
    "BayesOptions",
    "BoostingOptions",
    "CNNOptions",
    "CombiningOptions",
    "CoreOptions",
    "Count",
    "DenseOptions",
    "DominanceOptions",
    "ElasticNetOptions",
    "FeatureBLUPOptions",
    "ForestOptions",
    "GBLUPOptions",
    "GraphNetworkOptions",
    "KernelAverageOptions",
    "KernelName",
    "KernelOptions",
    "KnownScoreOptions",
    "KernelsOptions",
    "Label",
    "LearnOptions",
    "LinearPlanOptions",
    "MeasuredOmicsOptions",
    "MediatedOptions",
    "ModelOptions",
    "MultiTraitOptions",
    "NetworkOptions",
    "PlanOptions",
    "Positive",
    "PriorOptions",
    "Rate",
    "ReactionOptions",
    "RidgeOptions",
    "Share",
    "SingleModelOptions",
    "StackOptions",
    "TrainedNetworkOptions",
    "TrialOptions",
    "WeightedGBLUPOptions",
    "Width",
    "Widths",
]
