#!/usr/bin/env python3
"""Makes homes as a release leaves them, for the tests of the releases after it.

  bench/old_journals.py --dirigent PROGRAM --out crates/dirigent/tests/data/journals/VERSION

`settled` holds a run that completed, one that failed, one that was interrupted and one that was
cancelled, and nothing in its log; `killed` one run whose process was killed, with its log as it
was. The correlation ids say which is which. `expected.json` holds what that release says of each,
and the digest of a run that nobody disturbed.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import tracer

# The homes, and the runs in them by their correlation ids.
HOMES = {"settled": ["completed", "failed", "interrupted", "cancelled"], "killed": ["killed"]}
WORKFLOW = """name: old
workflow: {type: backtest}
data: {source: synthetic, symbols: [AAA, BBB], timeframe: 1d, synthetic: {bars: 120}}
strategy: {type: sma_crossover, params: {fast: 3, slow: 8}}
portfolio: {sizing: {type: percent_equity, percent: 40}}
"""
BROKEN = """name: broken
workflow: {type: backtest}
data: {path: broken.csv}
strategy: {type: buy_and_hold}
"""
PRICES = "date,open,high,low,close,volume\n2024-01-02,10,9,11,10,1000\n2024-01-03,10,11,9,10,1000\n"


class Signalling(tracer.Watcher):
    """Sends a signal to the process at a sync of its journal's log."""

    def __init__(self, folder, count, number):
        super().__init__(folder)
        self.left, self.number = count, number

    def enter(self, call):
        self.left -= call.name == "fdatasync" and call.path.endswith("-wal")
        if self.left == 0:
            self.left = -1
            if self.number == signal.SIGKILL:
                return tracer.KILL
            os.kill(call.thread, self.number)
        return None


class Maker:
    def __init__(self, program, folder, out):
        self.program, self.folder, self.out = os.path.abspath(program), Path(folder), Path(out)
        (self.folder / "old.yaml").write_text(WORKFLOW)
        (self.folder / "broken.yaml").write_text(BROKEN)
        (self.folder / "broken.csv").write_text(PRICES)

    def command(self, home, *words):
        return [self.program, "--home", str(self.folder / home), "--output", "json", *words]

    def run(self, home, *words):
        done = subprocess.run(self.command(home, *words), capture_output=True, text=True)
        return json.loads(done.stdout)

    def words(self, key, file="old.yaml"):
        return ["run", str(self.folder / file), "--correlation-id", key]

    def disturb(self, home, words, number, count):
        """Ends a command with a signal at a sync of the log."""
        watcher = Signalling(self.folder / home, count, number)
        process = tracer.run(self.command(home, *words), watcher, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        if process.returncode == 0:
            sys.exit(f"{words} ended before it was disturbed")

    def make(self):
        calm = self.run("settled", *self.words("completed"))["digest"]
        self.run("settled", *self.words("failed", "broken.yaml"))
        self.disturb("settled", self.words("interrupted"), signal.SIGTERM, 6)
        self.disturb("settled", self.words("cancelled"), signal.SIGTERM, 4)
        self.run("settled", "cancel", "cancelled")
        # Taken up again before it is killed: so its log is short, and it has a history.
        self.disturb("killed", self.words("killed"), signal.SIGTERM, 6)
        self.disturb("killed", ["resume", "killed"], signal.SIGKILL, 3)
        expected = {"calm": calm, "runs": {}}
        for home, keys in HOMES.items():
            self.keep(home)
            expected["runs"][home] = {key: self.told(home, key) for key in keys}
        (self.out / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
        return expected

    def told(self, home, key):
        shown, events = self.run(home, "show", key), self.run(home, "events", key)
        return {"status": shown["status"], "digest": shown["digest"], "attempt": shown["attempt"],
                "events": len(events), "head": events[-1]["hash"]}

    def keep(self, home):
        """Copies what another process needs of a home."""
        kept = self.out / home
        shutil.copytree(self.folder / home, kept,
                        ignore=shutil.ignore_patterns("runs", "control", "*.lock", "*-shm", "tmp"))
        for log in kept.glob("*-wal"):
            if log.stat().st_size == 0:
                log.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dirigent", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    os.makedirs(options.out)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(Maker(options.dirigent, folder, options.out).make()))
    size = sum(path.stat().st_size for path in Path(options.out).rglob("*") if path.is_file())
    print(f"{size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
