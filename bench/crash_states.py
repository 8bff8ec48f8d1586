#!/usr/bin/env python3
"""Builds the states that a crash or a power cut can leave of a journal, and opens every one.

  bench/crash_states.py [--states 2500] [--events 8] [--seed 1] [--control]

Four sessions of the journal's writer (crates/journal/examples/torture.rs) are recorded, call by
call: a new journal, one that is killed, one after the kill, one after an error of the disk. Behind
each call these states are possible:

  written  everything written so far is there            (the process died)
  synced   only what was synced is there                 (the power went, nothing else had arrived)
  ordered  beside it, what was written up to some call, the last write torn
  mixed    beside it, any choice of the other writes, some of them torn

Torn writes arrive in pieces of 512 bytes. Names appear in the folder in the order in which they
were made or removed, at the latest with the sync of the file or of the folder. A state is good if
the journal opens, is whole by its chain, holds every event that the writer had acknowledged before
the call, and takes further events that stay. Equal states are tested once. `--control` acknowledges
without syncing: then states must be bad, or the test proves nothing. Long form: --states 50000, and
--events 1500 --states 1500, whose log is emptied on the way.
"""

import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import tracer
from journal_lab import build
from run_lab import arguments, report

SECTOR = 512
BATCH = 50
JOURNAL = "j.db"


class Recorder(tracer.Watcher):
    """Writes down what happens to the files of a journal, and what is acknowledged."""

    def __init__(self, folder, operations, inodes):
        super().__init__(folder)
        self.operations, self.inodes, self.kill_at = operations, inodes, None

    def wants(self, call):
        if call.name == "write" and call.arguments[0] == 1:
            return True
        return super().wants(call) and not call.path.endswith((".lock", "-shm"))

    def enter(self, call):
        call.was_there = os.path.exists(call.path)
        # What is acknowledged counts from the moment somebody could read it.
        if call.name == "write" and call.arguments[0] == 1:
            self.acknowledge(call.memory(*call.arguments[1:3]).decode())
        return tracer.KILL if self.kill_at and len(self.operations) >= self.kill_at else None

    def leave(self, call):
        name = os.path.relpath(call.path, self.folder)
        if call.result < 0 or (call.name == "write" and call.arguments[0] == 1):
            return
        if call.name == "openat" and not call.was_there:
            self.inodes[name] = len(self.operations)
            self.add("make", self.inodes[name], name)
        elif call.name == "pwrite64":
            data = call.memory(call.arguments[1], call.result)
            self.add("write", self.inodes[name], call.arguments[3], data)
        elif call.name == "ftruncate":
            self.add("truncate", self.inodes[name], call.arguments[1])
        elif call.name in ("fsync", "fdatasync"):
            self.add("sync", None if name == "." else self.inodes[name])
        elif call.name == "unlink":
            self.add("remove", self.inodes.pop(name), name)
        elif call.name not in ("openat", "fchmod"):
            raise SystemExit(f"{call} is not understood here")

    def acknowledge(self, text):
        for line in text.splitlines():
            if line[0].isdigit():
                self.add("acknowledge", *(int(word) for word in line.split()))

    def add(self, *operation):
        self.operations.append(operation)


def record(program, folder, events, control):
    """The operations of four sessions."""
    operations, inodes, db = [], {}, Path(folder) / JOURNAL
    options = ["--events", str(events)] + ["--no-sync"] * control
    for session in ("new", "killed", "after the kill", "after an error"):
        recorder = Recorder(folder, operations, inodes)
        if session == "killed":
            recorder.kill_at = len(operations) * 3 // 2
        if session == "after an error":
            marker = Path(f"{db}.broken")
            marker.write_text("an error\n")
            inodes[marker.name] = len(operations)
            recorder.add("make", len(operations), marker.name)
            recorder.add("write", inodes[marker.name], 0, b"an error\n")
            recorder.add("sync", inodes[marker.name])
        with open(Path(folder) / "said", "w") as said:
            process = tracer.run([program, db, *options], recorder, stdout=said)
        if (process.returncode != 0) != (session == "killed"):
            raise SystemExit(f"the session `{session}` ended with {process.returncode}")
    return operations


class Disk:
    """What a power cut leaves for certain, and what else was written."""

    def __init__(self):
        self.files, self.names, self.pending = {}, {}, []

    def add(self, operation):
        if operation[0] == "sync":
            self.sync(operation[1])
        elif operation[0] != "acknowledge":
            self.pending.append(operation)

    def sync(self, inode):
        """Syncs one file, with the names up to its own; or the folder."""
        named = [n for n, op in enumerate(self.pending) if op[0] in ("make", "remove")
                 and (inode is None or op[1] == inode)]
        last = named[-1] if named else -1
        kept = []
        for number, operation in enumerate(self.pending):
            is_name = operation[0] in ("make", "remove")
            if number <= last if is_name else operation[1] == inode:
                apply(self.files, self.names, operation)
            else:
                kept.append(operation)
        self.pending = kept

    def state(self, operations):
        """The files with their contents, if beside what is certain `operations` arrived."""
        files, names = {inode: bytearray(data) for inode, data in self.files.items()}, dict(self.names)
        for operation in operations:
            apply(files, names, operation)
        return {name: bytes(files[inode]) for name, inode in names.items()}


def apply(files, names, operation):
    """Carries out one operation."""
    kind, inode, *rest = operation
    data = files.setdefault(inode, bytearray())
    if kind == "make":
        names[rest[0]] = inode
    elif kind == "remove":
        names.pop(rest[0], None)
    elif kind == "truncate":
        del data[rest[0]:]
        data.extend(bytes(rest[0] - len(data)))
    else:
        offset, piece = rest
        data.extend(bytes(max(0, offset - len(data))))
        data[offset:offset + len(piece)] = piece


def torn(operation, chance):
    """Some pieces of a write."""
    kind, inode, offset, data = operation
    starts = [at for at in range(0, len(data), SECTOR) if chance.random() < 0.5]
    return [(kind, inode, offset + at, data[at:at + SECTOR]) for at in starts]


def ordered(pending, chance):
    """What was written up to some call, the last write torn."""
    count = chance.randrange(len(pending))
    last = pending[count]
    return pending[:count] + (torn(last, chance) if last[0] == "write" else [last])


def mixed(pending, chance):
    """Any choice of what was written, some of it torn; of the names the first so many."""
    names = [operation for operation in pending if operation[0] in ("make", "remove")]
    arrived = set(map(id, names[:chance.randint(0, len(names))]))
    share, chosen = chance.choice((0.1, 0.5, 0.9)), []
    for operation in pending:
        if operation[0] in ("make", "remove"):
            chosen += [operation] if id(operation) in arrived else []
        elif chance.random() < share:
            tears = operation[0] == "write" and chance.random() < 0.3
            chosen += torn(operation, chance) if tears else [operation]
    return chosen


def states(operations, count, chance):
    """At most about `count` different states: the call behind which each is possible, which kind it
    is, what had been acknowledged, and its files."""
    points = set(range(len(operations)))
    if len(points) * 4 > count:
        points = set(chance.sample(sorted(points), count // 4))
    # Many points have nothing open, and many draws are equal.
    draws = max(2, 4 * count // len(points))
    disk, acknowledged, seen = Disk(), [0, 0, 0, 0], set()
    for number, operation in enumerate(operations):
        disk.add(operation)
        if operation[0] == "acknowledge":
            acknowledged[operation[1]] = operation[2]
        if number not in points:
            continue
        choices = [("synced", []), ("written", disk.pending)]
        for draw in range(draws if disk.pending else 0):
            kind, choose = (("ordered", ordered), ("mixed", mixed))[draw % 2]
            choices.append((kind, choose(disk.pending, chance)))
        for kind, arrived in choices:
            state = disk.state(arrived)
            mark = hash((tuple(acknowledged), tuple(sorted(state.items()))))
            if mark not in seen:
                seen.add(mark)
                yield number, kind, list(acknowledged), state


def check(program, folder, batch):
    """What is wrong with each state of a batch; nothing where nothing is."""
    places = []
    folder.mkdir()
    for number, (_, _, _, state) in enumerate(batch):
        place = folder / str(number)
        place.mkdir()
        places.append(place / JOURNAL)
        for name, data in state.items():
            (place / name).write_bytes(data)
    done = subprocess.run([program, "--check", *places], capture_output=True, text=True)
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    for place, (_, _, acknowledged, _) in zip(places, batch):
        answer = said.get(str(place), f"refused: the check ended with {done.returncode}")
        if answer.startswith("refused"):
            yield answer
        elif lost := sum(max(0, a - int(k)) for a, k in zip(acknowledged, answer.split())):
            yield f"{lost} acknowledged events are gone: {acknowledged}, kept {answer}"
        else:
            yield None
    shutil.rmtree(folder)


def main():
    parser = arguments(__doc__, states=2500, events=8)
    parser.add_argument("--control", action="store_true")
    options = parser.parse_args()
    program, chance, began = build(), random.Random(options.seed), time.monotonic()
    good, bad, violations = Counter(), Counter(), []
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        journal, work = Path(folder) / "journal", Path(folder) / "states"
        journal.mkdir()
        operations = record(program, journal, options.events, options.control)
        batch, source = [], states(operations, options.states, chance)
        while batch := list(itertools.islice(source, BATCH)):
            for (number, kind, _, _), wrong in zip(batch, list(check(program, work, batch))):
                (bad if wrong else good)[kind] += 1
                if wrong:
                    violations.append(f"call {number} {operations[number][:2]}, {kind}: {wrong}")
    done = Counter(operation[0] for operation in operations)
    figures = {"states": good.total() + bad.total(), "good": good, "bad": bad, "operations": done,
               "seconds": round(time.monotonic() - began, 1), "seed": options.seed}
    if options.control:
        print("control: without syncs, states must be bad", file=sys.stderr)
        report(figures, violations)
        return 0 if violations else 1
    return report(figures, violations)


if __name__ == "__main__":
    sys.exit(main())
