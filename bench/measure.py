#!/usr/bin/env python3
"""Measures whole processes: start-up, a small backtest, a million bars from CSV; each beside a limit of the same machine.

  bench/measure.py [--dirigent target/release/dirigent] [--rounds 7]

Prints a Markdown table of medians (smallest to largest in brackets). Wall time is what a user waits; CPU is user + system;
memory is the largest resident set. The limits, measured in turn with it: `true` for start-up, `sha256sum` of the same
file for reading a million bars. Nothing is left behind.
"""
import argparse, math, os, random, shutil, statistics, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--dirigent", default="target/release/dirigent")
parser.add_argument("--rounds", type=int, default=7)
options = parser.parse_args()
program = os.path.abspath(options.dirigent)
folder = tempfile.mkdtemp(prefix="measure-")


def bars(path, count):
    """A random walk of minute bars that is the same everywhere."""
    dice, price = random.Random(42), 100.0
    with open(path, "w") as out:
        out.write("timestamp,open,high,low,close,volume\n")
        for minute in range(count):
            opened = price
            price = max(1.0, price * (1 + dice.gauss(0, 0.0005)))
            high, low = max(opened, price) * 1.0002, min(opened, price) * 0.9998
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(946_684_800 + 60 * minute))
            out.write(f"{stamp},{opened:.4f},{high:.4f},{low:.4f},{price:.4f},{1000 + minute % 997}\n")


def workflow(name, csv, timeframe):
    path = os.path.join(folder, name)
    with open(path, "w") as out:
        out.write(
            "workflow: {type: backtest}\n"
            f"data: {{path: {csv}, symbols: [X], timeframe: {timeframe}}}\n"
            "strategy: {type: sma_crossover, params: {fast: 10, slow: 30}}\n"
        )
    return path


def once(command):
    """(wall seconds, CPU seconds, peak MB) of one process."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    if status:
        sys.exit(f"{command} ended with status {status}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def row(what, command, limit, limit_name):
    ours, theirs = [], []
    for _ in range(options.rounds + 1):
        if os.path.isdir(os.path.join(folder, "home")):
            shutil.rmtree(os.path.join(folder, "home"))
        ours.append(once(command))
        theirs.append(once(limit))
    ours, theirs = ours[1:], theirs[1:]

    def span(index, scale, digits):
        values = sorted(sample[index] * scale for sample in ours)
        return f"{statistics.median(values):.{digits}f} ({values[0]:.{digits}f} to {values[-1]:.{digits}f})"

    ratio = statistics.median(a[0] for a in ours) / statistics.median(b[0] for b in theirs)
    print(f"| {what} | {span(0, 1000, 1)} | {span(1, 1000, 1)} | {span(2, 1, 0)} | {ratio:.1f} × {limit_name} |", flush=True)


million = os.path.join(folder, "X.csv")
bars(million, 1_000_000)
small = os.path.join(folder, "small.csv")
bars(small, 2_500)
home = ["--home", os.path.join(folder, "home")]
print("| what | wall ms | CPU ms | peak MB | limit |\n| --- | --- | --- | --- | --- |")
row("`dirigent --version`", [program, "--version"], ["true"], "`true`")
row("`dirigent runs`, empty home", [program, *home, "runs"], ["true"], "`true`")
row("2,500 bars, journal and report included", [program, *home, "run", workflow("small.yaml", small, "1m")], ["true"], "`true`")
row("1,000,000 bars from CSV", [program, *home, "run", workflow("million.yaml", million, "1m")], ["sha256sum", million], "`sha256sum` of the file")
shutil.rmtree(folder)
