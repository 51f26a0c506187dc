"""The command line, for tests of commands."""

from tests.calls import call, demo

__all__ = ["call", "demo"]
