#!/usr/bin/env python3
"""Kills a small run of four phases at its first, second, third ... system call that changes a file.

  bench/kill_points.py [--step 4] [--double] [--seed 1] [--dirigent target/release/dirigent]

Calls are those about the home: opening, writing, syncing, truncating, renaming, linking, removing.
The kill comes before the call takes effect. Then the same command ends the run, and what must hold
is checked (run_lab.py). `--double` kills that resumption as well, at a random one of its calls, and
resumes once more. Long form: --step 1 --double.
"""

import random
import signal
import subprocess
import sys
import time
from collections import Counter

import tracer
from run_lab import SMALL, Lab, Violation, arguments, report


def main():
    parser = arguments(__doc__, step=4)
    parser.add_argument("--double", action="store_true")
    options = parser.parse_args()
    chance, lab = random.Random(options.seed), Lab(options.dirigent, SMALL)
    began = time.monotonic()
    lab.take_calm()
    hit, again, violations, point = Counter(), 0, [], 1
    last = 0
    while not violations:
        home = lab.home(f"point-{point}")
        try:
            call, _ = kill_at(home, point)
            if call is None:
                break
            hit[kind(call)] += 1
            if options.double:
                # A resumption makes fewer calls the later it begins, so most draws are low.
                second, _ = kill_at(home, int(chance.paretovariate(0.4)))
                again += second is not None
            home.finish()
            home.check()
            home.clear()
        except Violation as violation:
            violations.append(f"killed at call {point} ({call}): {violation}")
        last, point = point, point + options.step
    if not violations:
        lab.remove()
    return report({"points": hit.total(), "last": last, "killed_again": again, "hit": hit,
                   "seconds": round(time.monotonic() - began, 1), "seed": options.seed}, violations)


def kill_at(home, count):
    """The call at which the process was killed, and how many there were; no call if it ended."""
    watcher = tracer.At(home.root, count, tracer.KILL)
    process = tracer.run(home.run_command(), watcher, env=home.environment(),
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    killed = process.returncode == -signal.SIGKILL
    if killed != (watcher.hit is not None):
        raise Violation(f"ended with {process.returncode}, hit {watcher.hit}")
    return watcher.hit, watcher.seen


def kind(call):
    """What is counted as one kind of point."""
    name = call.path.rsplit("/", 1)[-1]
    of = name if name.startswith("dirigent.db") else "other files"
    return f"{call.name} {of}"


if __name__ == "__main__":
    sys.exit(main())
