#!/usr/bin/env python3
"""Cuts the power under runs of four phases and lets them end afterwards.

  bench/run_powercut.py [--cuts 20] [--seed 1] [--dirigent target/release/dirigent]

The home is on a disk with a volatile cache (journal_lab.py says what that needs). While the run goes
on, `events --follow` prints what is in the journal; after the cut, every event that it had printed
must still be there, unchanged. Then the same command ends the run, with the digest of a calm one.
Cuts after the end of a run do not count. Long form: --cuts 200.
"""

import json
import random
import subprocess
import sys
import time

from journal_lab import Disk
from run_lab import DEGRADED, KEY, Home, Lab, Violation, arguments, report


def main():
    options = arguments(__doc__, cuts=20).parse_args()
    chance, lab, began = random.Random(options.seed), Lab(options.dirigent), time.monotonic()
    lab.take_calm()
    calm_s, cuts, seen, violations = time.monotonic() - began, 0, 0, []
    disk, turn = Disk(), 0
    try:
        while cuts < options.cuts:
            # The effects are told from elsewhere: they are not what is tested here.
            home, turn = Home(lab, disk.folder / f"home-{turn}", lab.folder / f"effects-{turn}"), turn + 1
            printed = cut_under(home, disk, chance, calm_s)
            if printed is None:
                continue
            cuts, seen = cuts + 1, seen + len(printed)
            if printed:
                compare(printed, home.events())
            home.finish()
            home.check()
            home.clear()
    except Violation as violation:
        violations.append(f"cut {cuts}: {violation}")
    finally:
        disk.remove()
    lab.remove()
    if not seen:
        violations.append("no event was seen before a cut")
    return report({"cuts": cuts, "events_seen": seen, "seconds": round(time.monotonic() - began, 1),
                   "seed": options.seed}, violations)


def cut_under(home, disk, chance, calm_s):
    """The events that were printed before the power was cut; nothing if the run had ended."""
    process = home.start(home.run_command())
    moment = time.monotonic() + chance.uniform(0, calm_s)
    said = home.lab.folder / "said"
    follower = None
    while time.monotonic() < moment and process.poll() is None:
        if follower is None and home.ask("show", KEY)[0] == 0:
            with open(said, "w") as out:
                follower = subprocess.Popen(home.command("events", KEY, "--follow"), stdout=out,
                                            stderr=subprocess.DEVNULL, env=home.environment())
        time.sleep(0.002)
    running = process.poll() is None
    disk.cut()
    printed = said.read_text().splitlines() if follower else []
    for one in filter(None, (process, follower)):
        one.kill()
        one.communicate()
    disk.power_off()
    disk.power_on()
    if not running and process.returncode != DEGRADED:
        raise Violation(f"ended with {process.returncode} before the cut")
    # The last line may be half of one.
    return [json.loads(line) for line in printed[:-1]] if running else None


def compare(printed, kept):
    """Raises a Violation if an event that was printed is not there as it was."""
    if printed != kept[:len(printed)]:
        raise Violation(f"{len(printed)} events were printed, {len(kept)} are kept")


if __name__ == "__main__":
    sys.exit(main())
