#!/usr/bin/env python3
"""Lets the disk fail for a moment under the journal's writer, then cuts the power.

journal_diskerror.py [--rounds 6] [--seed 1]. In each round, on a new disk: the writer appends, all
writes to the disk fail, the disk is well again, the writer is started anew and appends more, the
power is cut, and the writer is started once more. Exits with 1 unless the writer ended with its own
code at the error, and every event acknowledged before and after it is there in the end.

Every other error lasts until the writer has ended, which makes ext4 read-only: the journal then
opens only after the power cut. The others last some milliseconds, as short as they can be noticed:
the file system goes on, and is the one that may lie about what it stored.
"""

import argparse
import random
import sys
import time

from journal_lab import DISK_ERROR, Disk, Ledger, Torture, build


def fail(disk, torture, chance, brief):
    """Makes writes fail until the writer ends; its exit code."""
    while torture.process.poll() is None:
        disk.fail_writes(True)
        if brief:
            time.sleep(chance.uniform(0.001, 0.02))
            disk.fail_writes(False)
            torture.wait_end(0.5)
        else:
            torture.end()
    code = torture.end()
    disk.fail_writes(False)
    return code


def play_round(program, chance, ledger, brief):
    """One round; the problems that were seen."""
    problems, disk = [], Disk()
    try:
        db = disk.folder / "j.db"
        first = Torture(program, db)
        # After some thousand events the write-ahead log is written over instead of growing; only
        # then does a brief error leave the file system's own journal alone.
        first.wait_count(chance.randint(4000, 8000) if brief else chance.randint(50, 2000))
        code = fail(disk, first, chance, brief)
        before = first.count
        ledger.note(first)
        if code != DISK_ERROR:
            problems.append(f"ended with {code}, not {DISK_ERROR}")

        second = Torture(program, db)
        if second.wait_opened():
            if ledger.compare(second.kept):
                problems.append("lost events at the error")
            second.wait_count(chance.randint(50, 500))
        second.kill()
        ledger.note(second)
        disk.power_off()
        disk.power_on()

        third = Torture(program, db)
        if not third.wait_opened():
            problems.append(f"does not open after the power cut: {third.error()}")
            ledger.forget()
        elif ledger.compare(third.kept):
            problems.append("lost events after the error")
        third.kill()
        print(f"  {'brief' if brief else 'long'}: {before} acknowledged, error ({first.error()}), then "
              f"{second.opened or second.error()}, {second.count} acknowledged, power cut, "
              f"then {third.opened}: {'; '.join(problems) or 'nothing lost'}")
    finally:
        disk.remove()
    ledger.acknowledged = {}
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    program, chance, ledger = build(), random.Random(arguments.seed), Ledger()
    bad = sum(bool(play_round(program, chance, ledger, brief=number % 2 == 0))
              for number in range(arguments.rounds))
    print(f"disk errors {arguments.rounds} (seed {arguments.seed}): acknowledged {ledger.total}, "
          f"lost {ledger.lost}, rounds with a problem {bad}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
