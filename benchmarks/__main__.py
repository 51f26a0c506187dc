"""`python -m benchmarks accuracy NAME ... | speed [NAME ...]`."""

from __future__ import annotations

import sys


def main() -> int:
    """Hand the words to the accuracy experiments or to the speed comparisons."""
    kind, *words = sys.argv[1:] or ["help"]
    if kind == "accuracy":
        from benchmarks.accuracy.cells import PROGRAM
        from benchmarks.accuracy.commands import app
        from meristem.cli.main import main as call

        sys.argv = [PROGRAM, *words]
        call(app)
        return 0
    if kind == "speed":
        from benchmarks.speed.run import run

        return run(words)
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
