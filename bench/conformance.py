#!/usr/bin/env python3
"""Writes what each peer makes of the same orders: the golden answers that the engine's tests compare with.

  bench/conformance.py --peers FOLDER [--only PEER...]

Each of the peers that `bench/peers/backtest/install.sh FOLDER` installed trades the cases of
`bench/peers/conformance/plan.py` on the bundled daily prices; `crates/trading/tests/data/conformance/PEER.json` is
what it answered: per case and symbol the final equity and all fills as bar, units, price and fee (null
where the peer does not tell it).
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "crates" / "trading" / "tests" / "data" / "conformance"
SYMBOLS = ("AAPL", "IBM")
BARS = 10_000  # more than there are
ORDERS = ["limit_day", "stop_entry", "bracket_limit", "bracket_stop", "stop_limit", "trailing"]
CASES = {
    "vectorbt": ["sma_open", "sma_close", "reversion", "trailing"],
    "backtesting": ["sma_open", "sma_close", "reversion", *ORDERS],
    "backtrader": ["sma_open", "sma_close", "reversion", *ORDERS],
    "nautilus": ["sma_close", "reversion", *(case for case in ORDERS if case != "bracket_stop")],
    "raptorbt": ["sma_open", "sma_close"],
    "bt": ["sma_close"],
}
NAMES = {"backtesting": "backtesting.py", "nautilus": "nautilus_trader"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    options = parser.parse_args()
    GOLDEN.mkdir(exist_ok=True)
    for peer in options.only:
        runs = [(case, symbol, ask(options.peers.absolute(), peer, case, symbol))
                for case in CASES[peer] for symbol in SYMBOLS]
        (GOLDEN / f"{peer}.json").write_text(page(peer, runs))


def ask(peers, peer, case, symbol):
    script = ROOT / "bench" / "peers" / "conformance" / f"on_{peer}.py"
    data = ROOT / "examples" / "data" / "daily" / f"{symbol}.csv"
    command = [peers / peer / "bin" / "python", script, case, data, str(BARS)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{peer} fails at `{case}` on {symbol}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def page(peer, runs):
    """JSON with a line for each run, so that a change shows where it is."""
    head = {"peer": NAMES.get(peer, peer), "version": runs[0][2]["version"],
            "script": f"bench/peers/conformance/on_{peer}.py", "initial_cash": 10_000_000, "fee_bps": 10}
    lines = [json.dumps({"case": case, "symbol": symbol, "equity": run["equity"], "fills": run["fills"]}, separators=(",", ":")) for case, symbol, run in runs]
    start = json.dumps(head, indent=1).removesuffix("\n}")
    return start + ',\n "runs": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"


if __name__ == "__main__":
    main()
