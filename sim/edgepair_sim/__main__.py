"""`python -m edgepair_sim`."""

from __future__ import annotations

import sys

from edgepair_sim.main import main

if __name__ == "__main__":
    sys.exit(main())
