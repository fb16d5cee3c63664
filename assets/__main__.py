"""`python -m assets`: hands over to the command line."""

import sys

from assets.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
