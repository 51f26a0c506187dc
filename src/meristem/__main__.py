"""`python -m meristem` is the command line."""

from meristem.cli.main import main

if __name__ == "__main__":
    main()
