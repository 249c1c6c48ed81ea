"""``python -m justfit``: the command ``justfit`` by the Python that runs it, wherever that is."""

from justfit.cli import main

if __name__ == "__main__":
    main()
