#!/usr/bin/env python3
"""Fills the disk under a run of four phases, looks at what is said, makes room and lets it end.

  bench/disk_full.py [--rounds 12] [--seed 1] [--dirigent target/release/dirigent]

The home is on a small memory disk. First a run must be refused where the reserve is not free. Then,
in each round, something else takes all that is free at a random moment of a run: the process ends
by itself and says that the disk is full, the home can still be read or it is said what to do, and
the same command again says the same. After that there is room, and the same command ends the run; what must hold is
checked (run_lab.py). Rounds in which the run was faster do not count. Needs root. Long form:
--rounds 200.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter

from run_lab import DEGRADED, DISK_ERROR, KEY, Home, Lab, Violation, arguments, report

SIZE_MIB = 72
RESERVE_MIB = 64
FAILED = 1
WORDS = ("No space left", "disk is full", "hint: free some space")


class MemoryDisk:
    """A disk of its own, and what takes all its room."""

    def __init__(self, place):
        self.place, self.ballast = place, place / "ballast"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", place], check=True)

    def fill(self, leave_mib=0):
        free = os.statvfs(self.place)
        size = free.f_bavail * free.f_frsize - leave_mib * 1024 * 1024
        with open(self.ballast, "wb") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError:  # the run took some of it meanwhile
                self.take_rest(file)

    @staticmethod
    def take_rest(file):
        os.lseek(file.fileno(), 0, os.SEEK_END)
        for piece in (1 << 20, 4096):
            try:
                while True:
                    os.write(file.fileno(), bytes(piece))
            except OSError:
                pass

    def make_room(self):
        self.ballast.unlink()

    def remove(self):
        subprocess.run(["umount", self.place], check=True)


def main():
    options = arguments(__doc__, rounds=12).parse_args()
    chance, lab, began = random.Random(options.seed), Lab(options.dirigent), time.monotonic()
    lab.take_calm()
    calm_s, outcomes, violations = time.monotonic() - began, Counter(), []
    disk = MemoryDisk(lab.folder / "disk")
    try:
        refuse(lab, disk)
        while outcomes.total() < options.rounds:
            home = Home(lab, disk.place / "home", lab.folder / "effects")
            outcome = play(home, disk, chance.uniform(0, calm_s))
            if outcome:
                outcomes[outcome] += 1
    except Violation as violation:
        violations.append(violation)
    finally:
        disk.remove()
    lab.remove()
    return report({"rounds": outcomes.total(), "outcomes": outcomes,
                   "seconds": round(time.monotonic() - began, 1), "seed": options.seed}, violations)


def refuse(lab, disk):
    """Where less than the reserve is free, no run begins, and the home stays usable."""
    home = Home(lab, disk.place / "home", lab.folder / "effects")
    disk.fill(leave_mib=RESERVE_MIB - 1)
    code, _, complaint = home.ask(*home.run_words())
    if code in (0, DEGRADED) or "hint: free some space" not in complaint:
        raise Violation(f"a run began on a disk that is nearly full: {code} {complaint}")
    disk.make_room()
    home.finish()
    home.check()
    home.clear()


def play(home, disk, moment_s):
    """How the run ended on the full disk; nothing if it was faster."""
    process = home.start(home.run_command())
    try:
        process.communicate(timeout=moment_s)
    except subprocess.TimeoutExpired:
        disk.fill()
    _, complaint = process.communicate()
    outcome = None
    if process.returncode != DEGRADED:
        outcome = said(process.returncode, complaint)
        code, _, again = home.ask(*home.run_words())
        said(code, again)
        code, _, complaint = home.ask("show", KEY)
        # Even a reader may need some room, for the index of the log.
        if code and not any(word in complaint for word in ("free some space", "no runs", "no run")):
            raise Violation(f"a full home cannot be read: {code} {complaint}")
    if disk.ballast.exists():
        disk.make_room()
    home.finish()
    home.check()
    home.clear()
    return outcome


def said(code, complaint):
    """The outcome, if the process may end so on a full disk and said why."""
    if code not in (FAILED, 2, DISK_ERROR) or not any(word in complaint for word in WORDS):
        raise Violation(f"ended with {code} and said: {complaint}")
    return f"ended with {code}"


if __name__ == "__main__":
    sys.exit(main())
