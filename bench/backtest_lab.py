"""The data of `backtest.py`, written once and read by all, and what is started on it."""

import json
import math
import os
import random
import resource
import signal
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEED = 42
MINUTES, DAYS, SYMBOLS = 1_000_000, 2_520, 500
START = datetime(2020, 1, 1)
HEADER = "open,high,low,close,volume\n"


def walk(name, count, step, drift=0.0):
    """Bars with two decimals from a random walk whose logarithm moves by `step` from close to close."""
    dice, log = random.Random(f"{SEED} {name}"), math.log(100)
    for _ in range(count):
        opened = log + 0.2 * step * dice.gauss(0, 1)
        log = opened + step * dice.gauss(drift, 1)
        high = max(opened, log) + 0.5 * step * abs(dice.gauss(0, 1))
        low = min(opened, log) - 0.5 * step * abs(dice.gauss(0, 1))
        yield ",".join(f"{math.exp(value):.2f}" for value in (opened, high, low, log)) + ",1000\n"


def sessions(count):
    """So many days, without weekends."""
    days = (START + timedelta(days=number) for number in range(2 * count))
    return [day.date().isoformat() for day in days if day.weekday() < 5][:count]


def write(folder):
    """All files of the cases, into this folder."""
    folder = Path(folder)
    with open(folder / "minutes.csv", "w") as out:
        out.write("timestamp," + HEADER)
        for number, line in enumerate(walk("minutes", MINUTES, 2e-3)):
            out.write(f"{(START + timedelta(minutes=number)).isoformat()},{line}")
    days = sessions(DAYS)
    with open(folder / "days.csv", "w") as out:
        out.write("timestamp," + HEADER)
        out.writelines(f"{day},{line}" for day, line in zip(days, walk("days", DAYS, 1.2e-2)))
    with open(folder / "panel.csv", "w") as out:
        out.write("timestamp,symbol," + HEADER)
        for symbol in map("S{:03d}".format, range(SYMBOLS)):
            out.writelines(f"{day},{symbol},{line}" for day, line in zip(days, walk(symbol, DAYS, 1.5e-2, 0.02)))
    write_pairs(folder / "pairs_days.csv", range(2, 102), range(102, 202))
    write_pairs(folder / "pairs_minutes.csv", range(5, 55, 5), range(60, 360, 30))


def write_pairs(path, fast, slow):
    """Every fast average with every slow one, shuffled, so that the first ones are a fair sample."""
    pairs = [f"{one},{other}\n" for one in fast for other in slow]
    random.Random(SEED).shuffle(pairs)
    path.write_text("fast,slow\n" + "".join(pairs))


def first(path, count):
    """A file of the first bars of another one."""
    short = path.with_name("cold.csv")
    with open(path) as lines, open(short, "w") as out:
        out.writelines(line for line, _ in zip(lines, range(count + 1)))
    return short


def ties(path, fast=10, slow=30):
    """On how many bars both averages of the closes are the same number, counted in whole cents."""
    sums, found = [0], 0
    with open(path) as lines:
        next(lines)
        for line in lines:
            sums.append(sums[-1] + round(float(line.split(",")[4]) * 100))
    for bar in range(slow, len(sums)):
        found += (sums[bar] - sums[bar - fast]) * slow == (sums[bar] - sums[bar - slow]) * fast
    return found


def run(command, patience_s):
    """(last line of its output as JSON, wall seconds, processor seconds) of a child; None where it fails."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        out, complaint = process.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None, f"no answer within {patience_s} s", 0.0
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode:
        return None, complaint.strip()[-300:], 0.0
    return json.loads(out[out.index("{"):]), wall, cpu


def workflow(folder, file, strategy, **more):
    """A workflow file that does with `dirigent run` what a case does."""
    is_panel = file.stem == "panel"
    symbols = [f"S{number:03d}" for number in range(SYMBOLS)] if is_panel else [file.stem]
    timeframe = "1d" if is_panel else "1m"
    parts = {
        "workflow": {"type": "backtest"},
        "data": {"path": str(file), "symbols": symbols, "timeframe": timeframe, "adjust": "none"},
        "strategy": strategy,
        "portfolio": {"initial_cash": 10_000_000, "sizing": {"type": "percent_equity", "percent": 100}},
        "execution": {"fill": "next_open", "commission": {"type": "bps", "value": 10}},
    }
    for name, values in more.items():
        parts[name] = {**parts.get(name, {}), **values}
    path = Path(folder) / "bench.yaml"
    path.write_text(json.dumps(parts))  # JSON is YAML
    return path
