#!/usr/bin/env bash
# Installs the peers that bench/backtest.py measures beside Dirigent: install.sh FOLDER [PEER...]
# Each gets an environment of its own, FOLDER/PEER; about 2 GB in all. PYTHON names the interpreter; the
# newest nautilus_trader needs 3.12 or later.
set -euo pipefail
folder=${1:?usage: install.sh FOLDER [PEER...]}
shift
mkdir -p "$folder"
cd "$folder"
[ $# -gt 0 ] || set -- vectorbt backtesting backtrader nautilus bt raptorbt
for name in "$@"; do
  case $name in
    vectorbt) packages=("vectorbt[rust]") ;;
    nautilus) packages=(nautilus_trader) ;;
    *) packages=("$name") ;;
  esac
  [ -d "$name" ] || "${PYTHON:-python3}" -m venv "$name"
  "$name/bin/pip" install --quiet --disable-pip-version-check numpy pandas "${packages[@]}"
done
