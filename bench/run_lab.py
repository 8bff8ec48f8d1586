"""What the tests of whole runs under fire share: the program, homes for it, and what must hold.

The run is `four-phases.yaml`. What holds after any number of kills, errors and power cuts:

- it ends, with the digest and the exit code of a calm run;
- a task that completed was never started again, by the journal's own account;
- by the account of the commands themselves (the file `$EFFECTS`), each attempt was done once at
  most, none that the journal does not know of, and none after the one that completed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = ROOT / "bench" / "four-phases.yaml"
DEGRADED = 3  # its optional task fails
DISK_ERROR = 74
PATIENCE_S = 60
KEY = "under-fire"
# The same shape with few tasks, for tests that try every single call of it.
SMALL = ["--set", "workflow.phases.1.tasks.0.count=8", "--set", "workflow.phases.1.tasks.1.count=2",
         "--set", "data.start_date=2012-06-01"]


def arguments(doc, **numbers):
    """The options of a script: `--seed`, `--dirigent`, and these numbers with their defaults."""
    parser = argparse.ArgumentParser(description=doc,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {**numbers, "seed": 1}.items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=default)
    parser.add_argument("--dirigent", default=ROOT / "target" / "release" / "dirigent")
    return parser


class Violation(Exception):
    """Something that must hold did not."""


class Lab:
    """A temporary folder with homes, and the program that works in them."""

    def __init__(self, program, options=()):
        if not os.access(program, os.X_OK):
            sys.exit(f"no program at {program}; build it: cargo build --release -p dirigent-cli")
        self.folder, self.options = Path(tempfile.mkdtemp(prefix="dirigent-lab-")), list(options)
        (self.folder / "tmp").mkdir()
        # A copy, as the original may be built anew meanwhile.
        self.program = shutil.copy(program, self.folder / "dirigent")
        self.calm = None

    def remove(self):
        shutil.rmtree(self.folder)

    def home(self, name):
        return Home(self, self.folder / name)

    def take_calm(self):
        """Runs once undisturbed: the digest that all others must have."""
        home = self.home("calm")
        self.calm = home.finish()["digest"]
        home.check()
        return home


class Home:
    """One home, the file of effects beside it, and the one run in it."""

    def __init__(self, lab, root, effects=None):
        self.lab, self.root = lab, Path(root)
        self.effects = Path(effects or f"{self.root}.effects")

    def clear(self):
        shutil.rmtree(self.root, ignore_errors=True)
        self.effects.unlink(missing_ok=True)

    def environment(self, **more):
        return {**os.environ, "EFFECTS": str(self.effects), "TMPDIR": str(self.lab.folder / "tmp"),
                "RUST_BACKTRACE": "0", **more}

    def command(self, *words):
        return [self.lab.program, "--home", str(self.root), "--output", "json", *words]

    def run_words(self, *words):
        """What begins the run, or continues it where it is known."""
        return ["run", str(WORKFLOW), "--correlation-id", KEY, *self.lab.options, *words]

    def run_command(self, *words):
        return self.command(*self.run_words(*words))

    def start(self, command, **more):
        return subprocess.Popen(command, env=self.environment(), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **more)

    def ask(self, *words):
        """Exit code, document and complaint of a command."""
        done = subprocess.run(self.command(*words), env=self.environment(), capture_output=True,
                              text=True, timeout=PATIENCE_S)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    def finish(self, *words):
        """Brings the run to its end; its summary."""
        process = self.start(self.run_command(*words))
        try:
            out, complaint = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Violation(f"did not end within {PATIENCE_S} s; home {self.root}") from None
        if process.returncode != DEGRADED:
            raise Violation(f"ended with {process.returncode}, not {DEGRADED}: {complaint}")
        summary = json.loads(out)
        if self.lab.calm and summary["digest"] != self.lab.calm:
            raise Violation(f"digest {summary['digest']}, calm {self.lab.calm}; home {self.root}")
        return summary

    def events(self):
        code, events, complaint = self.ask("events", KEY)
        if code:
            raise Violation(f"`events` ended with {code}: {complaint}")
        return events

    def check(self):
        """Compares the journal with itself and with what was done; counts attempts of tasks."""
        started, completed = replay(self.events())
        lines = self.effects.read_text().splitlines() if self.effects.exists() else []
        done = Counter(tuple(line.split()[:2]) for line in lines)
        for (task, attempt), times in done.items():
            what = f"attempt {attempt} of `{task}` was done"
            if times > 1:
                raise Violation(f"{what} {times} times; home {self.root}")
            if int(attempt) not in started.get(task, ()):
                raise Violation(f"{what}, but is not recorded as started; home {self.root}")
            if int(attempt) > completed.get(task, int(attempt)):
                raise Violation(f"{what} after {completed[task]} completed; home {self.root}")
        for task, attempt in completed.items():
            if task.partition("/")[0] in EFFECTIVE and (task, str(attempt)) not in done:
                raise Violation(f"`{task}` completed but did nothing; home {self.root}")
        return Counter(task for task, _ in done)


# The entries of the plan that write to the file of effects, and do not fail.
EFFECTIVE = ("gather.fetch", "fan.work", "settle.books")


def replay(events):
    """Which attempts of each task were started, and which one completed.

    Raises a Violation if a completed task was started again, or the numbers have a gap."""
    started, completed = {}, {}
    for number, event in enumerate(events, 1):
        if event["seq"] != number:
            raise Violation(f"event {number} has the number {event['seq']}")
        payload = event["payload"]
        for task in tasks(payload["task"]) if "task" in payload else ():
            if event["type"] == "task_started":
                if task in completed:
                    raise Violation(f"`{task}` was started again by event {number}")
                started.setdefault(task, []).append(payload["attempt"])
            elif event["type"] == "task_completed":
                if task in completed:
                    raise Violation(f"`{task}` completed again by event {number}")
                completed[task] = payload["attempt"]
    return started, completed


def tasks(name):
    """The tasks that a name in the journal stands for: `fan/0-2,5` for four of them."""
    entry, _, instances = name.rpartition("/")
    if not entry:
        return [name]
    ends = (part.partition("-")[::2] for part in instances.split(","))
    return [f"{entry}/{n}" for first, last in ends for n in range(int(first), int(last or first) + 1)]


def report(figures, violations):
    """Prints one line of JSON; the exit code."""
    for violation in violations[:10]:
        print(f"violation: {violation}", file=sys.stderr)
    print(json.dumps({**figures, "violations": len(violations)}))
    return 1 if violations else 0
