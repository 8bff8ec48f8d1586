#!/usr/bin/env python3
"""Kills `dirigent run` at random moments and starts the same command again, until it ends; then compares digests.

  bench/run_kills.py [--kills 200] [--seed 1] [--bars 30000] [--dirigent target/release/dirigent]

Every lap runs one correlation id to its end: start, SIGKILL after a log-uniform time from 1 ms to that of a calm run,
start the same command again, and so on. A lap that is over is compared with the digest of the calm run and verified.
Exit code 0 only if every digest was equal and the journal verified; prints one JSON line.
"""
import argparse, json, math, os, random, shutil, signal, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--kills", type=int, default=200)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--bars", type=int, default=30_000)
parser.add_argument("--dirigent", default="target/release/dirigent")
options = parser.parse_args()
dice = random.Random(options.seed)
program = os.path.abspath(options.dirigent)
folder = tempfile.mkdtemp(prefix="run-kills-")
workflow = os.path.join(folder, "w.yaml")
with open(workflow, "w") as out:
    out.write(
        "workflow: {type: backtest}\n"
        f"data: {{source: synthetic, symbols: [A, B], timeframe: 1m, synthetic: {{bars: {options.bars}}}}}\n"
        "strategy: {type: ema_crossover, params: {fast: 5, slow: 20}}\n"
        "portfolio: {sizing: {type: percent_equity, percent: 40}}\n"
        "risk: {stop_loss_pct: 2}\n"
    )


def command(home, *arguments):
    return [program, "--home", os.path.join(folder, home), "--output", "json", *arguments]


def finish(home, *arguments):
    done = subprocess.run(command(home, *arguments), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{arguments} ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


start = time.monotonic()
calm = finish("calm", "run", workflow)["digest"]
calm_seconds = time.monotonic() - start
kills = laps = 0
start = time.monotonic()
while kills < options.kills:
    key = f"lap-{laps}"
    while kills < options.kills:
        arguments = command("home", "run", workflow, "--correlation-id", key)
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        moment = math.exp(dice.uniform(math.log(0.001), math.log(calm_seconds)))
        try:
            process.wait(moment)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    found = finish("home", "run", workflow, "--correlation-id", key)["digest"]
    if found != calm:
        sys.exit(f"lap {laps}: digest {found}, undisturbed {calm}; folder {folder}")
    laps += 1
verdict = finish("home", "verify", "last")["equal"]
attempts = [run["attempt"] for run in finish("home", "runs", "--limit", "100000")]
print(json.dumps({
    "kills": kills, "laps": laps, "different_digests": 0, "verified": verdict, "attempts_max": max(attempts),
    "calm_seconds": round(calm_seconds, 3), "seconds": round(time.monotonic() - start, 1), "seed": options.seed,
}))
shutil.rmtree(folder)
sys.exit(0 if verdict and max(attempts) > 1 else 1)
