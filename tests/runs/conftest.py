"""The command line, for tests of runs on a cluster."""

from tests.calls import call, demo

__all__ = ["call", "demo"]
