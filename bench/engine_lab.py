"""Dirigent's side of `engine.py`: the engine alone, the whole program, and what is read of a process."""

import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from run_lab import tasks

STAGES, NAP_S = (6, 10, 10, 4), 0.05
CRITICAL_S = NAP_S * len(STAGES)
PATIENCE_S = 120
QUIET_S = 1
KEY = "bench"


def workflow(lines, **orchestration):
    """The text of a workflow file with these tasks."""
    settings = f"orchestration: {json.dumps(orchestration)}\n" if orchestration else ""
    return "workflow: {type: tasks}\n" + settings + "tasks:\n" + "".join(f"- {{{line}}}\n" for line in lines)


def command(name, argv, more=""):
    return f"name: {name}, kind: command, with: {{argv: {json.dumps(argv)}, output: none}}{more}"


def wide(count):
    return workflow([f"name: fan, kind: noop, count: {count}"])


def fan(count):
    return wide(count) + "- {name: join, kind: noop, needs: [fan]}\n"


def listed(count):
    return workflow([f"name: t{number}, kind: noop" for number in range(count)])


def chain(count):
    needs = lambda number: f", needs: [t{number - 1}]" if number else ""
    return workflow([f"name: t{number}, kind: noop{needs(number)}" for number in range(count)])


def day():
    """The trading day of `peers/shape.py`; each task is a program that sleeps."""
    lines = []
    for stage, size in enumerate(STAGES):
        before = STAGES[stage - 1]
        for number in range(size):
            others = range(before) if stage == 3 else sorted({number % before, (number + 1) % before})
            needs = ", ".join(f"s{stage - 1}t{other}" for other in others) if stage else ""
            lines.append(command(f"s{stage}t{number}", ["sleep", str(NAP_S)], f", needs: [{needs}]"))
    return workflow(lines, max_concurrent_tasks=16)


def hanging(more=""):
    return command("hang", ["sleep", "600"], f", timeout: 3600{more}")


def published(count):
    """So many tasks that publish an event, then one that hangs."""
    say = f"name: say, kind: publish, count: {count}, with: {{event: signal.generated, payload: {{symbol: IBM}}}}"
    return workflow([say, hanging(", needs: [say]")])


def retrying(count):
    """So many tasks that fail at once, and are tried again in ten minutes."""
    return workflow([command("wait", ["false"], f", count: {count}, max_retries: 1")],
                    retry_base_delay=600, retry_max_delay=600)


def sleeping(count):
    """So many programs that run side by side."""
    return workflow([command("sleep", ["sleep", "600"], f", count: {count}, timeout: 3600")],
                    max_concurrent_tasks=count)


def engine(program, folder, rounds):
    """What `engine_speed` says of each case: {(case, durable): line}."""
    done = subprocess.run([program, folder, str(rounds)], check=True, capture_output=True, text=True)
    lines = map(json.loads, done.stdout.splitlines())
    return {(line["case"], line["journal"] != "memory"): line for line in lines}


def sync_ms(folder, count=200):
    """What the disk takes for 4 KiB in place and their sync: the limit of a chain."""
    path, took = Path(folder) / "sync", []
    with open(path, "wb", buffering=0) as file:
        file.write(bytes(4096))
        for _ in range(count):
            begun = time.perf_counter()
            os.pwrite(file.fileno(), bytes(4096), 0)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    path.unlink()
    return statistics.median(took) * 1e3


def busy_share(seconds):
    """How much of the processors is used, over so many seconds."""
    before = processor_times()
    time.sleep(seconds)
    idle, total = (later - earlier for earlier, later in zip(before, processor_times()))
    return 1 - idle / total


def processor_times():
    """(idle, total) since the start of the machine."""
    times = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    return times[3] + times[4], sum(times)


class Program:
    """The command `dirigent`, with a home that is new for every run."""

    def __init__(self, program, folder):
        self.program, self.folder = program, Path(folder)
        self.home = self.folder / "home"

    def command(self, *words):
        return [self.program, "--home", str(self.home), "--quiet", "--output", "json", *words]

    def file(self, text):
        shutil.rmtree(self.home, ignore_errors=True)
        path = self.folder / "bench.yaml"
        path.write_text(text)
        return str(path)

    def run(self, text, *options):
        """Seconds and peak MB of a run from the start of the process to its end."""
        words = self.command("run", self.file(text), *options)
        begun = time.perf_counter()
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            sys.exit(f"{words} ended with {process.returncode}")
        return took, usage.ru_maxrss / 1024

    @contextmanager
    def going(self, *words):
        """A process of this command, killed at the end."""
        process = subprocess.Popen(self.command(*words), stdout=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def journal(self):
        connection = sqlite3.connect(f"file:{self.home}/dirigent.db?mode=ro", uri=True)
        try:
            yield connection
        finally:
            connection.close()

    def last(self):
        """The number of the last event; none before there is a journal."""
        try:
            with self.journal() as journal:
                return journal.execute("SELECT max(position) FROM events").fetchone()[0]
        except sqlite3.OperationalError:
            return None

    def count(self, kind):
        """How many tasks the events of this type are about."""
        with self.journal() as journal:
            rows = journal.execute("SELECT payload FROM events WHERE type = ?", (kind,))
            return sum(len(tasks(json.loads(payload)["task"])) for (payload,) in rows)

    def until_quiet(self, process):
        """Waits until the run records nothing any more; the number of the last event."""
        seen, since, deadline = None, time.monotonic(), time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                sys.exit(f"{process.args} ended with {process.returncode}")
            last = self.last()
            if last != seen:
                seen, since = last, time.monotonic()
            elif seen and time.monotonic() - since > QUIET_S:
                return seen
            time.sleep(0.05)
        sys.exit(f"{process.args} still records events after {PATIENCE_S} s")

    def waiting(self, text, kind, count, *options):
        """(MB, threads) of a process once `count` tasks are where events of type `kind` bring them."""
        with self.going("run", self.file(text), *options) as process:
            self.until_quiet(process)
            found = self.count(kind)
            if found < count:
                sys.exit(f"{found} tasks have `{kind}`, not {count}")
            return resident(process.pid)

    def resumed(self, tasks_before, rounds):
        """Kills a run behind many events; (events, seconds until a resume has recorded its first)."""
        with self.going("run", self.file(published(tasks_before)), "--correlation-id", KEY) as process:
            events = self.until_quiet(process)
        took = []
        for _ in range(rounds):
            before = self.last()
            with self.journal() as journal:
                begun = time.perf_counter()
                with self.going("resume", KEY) as process:
                    query = "SELECT max(position) FROM events"
                    while journal.execute(query).fetchone()[0] == before:
                        if process.poll() is not None:
                            sys.exit(f"{process.args} ended with {process.returncode}")
                        time.sleep(0.001)
                    took.append(time.perf_counter() - begun)
                    self.until_quiet(process)
        return events, took


def resident(pid):
    """(MB, threads) of a process now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["Threads"])
