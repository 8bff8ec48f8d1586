#!/usr/bin/env python3
"""Measures the engine: alone, as a whole program, beside its peers, and against the bars it is held to.

  bench/engine.py [--rounds 3] [--peers FOLDER] [--only NAME...] [--folder FOLDER] [--calm SECONDS]

Prints Markdown: medians over the rounds, smallest to largest in brackets. Everything takes turns within
a round, so that all see the same machine. Peers are optional: those that `bench/peers/install.sh FOLDER`
installed are measured, with the same cases (`bench/peers/shape.py`). `--calm 600` waits before each
measurement until the processors are idle, 600 seconds in all. `--folder` is on the disk to measure.
Build first: cargo build --release && cargo build --release -p dirigent-workflow --example engine_speed
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import engine_lab as lab

ROOT = Path(__file__).resolve().parent.parent
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
PEER_PATIENCE_S = 180
BUSY_MAX = 0.2  # of the processors, by others, where it is calm
ENGINE_ROUNDS = 3  # of the engine alone, in each round
FAN, CHAIN, LISTED = 10_000, 100, 5_000
PHASES = (10_000, 100_000, 1_000_000)
PUBLISHED = 50_000
WAITING = 500


@dataclass(frozen=True)
class Peer:
    """What a peer keeps on the disk, and how many tasks it is given; less than 10,000 where they take too long."""

    keeps: str
    is_durable: bool
    fan: int = 10_000
    chain: int = 1_000


PEERS = {
    "restate": Peer("every step, synced", True),
    "dbos": Peer("every step, synced", True, fan=500, chain=200),
    "prefect": Peer("every state, not synced", True, fan=500, chain=200),
    "ray": Peer("nothing", False),
    "dask": Peer("nothing", False),
    "luigi": Peer("nothing; in the day files", False, fan=1_000, chain=300),
}
# The slack that "flat memory" leaves from 10,000 to 100,000 tasks.
FLAT = 1.1


def main():
    options = arguments()
    folder = tempfile.mkdtemp(prefix="engine-", dir=options.folder)
    try:
        print(page(measure(options, folder)))
    finally:
        shutil.rmtree(folder)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--folder")
    parser.add_argument("--calm", type=float, default=0)
    parser.add_argument("--dirigent", type=Path, default=RELEASE / "dirigent")
    parser.add_argument("--engine", type=Path, default=RELEASE / "examples" / "engine_speed")
    options = parser.parse_args()
    for program in (options.dirigent, options.engine):
        if not os.access(program, os.X_OK):
            sys.exit(f"no program at {program}; the end of --help says how to build it")
    return options


class Calm:
    """Waits until nobody else works, for so many seconds in all, and notes how busy others were."""

    def __init__(self, seconds):
        self.left_s, self.busy = seconds, []

    def wait(self):
        while (share := lab.busy_share(1)) > BUSY_MAX and self.left_s > 0:
            self.left_s -= 1
        self.busy.append(share)


def say(text):
    print(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.1f}: {text}", file=sys.stderr, flush=True)


def measure(options, folder):
    """All samples: {key: [one for each round]}."""
    samples, program = defaultdict(list), lab.Program(options.dirigent, folder)
    calm = Calm(options.calm)
    found = [name for name in options.only if options.peers and (options.peers / name).is_dir()]
    samples["versions"] = [f"{name} {version(options.peers, name)}" for name in found]
    for number in range(options.rounds):
        say(f"round {number + 1}: Dirigent")
        calm.wait()
        samples["sync_ms"].append(lab.sync_ms(folder))
        for key, line in lab.engine(options.engine, folder, ENGINE_ROUNDS).items():
            samples[("engine", *key)].append(line)
        calm.wait()
        measure_program(samples, program)
        for name in found:
            say(f"round {number + 1}: {name}")
            measure_peer(samples, options.peers, name, folder, calm)
    say("resuming, waiting, memory")
    calm.wait()
    samples["events"], samples["resume_s"] = program.resumed(PUBLISHED, options.rounds)
    for _ in range(options.rounds):
        measure_waiting(samples, program)
    samples["busy"] = calm.busy
    return dict(samples)


def version(peers, name):
    """Of the package that a peer is, as its environment names it."""
    package = {"restate": "restate_sdk"}.get(name, name)
    found = [path.name.split("-")[1] for path in peers.glob(f"{name}/lib/python*/site-packages/{package}-*.dist-info")]
    return found[0].removesuffix(".dist") if found else "of unknown version"


def measure_program(samples, program):
    for name, text, *words in (("fan", lab.fan(FAN)), ("listed", lab.listed(LISTED)),
                               ("chain", lab.chain(CHAIN)), ("day", lab.day(), "--workers", "16")):
        samples[("program", name)].append(program.run(text, *words)[0])


def measure_waiting(samples, program):
    """Not between the peers: hundreds of programs that end are a load for whoever comes next."""
    for count in PHASES:
        samples[("phase", count)].append(program.run(lab.wide(count))[1])
    hanging = lab.workflow([lab.hanging()])
    samples["idle"].append(program.waiting(hanging, "task_started", 1))
    samples["retrying"].append(program.waiting(lab.retrying(WAITING), "task_retrying", WAITING))
    samples["sleeping"].append(
        program.waiting(lab.sleeping(WAITING), "task_started", WAITING, "--workers", str(WAITING)))


def measure_peer(samples, peers, name, folder, calm):
    peer = PEERS[name]
    for case, count in (("fan", peer.fan), ("chain", peer.chain), ("day", 30)):
        calm.wait()
        answer = ask_peer(peers, name, case, count, Path(folder) / "peer")
        if answer:
            samples[("peer", name, case)].append(answer)


def ask_peer(peers, name, case, count, folder):
    """What a peer answers to one case; none if it fails, which is said."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    server = next(peers.glob("npm/node_modules/@restatedev/restate-server-*/bin/restate-server"), "")
    environment = {**os.environ, "RESTATE_SERVER": str(server), "PYTHONDONTWRITEBYTECODE": "1"}
    script = ROOT / "bench" / "peers" / f"on_{name}.py"
    process = subprocess.Popen([peers / name / "bin" / "python", script, case, str(count), folder],
                               env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, start_new_session=True)
    try:
        out, complaint = process.communicate(timeout=PEER_PATIENCE_S)
    except subprocess.TimeoutExpired:
        out, complaint = "", f"no answer within {PEER_PATIENCE_S} s"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # servers that it left behind
        except ProcessLookupError:
            pass
        process.wait()
    answers = [line for line in out.splitlines() if line.startswith('{"seconds"')]
    if not answers:
        say(f"{name} fails at `{case}`: {complaint.strip()[-300:]}")
        return None
    return {"tasks_per_second": count / json.loads(answers[0])["seconds"], **json.loads(answers[0])}


def span(values, scale=1.0, digits=1):
    """The median, and the smallest and largest in brackets."""
    values = [value * scale for value in values]
    middle, low, high = (f"{pick(values):,.{digits}f}" for pick in (median, min, max))
    return f"{middle} ({low} to {high})"


def page(samples):
    parts = [machine(samples), table_alone(samples), table_program(samples)]
    parts += [table_peers(samples)] * any(key[0] == "peer" for key in samples)
    return "\n\n".join(parts + [table_bars(samples)])


def machine(samples):
    peers = "; peers: " + ", ".join(samples["versions"]) if samples["versions"] else ""
    return (f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, kept busy by others to "
            f"{span(samples['busy'], 100, 0)} % before a measurement; 4 KiB and their sync take "
            f"{span(samples['sync_ms'], digits=2)} ms{peers}.")


def engine_of(samples, case, field, durable=True):
    return [line[field] for line in samples[("engine", case, durable)]]


def table_alone(samples):
    rows = ["| the engine alone | durable | in memory |", "| --- | --- | --- |"]
    for case, what, field, digits in (
            ("fan_out_in", "fan of 10,000 and join, tasks/s", "tasks_per_second", 0),
            ("fan_out_in_with_outputs", "the same, each delivers a value", "tasks_per_second", 0),
            ("fan_out_in_distinct_tasks", "10,000 different tasks and join, tasks/s", "tasks_per_second", 0),
            ("chain", "chain of 1,000, ms from start to start", "hop_p50_ms", 3),
            ("containers", "1,000 containers, ms", "median_ms", 1),
            ("day", "day of 30 tasks, ms above its longest path", "median_ms", 1)):
        less = lab.CRITICAL_S * 1e3 if case == "day" else 0
        both = [[value - less for value in engine_of(samples, case, field, durable)] for durable in (True, False)]
        rows.append(f"| {what} | " + " | ".join(span(values, digits=digits) for values in both) + " |")
    return "\n".join(rows)


def table_program(samples):
    rows = ["| `dirigent run`, from start to end of the process | ms |", "| --- | --- |"]
    for name, what in (("fan", "10,000 `noop` by `count`, and join"),
                       ("listed", f"{LISTED:,} `noop` listed one by one"),
                       ("chain", f"chain of {CHAIN} `noop`"),
                       ("day", "the day; each task starts `sleep 0.05`")):
        rows.append(f"| {what} | {span(samples[('program', name)], 1e3)} |")
    return "\n".join(rows)


def ours(samples):
    """For each case: what is compared, its digits, ours (engine, program), and whether more is better."""
    fan = engine_of(samples, "fan_out_in_with_outputs", "tasks_per_second")
    program = {name: median(samples[("program", name)]) for name in ("fan", "chain", "day")}
    above = lambda seconds: (seconds - lab.CRITICAL_S) * 1e3
    day = median(engine_of(samples, "day", "median_ms")) / 1e3
    hop = median(engine_of(samples, "chain", "hop_p50_ms"))
    return {
        "fan": ("fan, tasks/s", 0, median(fan), FAN / program["fan"], True),
        "chain": ("chain, ms per hop", 2, hop, program["chain"] * 1e3 / CHAIN, False),
        "day": ("day, ms above 200", 1, above(day), above(program["day"]), False),
    }


def theirs(samples, name, case):
    field = {"fan": "tasks_per_second", "chain": "hop_p50_ms", "day": "seconds"}[case]
    values = [answer[field] for answer in samples.get(("peer", name, case), [])]
    return [(value - lab.CRITICAL_S) * 1e3 for value in values] if case == "day" else values


def table_peers(samples):
    rows = ["| case | peer | it keeps | measured | engine, durable | ratio | whole program | ratio |",
            "| --- " * 8 + "|"]
    for case, (what, digits, engine, program, more) in ours(samples).items():
        for name, peer in PEERS.items():
            if values := theirs(samples, name, case):
                ratio = lambda own: own / median(values) if more else median(values) / own
                rows.append(f"| {what} | {name} | {peer.keeps} | {span(values, digits=digits)} "
                            f"| {engine:,.{digits}f} | {ratio(engine):,.1f} "
                            f"| {program:,.{digits}f} | {ratio(program):,.1f} |")
    return "\n".join(rows)


def table_bars(samples):
    rows = ["| bar | measured | holds |", "| --- | --- | --- |"]
    for what, measured, holds in bars(samples):
        rows.append(f"| {what} | {measured} | {'yes' if holds else '**no**'} |")
    return "\n".join(rows)


def bars(samples):
    """(what is promised, what was measured, whether it holds)."""
    durable, memory = fans(samples, True), fans(samples, False)
    hop = median(engine_of(samples, "chain", "hop_p50_ms"))
    containers = median(engine_of(samples, "containers", "median_ms"))
    small, large, huge = (median(samples[("phase", count)]) for count in PHASES)
    idle, retrying, sleeping = (
        [median(values) for values in zip(*samples[name])] for name in ("idle", "retrying", "sleeping"))
    resume = median(samples["resume_s"])
    grain = (huge - small) * 1024 * 1024 / (PHASES[2] - PHASES[0])
    return [
        ("fan of 10,000, durable: at least 20,000 tasks/s", told(durable), durable[0] >= 20_000),
        ("fan of 10,000, in memory: at least 150,000 tasks/s", told(memory), memory[0] >= 150_000),
        ("chain, durable: median hop below 1 ms", f"{hop:.2f} ms", hop < 1),
        *bars_of_peers(samples),
        ("1,000 containers, durable: below 20 ms", f"{containers:.1f} ms", containers < 20),
        ("100,000 tasks in one phase: memory as with 10,000",
         f"{small:.0f} MB, {large:.0f} MB; 1,000,000: {huge:.0f} MB, {grain:.0f} bytes per task",
         large <= small * FLAT),
        ("a run that waits: below 25 MB", f"{idle[0]:.1f} MB", idle[0] < 25),
        (f"{WAITING} tasks that wait for a retry: fewer threads", f"{retrying[1]:.0f} threads, {retrying[0]:.0f} MB",
         retrying[1] < WAITING),
        (f"{WAITING} tasks that wait for their programs: fewer threads",
         f"{sleeping[1]:.0f} threads, {sleeping[0]:.0f} MB", sleeping[1] < WAITING),
        (f"resume behind {samples['events']:,} events: first new event within 1 s", f"{resume:.2f} s", resume < 1),
    ]


def fans(samples, durable):
    """Tasks per second of the fan, of one that delivers values, and of one of different tasks."""
    cases = ("fan_out_in", "fan_out_in_with_outputs", "fan_out_in_distinct_tasks")
    return [median(engine_of(samples, case, "tasks_per_second", durable)) for case in cases]


def told(rates):
    return "{:,.0f}; each with a value {:,.0f}; different tasks {:,.0f}".format(*rates)


def bars_of_peers(samples):
    all_ours = ours(samples)
    durable = [name for name, peer in PEERS.items() if peer.is_durable and ("peer", name, "fan") in samples]
    if durable:
        rates = {name: median(theirs(samples, name, "fan")) for name in durable}
        name = max(rates, key=rates.get)
        value, whole, different = (own / rates[name] for own in (*all_ours["fan"][2:4], fans(samples, True)[2]))
        yield ("fan: at least 30 times the fastest durable peer",
               f"{value:.0f} times {name}; whole program {whole:.0f} times", min(value, whole) >= 30)
        yield ("the same with 10,000 different tasks", f"{different:.0f} times {name}", different >= 30)
    if restate := theirs(samples, "restate", "day"):
        engine, program = all_ours["day"][2:4]
        yield ("day: no more above its longest path than Restate (28 ms where the bar was set)",
               f"engine {engine:.1f} ms, Restate {median(restate):.1f} ms", engine <= min(28, median(restate)))
        yield ("the same with programs as tasks", f"whole program {program:.1f} ms",
               program <= min(28, median(restate)))


if __name__ == "__main__":
    main()
