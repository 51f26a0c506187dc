"""Read drawings back."""

from tests.report.conftest import parse_svg

__all__ = ["parse_svg"]
