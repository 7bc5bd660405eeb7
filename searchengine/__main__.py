"""`python -m searchengine` is `searchengine`."""

from searchengine.cli import main

if __name__ == "__main__":
    main(prog_name="searchengine")
