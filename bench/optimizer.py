#!/usr/bin/env python3
"""Measures what a trial costs beside its evaluation, Optuna in the same run beside it.

  PYTHON bench/optimizer.py [--rounds 3] [--trials 1000] [--ours PROGRAM]

PYTHON is an interpreter that has Optuna and its CMA-ES: pip install optuna cmaes. The objective is a sum of squares in
ten dimensions. Ours is what `cargo bench -p dirigent-research --bench optimizer_overhead` says, or PROGRAM, which that
command has built. Programs take turns; the figure is the least of the rounds, because other work on the machine can
only make a round slower. Prints Markdown.
"""

import argparse
import subprocess
import sys
import time
import warnings
from pathlib import Path

import optuna

ROOT = Path(__file__).resolve().parent.parent
COMMAND = ["cargo", "bench", "--quiet", "-p", "dirigent-research", "--bench", "optimizer_overhead"]
DIMENSIONS = 10
TPE_MEASURED = 50  # trials after the others

SAMPLERS = {
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    "genetic": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=20),
    "cma_es": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
}


def objective(trial):
    return sum(trial.suggest_float(f"x{place}", -5.0, 5.0) ** 2 for place in range(DIMENSIONS))


def peer(name, trials, seed):
    """Microseconds per trial: of the first ones, or for TPE of those after them."""
    study = optuna.create_study(sampler=SAMPLERS[name](seed))
    measured = trials
    if name == "tpe":
        study.optimize(objective, n_trials=trials)
        measured = TPE_MEASURED
    clock = time.perf_counter()
    study.optimize(objective, n_trials=measured)
    return (time.perf_counter() - clock) * 1e6 / measured


def ours(command, trials):
    """Microseconds per trial by method, of the lines that the benchmark prints: name, trials before, figure."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures = {}
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] in SAMPLERS and int(words[1]) == (trials if words[0] == "tpe" else 0):
            figures[words[0]] = float(words[2])
    missing = SAMPLERS.keys() - figures.keys()
    if missing:
        sys.exit(f"error: `{' '.join(command)}` says nothing of {', '.join(sorted(missing))} at {trials} trials")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--ours", metavar="PROGRAM")
    given = parser.parse_args()
    command = [given.ours, "--bench"] if given.ours else COMMAND
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore")
    least = {name: [float("inf")] * 2 for name in SAMPLERS}
    for seed in range(given.rounds):
        found = ours(command, given.trials)
        for name, pair in least.items():
            pair[:] = min(pair[0], found[name]), min(pair[1], peer(name, given.trials, seed))
    print(f"Microseconds per trial, {DIMENSIONS} dimensions, {given.trials} trials, least of {given.rounds} rounds;")
    print(f"Optuna {optuna.__version__}.\n\n| method | Dirigent | Optuna | times |\n|---|--:|--:|--:|")
    for name, (mine, theirs) in least.items():
        print(f"| {name} | {mine:.2f} | {theirs:.0f} | {theirs / mine:.0f} |")


if __name__ == "__main__":
    main()
