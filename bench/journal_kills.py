#!/usr/bin/env python3
"""Kills the journal's writer at random moments and counts acknowledged events that are gone.

journal_kills.py [--kills 500] [--seed 1]. Exits with 1 if one was lost or the journal did not open.
Every fifth kill comes within the first 10 ms, while the journal is made, opened or verified. Every
50 kills a new journal is begun, because each start verifies all of it.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from journal_lab import Ledger, Torture, build

KILLS_PER_JOURNAL = 50


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    program, chance, ledger = build(), random.Random(arguments.seed), Ledger()
    early = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        for kill in range(arguments.kills):
            number, turn = divmod(kill, KILLS_PER_JOURNAL)
            if turn == 0:
                ledger.acknowledged = {}
            torture = Torture(program, Path(folder) / f"{number}.db")
            if turn % 5 == 0:
                time.sleep(chance.uniform(0, 0.01))
            elif torture.wait_opened():
                time.sleep(chance.uniform(0, 0.15))
            torture.kill()
            if torture.opened is None and torture.error():
                refused += 1
                print(f"kill {kill}: {torture.error()}", file=sys.stderr)
            elif torture.opened is None:
                early += 1
            else:
                ledger.compare(torture.kept)
            ledger.note(torture)
            if turn == KILLS_PER_JOURNAL - 1 or kill == arguments.kills - 1:
                last = Torture(program, Path(folder) / f"{number}.db")
                refused += not last.wait_opened()
                ledger.compare(last.kept)
                last.kill()
    print(f"kills {arguments.kills} (seed {arguments.seed}), {early} of them before it was open: "
          f"acknowledged {ledger.total}, lost {ledger.lost}, journal refused to open {refused}")
    return 1 if ledger.lost or refused else 0


if __name__ == "__main__":
    sys.exit(main())
