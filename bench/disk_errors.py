#!/usr/bin/env python3
"""Lets the first, second, third ... system call of a small run fail as a broken or full disk would.

  bench/disk_errors.py [--step 4] [--seed 1] [--dirigent target/release/dirigent]

Each point is one call about the home, and an error that it can have: EIO or ENOSPC. From then on
every such call about the same file fails too, as on a real disk, until the process has ended.

- The journal's files: the process ends with exit code 74 within a second, says why, and prints no
  result. Where SQLite can do without the call, such as removing a log that is empty, the run may
  end as a calm one does.
- All other files: the process ends by itself, without a crash, and says why if it fails.

Then the disk is well: the same command ends the run, and what must hold is checked (run_lab.py).
Long form: --step 1.
"""

import errno
import json
import random
import sys
import time
from collections import Counter

import tracer
from run_lab import DEGRADED, DISK_ERROR, SMALL, Lab, Violation, arguments, report

END_S = 1.0
# Codes that a process may end with if a file of its own fails, but not the journal.
ORDERLY = (0, 1, 2, DEGRADED, DISK_ERROR)


class Failing(tracer.At):
    """Lets a call fail, and all further calls about the same file that can fail the same way."""

    def enter(self, call):
        what = super().enter(call)
        again = self.hit is not None and call.path == self.hit.path and call.name == self.hit.name
        return self.what if again else what


def main():
    options = arguments(__doc__, step=4).parse_args()
    chance, lab = random.Random(options.seed), Lab(options.dirigent, SMALL)
    began, slowest = time.monotonic(), 0.0
    lab.take_calm()
    outcomes, violations, points, point = Counter(), [], 0, chance.randint(1, options.step)
    while True:
        error = chance.choice((errno.EIO, errno.ENOSPC))
        home = lab.home(f"point-{point}")
        try:
            watcher, code, said, took = fail_at(home, point, error)
            if watcher.hit is None:
                break
            points += 1
            outcomes[judge(watcher.hit, error, code, said, took)] += 1
            slowest = max(slowest, took if code == DISK_ERROR else 0)
            if watcher.hit.path.endswith("control/halt"):
                # It counts as a request to halt, which only a person lifts.
                home.ask("halt", "--resume")
            home.finish()
            home.check()
            home.clear()
        except Violation as violation:
            violations.append(f"{errno.errorcode[error]} at call {point}, {watcher.hit}: {violation}")
        point += options.step
    if not violations:
        lab.remove()
    figures = {"points": points, "outcomes": outcomes, "slowest_end_s": round(slowest, 3),
               "seconds": round(time.monotonic() - began, 1), "seed": options.seed}
    if not any("journal: ended" in outcome for outcome in outcomes):
        violations.append("no error of the journal ended the process")
    return report(figures, violations)


def fail_at(home, count, error):
    """The watcher, the exit code, what was printed, and how long the process lived after the error."""
    watcher = Failing(home.root, count, error)
    out, complaints = (home.lab.folder / name for name in ("out", "complaints"))
    with open(out, "w") as stdout, open(complaints, "w") as stderr:
        process = tracer.run(home.run_command(), watcher, env=home.environment(),
                             stdout=stdout, stderr=stderr)
    took = time.monotonic() - (watcher.hit_at or time.monotonic())
    return watcher, process.returncode, (out.read_text(), complaints.read_text()), took


def judge(call, error, code, said, took):
    """What became of the process; raises a Violation if that may not be."""
    out, complaint = said
    words = {errno.EIO: ("Input/output error", "disk I/O error", "unable to open"),
             errno.ENOSPC: ("No space left", "disk is full", "disk I/O error", "unable to open")}
    is_journal = call.path.rsplit("/", 1)[-1].startswith("dirigent.db")
    if is_journal and code == DISK_ERROR:
        if took > END_S:
            raise Violation(f"lived for {took:.2f} s after the error")
        if not any(word in complaint for word in words[error]):
            raise Violation(f"does not say why: {complaint}")
        if out and "error" not in json.loads(out):
            raise Violation(f"acknowledged after the error: {out}")
        return f"journal: ended, {call}"
    if is_journal and code == DEGRADED and json.loads(out)["digest"]:
        return f"journal: done without, {call}"
    if code not in ORDERLY or is_journal:
        raise Violation(f"ended with {code}: {complaint}")
    # The run is interrupted if it cannot be read whether it is to halt.
    told = "interrupted" if call.path.endswith("control/halt") else "error"
    if code != DEGRADED and told not in complaint and "error" not in complaint:
        raise Violation(f"ended with {code} and did not say why: {complaint}")
    return f"other files: ended with {code}"


if __name__ == "__main__":
    sys.exit(main())
