"""The analysis configuration: one frozen class per stage, read from one TOML file."""

from meristem.config.run import MOST_JOBS, RunConfig
from meristem.config.stages.analysis import AnalysisConfig
from meristem.config.stages.data import (
    CovariateConfig,
    EnvironmentConfig,
    FilterConfig,
    GenotypeConfig,
    GroupConfig,
    IdRule,
    OmicsConfig,
    PhenotypeConfig,
)
from meristem.config.stages.knowledge import (
    AssignConfig,
    KnowledgeConfig,
    NetworkFileConfig,
    PruneConfig,
)
from meristem.config.stages.questions import (
    EvaluateConfig,
    ExplainConfig,
    PredictConfig,
    PriorConfig,
)
from meristem.config.stages.represent import RepresentConfig, StackConfig

__all__ = [
    "AnalysisConfig",
    "AssignConfig",
    "CovariateConfig",
    "EnvironmentConfig",
    "EvaluateConfig",
    "ExplainConfig",
    "FilterConfig",
    "GenotypeConfig",
    "GroupConfig",
    "IdRule",
    "KnowledgeConfig",
    "MOST_JOBS",
    "NetworkFileConfig",
    "OmicsConfig",
    "PhenotypeConfig",
    "PredictConfig",
    "PriorConfig",
    "PruneConfig",
    "RepresentConfig",
    "RunConfig",
    "StackConfig",
]
