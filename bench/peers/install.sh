#!/usr/bin/env bash
# Installs the peers that bench/engine.py measures beside Dirigent: install.sh FOLDER [PEER...]
# Each gets an environment of its own, FOLDER/PEER, as what they pin clashes; about 1 GB in all.
set -euo pipefail
folder=${1:?usage: install.sh FOLDER [PEER...]}
shift
mkdir -p "$folder"
cd "$folder"
[ $# -gt 0 ] || set -- restate dbos prefect dask ray luigi
for name in "$@"; do
  case $name in
    restate)
      packages=("restate-sdk[serde]" hypercorn httpx)
      # The server comes as an npm package.
      (mkdir -p npm && cd npm && npm install --no-fund --no-audit --silent @restatedev/restate-server)
      ;;
    prefect) packages=(prefect "fastapi>=0.139,<0.150") ;; # newer ones break its server
    dask) packages=(dask distributed) ;;
    *) packages=("$name") ;;
  esac
  [ -d "$name" ] || python3 -m venv "$name"
  "$name/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
done
