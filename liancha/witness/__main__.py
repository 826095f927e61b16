"""python -m liancha.witness: the same as `liancha witness`, with nothing of the site installed."""

import sys

from .command import main

sys.exit(main(sys.argv[1:]))
