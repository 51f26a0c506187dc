"""The analysis configuration."""

from meristem.config.read import read_config
from meristem.config.stages import AnalysisConfig

__all__ = ["AnalysisConfig", "read_config"]
