#!/usr/bin/env python3
"""Runs four phases in all kinds of surroundings, calm and killed, and compares the digests.

  bench/determinism.py [--runs 24] [--seed 1] [--dirigent target/release/dirigent]

Each run draws: 1, 2 or 8 workers; one of the modes; calm, or killed up to three times; a copy of the
workflow and its data in another folder, with a home at a path of another length and script; a time
zone, a locale and a working folder. Every value is drawn before one is drawn again. The digest must
always be that of the first run. Long form: --runs 1000.
"""

import itertools
import random
import shutil
import subprocess
import sys
import time
from collections import Counter

from run_lab import ROOT, WORKFLOW, Home, Lab, Violation, arguments, report

CHOICES = {
    "workers": ["1", "2", "8"],
    "mode": ["traditional", "auto", "composable", "hybrid"],
    "kills": [0, 1, 3],
    "folder": ["w", "a folder with spaces", "Ordner-für-Läufe-数据", "deep/er/and/deeper"],
    "TZ": ["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham"],
    "LC_ALL": ["C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8"],
    "cwd": ["/", "/tmp", str(ROOT)],
}
KILL_MS = (5, 10, 20, 40, 80, 160)


class Elsewhere(Home):
    """A home in other surroundings, with a copy of the workflow and its data."""

    def __init__(self, lab, number, drawn):
        place = lab.folder / str(number) / drawn["folder"]
        super().__init__(lab, place / "home")
        self.place, self.drawn = place, drawn
        (place / "bench").mkdir(parents=True)
        data = place / "examples" / "data" / "daily"
        data.mkdir(parents=True)
        shutil.copy(WORKFLOW, place / "bench")
        shutil.copy(ROOT / "examples" / "data" / "daily" / "AAPL.csv", data)

    def environment(self, **more):
        return super().environment(TZ=self.drawn["TZ"], LC_ALL=self.drawn["LC_ALL"], **more)

    def run_words(self, *words):
        begin, _, *rest = super().run_words(*words)
        file = str(self.place / "bench" / WORKFLOW.name)
        return [begin, file, *rest, "--mode", self.drawn["mode"], "--workers", self.drawn["workers"]]

    def start(self, command, **more):
        return super().start(command, cwd=self.drawn["cwd"], **more)

    def kill(self, chance):
        """Whether the process was killed, and did not end before."""
        process = self.start(self.run_command())
        try:
            process.communicate(timeout=chance.choice(KILL_MS) / 1000)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return process.returncode < 0


def draws(chance):
    """Endless choices; each value of each kind comes before one of that kind comes again."""
    decks = {name: deck(values, chance) for name, values in CHOICES.items()}
    while True:
        yield {name: next(cards) for name, cards in decks.items()}


def deck(values, chance):
    while True:
        yield from chance.sample(values, len(values))


def main():
    options = arguments(__doc__, runs=24).parse_args()
    chance, lab, began = random.Random(options.seed), Lab(options.dirigent), time.monotonic()
    lab.take_calm()
    used, kills, violations = Counter(), 0, []
    for number, drawn in enumerate(itertools.islice(draws(chance), options.runs)):
        home = Elsewhere(lab, number, drawn)
        try:
            kills += sum(home.kill(chance) for _ in range(drawn["kills"]))
            home.finish()
            home.check()
        except Violation as violation:
            violations.append(f"{drawn}: {violation}")
        used.update(f"{name}={value}" for name, value in drawn.items() if name != "cwd")
        shutil.rmtree(lab.folder / str(number))
    if not kills:
        violations.append("no run was killed")
    lab.remove()
    return report({"runs": options.runs, "kills": kills, "digest": lab.calm[:12], "used": used,
                   "seconds": round(time.monotonic() - began, 1), "seed": options.seed}, violations)


if __name__ == "__main__":
    sys.exit(main())
