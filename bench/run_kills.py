#!/usr/bin/env python3
"""Kills `dirigent` at random moments of a run of four phases, starts it again, and compares.

  bench/run_kills.py [--kills 300] [--seed 1] [--dirigent target/release/dirigent]

A lap is one run in a home of its own: start, SIGKILL after a log-uniform time from 1 ms to that of
a calm run, start again with another number of workers, and so on to its end. So every kill after
the first of a lap hits a resumption. After each kill the home is read as it was left. What must
hold is in run_lab.py. Only processes that a signal ended count as killed. Long form: --kills 2000.
"""

import math
import random
import signal
import subprocess
import sys
import time
from collections import Counter

from run_lab import KEY, Lab, Violation, arguments, report

UNKNOWN_RUN = 2
KILLS_PER_LAP_MAX = 40


def main():
    options = arguments(__doc__, kills=300).parse_args()
    chance, lab = random.Random(options.seed), Lab(options.dirigent)
    began = time.monotonic()
    calm = lab.take_calm()
    calm_s = time.monotonic() - began
    moments, violations, laps, attempts = Counter(), [], 0, 0
    while moments.total() < options.kills and not violations:
        home = lab.home(f"lap-{laps}")
        try:
            kills = play_lap(home, chance, calm_s, options.kills - moments.total(), moments)
            attempts = max(attempts, home.ask("show", KEY)[1]["attempt"])
        except Violation as violation:
            violations.append(f"lap {laps}: {violation}")
            break
        laps += 1
        home.clear()
    wanted = ("before it existed", "in gather", "in fan", "in simulate", "in settle")
    if not violations and options.kills >= 300 and not all(moments[moment] for moment in wanted):
        violations.append("some moments were never hit")
    figures = {"kills": moments.total(), "laps": laps, "attempts_max": attempts, "hit": moments,
               "calm_s": round(calm_s, 3), "seconds": round(time.monotonic() - began, 1),
               "seed": options.seed}
    if not violations:
        lab.remove()
    return report(figures, violations)


def play_lap(home, chance, calm_s, kills_max, moments):
    """One run from its start to its end; counts the moments at which it was killed."""
    for _ in range(min(kills_max, KILLS_PER_LAP_MAX)):
        if not kill_once(home, chance, calm_s):
            break
        moments[moment(home)] += 1
    home.finish("--workers", chance.choice("128"))
    home.check()


def kill_once(home, chance, calm_s):
    """Whether the process was killed, and did not end before."""
    process = home.start(home.run_command("--workers", chance.choice("128")))
    try:
        process.communicate(timeout=math.exp(chance.uniform(math.log(0.001), math.log(calm_s))))
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode == -signal.SIGKILL


def moment(home):
    """Where the run was killed, by what its home tells when nobody works in it."""
    code, shown, complaint = home.ask("show", KEY)
    if code == UNKNOWN_RUN:
        return "before it existed"
    if code:
        raise Violation(f"a killed home cannot be read: {complaint}")
    phases = [phase["name"] for phase in shown["phases"] if phase["status"] != "completed"]
    return "after its end" if shown["digest"] else f"in {phases[0]}" if phases else "between phases"


if __name__ == "__main__":
    sys.exit(main())
