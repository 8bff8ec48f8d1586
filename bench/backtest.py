#!/usr/bin/env python3
"""Measures backtests beside peers, on the same data, and checks that they come to the same money.

  bench/backtest.py --peers FOLDER [--rounds 3] [--only PEER...] [--cases CASE...] [--calm SECONDS] [--folder FOLDER]

Prints Markdown: processor seconds, medians over the rounds, smallest to largest in brackets. Peers take turns within
a round; those that `bench/peers/backtest/install.sh FOLDER` installed are measured. What each is given is in
`bench/peers/backtest/cases.py`. One that fails or takes more than two minutes is said and left out.
Build first: cargo build --release && cargo build --release -p dirigent-trading --example backtest_cases
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import backtest_lab as lab
from backtest_page import page
from engine import Calm, say

RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", lab.ROOT / "target")) / "release"
PEERS = ("vectorbt", "vectorbt-rust", "raptorbt", "backtesting", "backtrader", "nautilus", "bt")
PATIENCE_S = 120
ENGINE_ROUNDS = 3  # of the engine alone, in each round
FRACTION, CLOSE, SIGNAL, COLD = "lot=fraction", "fill=close", "stop=signal", "cold=yes"


@dataclass(frozen=True)
class Given:
    """What a peer is given of a case: so many bars or pairs, and in which way it trades."""

    amount: int
    settings: tuple = ()


@dataclass(frozen=True)
class Case:
    """One workload. Its figure is seconds per `unit` of what is given, or for a sweep pairs per second."""

    what: str
    kind: str
    file: str
    peers: dict
    settings: tuple = ()
    unit: int = 1_000_000
    bars: int = lab.MINUTES


def same(amount, *settings, of=("vectorbt", "vectorbt-rust")):
    return {name: Given(amount, settings) for name in of}


CASES = {
    "cross": Case("SMA 10 over SMA 30, s per million bars", "cross", "minutes.csv", {
        **same(1_000_000), "raptorbt": Given(1_000_000, (FRACTION,)), "backtesting": Given(1_000_000),
        "backtrader": Given(50_000), "nautilus": Given(50_000, (CLOSE,)), "bt": Given(50_000, (CLOSE,)),
    }, ("fee=1",)),
    "few": Case("sweep of 1,000 over 2,520 days, pairs/s", "sweep", "days.csv", {
        **same(1_000), "raptorbt": Given(1_000, (FRACTION,)), "backtesting": Given(50), "backtrader": Given(10),
        "nautilus": Given(10, (CLOSE,)),
    }, ("pairs=pairs_days.csv",), bars=lab.DAYS),
    "many": Case("sweep of 10,000 over 2,520 days, pairs/s", "sweep", "days.csv", {
        **same(10_000), "raptorbt": Given(10_000, (FRACTION,)),
    }, ("pairs=pairs_days.csv",), bars=lab.DAYS),
    "long": Case("sweep of 100 over 500,000 bars, pairs/s", "sweep", "minutes.csv", {
        **same(100), "raptorbt": Given(100, (FRACTION,)), "backtesting": Given(2),
    }, ("pairs=pairs_minutes.csv", "fee=1"), bars=500_000),
    "rotation": Case("rotation of 500 over 2,520 days, s", "rotation", "panel.csv", {
        **same(lab.DAYS, FRACTION), "bt": Given(lab.DAYS, (FRACTION, CLOSE)),
    }, (f"symbols={lab.SYMBOLS}",), unit=lab.DAYS),
    "reversion": Case("RSI and Bollinger, stop and target, s per million bars", "reversion", "minutes.csv", {
        **same(1_000_000), "backtesting": Given(1_000_000, (SIGNAL,)), "backtrader": Given(50_000, (SIGNAL,)),
    }),
    "cold": Case("2,500 bars, whole process, s", "cross", "minutes.csv", {
        **same(2_500, COLD, of=("vectorbt", "vectorbt-rust", "backtesting", "backtrader")),
        "raptorbt": Given(2_500, (COLD, FRACTION)), **same(2_500, COLD, CLOSE, of=("nautilus", "bt")),
    }, unit=2_500),
}
# What Dirigent's file calls the strategies of the cases, and what else they need.
STRATEGIES = {
    "cross": ({"type": "rules", "let": {"t": "round(close * 10000)", "f": "sma(t, 10)", "s": "sma(t, 30)"},
               "entry": "f > s", "exit": "f <= s"}, {}),
    "rotation": ({"type": "momentum_rotation", "params": {"lookback": 126, "top": 20}},
                 {"portfolio": {"fractional": True}}),
    "reversion": ({"type": "rules",
                   "let": {"t": "round(close * 10000)", "lower": "bbands(t, 20, 2, 2).lower", "middle": "sma(t, 20)",
                           "strength": "rsi(t, 14)"},
                   "entry": "t < lower and strength < 30", "exit": "t > middle"},
                  {"portfolio": {"sizing": {"type": "fixed_quantity", "quantity": 100}},
                   "risk": {"stop_loss_pct": 2, "take_profit_pct": 4}}),
}


def main():
    options = arguments()
    folder = tempfile.mkdtemp(prefix="backtest-", dir=options.folder)
    try:
        lab.write(folder)
        os.chdir(folder)
        print(page(Bench(options).measure(), CASES))
    finally:
        shutil.rmtree(folder)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--folder")
    parser.add_argument("--calm", type=float, default=0)
    parser.add_argument("--dirigent", type=Path, default=RELEASE / "dirigent")
    parser.add_argument("--engine", type=Path, default=RELEASE / "examples" / "backtest_cases")
    options = parser.parse_args()
    for program in (options.dirigent, options.engine):
        if not os.access(program, os.X_OK):
            sys.exit(f"no program at {program}; the end of --help says how to build it")
    options.peers, options.dirigent, options.engine = map(
        Path.absolute, (options.peers, options.dirigent, options.engine))
    return options


class Bench:
    """All samples: `asked[case, who, amount, settings]` is what was answered in each round."""

    def __init__(self, options):
        self.options, self.asked, self.calm = options, defaultdict(list), Calm(options.calm)
        self.found = [name for name in options.only if self.python(name).exists()]
        self.loads, self.ties = [], None
        self.python_version = self.version_of_python()

    def python(self, name):
        return self.options.peers / name.removesuffix("-rust") / "bin" / "python"

    def version_of_python(self):
        told = [subprocess.run([self.python(name), "--version"], capture_output=True, text=True, check=True).stdout
                for name in self.found]
        return ", ".join(sorted({line.split()[1] for line in told}))

    def measure(self):
        for number in range(self.options.rounds):
            for key in self.options.cases:
                say(f"round {number + 1}: {key}")
                self.loads.append(os.getloadavg()[0])
                self.round(key, CASES[key])
        if "cross" in self.options.cases:
            self.closes_as_they_are()
        self.real()
        return self

    def round(self, key, case):
        program = self.program(key, case) if case.kind in STRATEGIES else None
        self.asked[key, "program"] += [program] if program else []
        for name, given in case.peers.items():
            if name in self.found:
                self.calm.wait()
                self.ask(key, case, "dirigent", given)
                answer = self.ask(key, case, name, given)
                if answer and name == "bt" and key == "rotation":
                    free = Given(given.amount, (*given.settings, "fee=0"))
                    for who in (name, "dirigent"):
                        self.ask(key, case, who, free)

    def ask(self, key, case, who, given):
        """What Dirigent's engine or a peer answers, noted; none if it fails, which is said."""
        is_sweep = case.kind == "sweep"
        amount = [f"count={given.amount}"] if is_sweep else []
        words = [case.kind, case.file, case.bars if is_sweep else given.amount, *case.settings, *amount, *given.settings]
        if who == "dirigent":
            words = [word for word in words if word != COLD] + [f"rounds={ENGINE_ROUNDS}"]
            command = [self.options.engine, *words]
        else:
            name = who.removesuffix("-rust")
            script = lab.ROOT / "bench" / "peers" / "backtest" / f"on_{name}.py"
            command = [self.python(who), script, *words, *["engine=rust"] * (name != who)]
        answer, wall, cpu = lab.run(command, PATIENCE_S)
        if answer is None:
            say(f"{who} fails at `{key}`: {wall}")
            return None
        answer = {**answer, "wall": wall, "process": cpu}
        self.asked[key, who, given].append(answer)
        return answer

    def program(self, key, case):
        """`dirigent run` of the case: processor seconds and wall of the process, and its result."""
        strategy, more = STRATEGIES[case.kind]
        file = Path(case.file).absolute()
        if key == "cold":
            file = lab.first(file, 2_500)
        fee = next((int(word[4:]) for word in case.settings if word.startswith("fee=")), 10)
        cost = {"execution": {"commission": {"type": "bps", "value": fee}}}
        path = lab.workflow(".", file, strategy, **more, **cost)
        shutil.rmtree("home", ignore_errors=True)
        command = [self.options.dirigent, "--home", "home", "--quiet", "--output", "json", "run", path]
        answer, wall, cpu = lab.run(command, PATIENCE_S)
        if answer is None:
            sys.exit(f"`dirigent run` of `{key}` fails: {wall}")
        return {"wall": wall, "process": cpu, "equity": answer["result"]["final_equity"]}

    def closes_as_they_are(self):
        """The same without whole ticks: what ties come to."""
        case = Case("", "plain", "minutes.csv", {}, ("fee=1",))
        self.ties = lab.ties("minutes.csv")
        for who in ("dirigent", *(name for name in ("vectorbt", "backtesting") if name in self.found)):
            self.ask("plain", case, who, Given(1_000_000))

    def real(self):
        """Both crossings on years of daily prices."""
        for symbol in ("AAPL", "IBM"):
            file = lab.ROOT / "examples" / "data" / "daily" / f"{symbol}.csv"
            for kind in ("cross", "plain"):
                case = Case("", kind, str(file), {})
                for name in self.found:
                    given = Given(10_000, CASES["cross"].peers[name].settings)
                    self.ask((symbol, kind), case, "dirigent", given)
                    self.ask((symbol, kind), case, name, given)


if __name__ == "__main__":
    main()
