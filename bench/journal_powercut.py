#!/usr/bin/env python3
"""Cuts the power under the journal's writer and counts acknowledged events that are gone.

journal_powercut.py [--cuts 30] [--seed 1] [--no-sync]. Exits with 1 if one was lost or the journal
did not open. With --no-sync the writer does not wait for the disk: then events must be lost, or the
test would prove nothing, so it exits with 1 if none was. Needs what journal_lab.py says.
"""

import argparse
import random
import sys
import time

from journal_lab import Disk, Ledger, Torture, build


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-sync", action="store_true")
    arguments = parser.parse_args()
    options = ["--no-sync"] if arguments.no_sync else []
    program, chance, ledger = build(), random.Random(arguments.seed), Ledger()
    refused, disk = 0, Disk()
    try:
        db = disk.folder / "j.db"
        for cut in range(arguments.cuts + 1):
            torture = Torture(program, db, *options)
            if torture.wait_opened():
                ledger.compare(torture.kept)
                time.sleep(chance.uniform(0.05, 0.8))
            else:
                refused += 1
                print(f"cut {cut}: {torture.error()}", file=sys.stderr)
            # Either the program dies first, or it sees the disk go.
            if chance.random() < 0.5:
                torture.kill()
                disk.power_off()
            else:
                disk.power_off()
                torture.kill()
            ledger.note(torture)
            disk.power_on()
            if torture.opened is None:
                for path in disk.folder.glob("j.db*"):
                    path.unlink()
                ledger.forget()
    finally:
        disk.remove()
    print(f"power cuts {arguments.cuts} (seed {arguments.seed}{', no sync' * arguments.no_sync}): "
          f"acknowledged {ledger.total}, lost {ledger.lost} in {ledger.rounds_with_loss} cuts, "
          f"journal refused to open {refused}")
    if arguments.no_sync:
        return 0 if ledger.lost else 1
    return 1 if ledger.lost or refused else 0


if __name__ == "__main__":
    sys.exit(main())
