"""What every peer is given, and what it answers: one line of JSON.

  PYTHON bench/peers/on_PEER.py CASE COUNT FOLDER

CASE is `fan` (COUNT tasks that do nothing, and one that adds up what they return), `chain` (COUNT
tasks, each after the one before), or `day` (30 tasks of 50 ms in four stages; a task needs two of
the stage before, the last stage needs all). FOLDER is empty and for the peer. The time counts from
handing over the work to holding its result, with servers up and one task done before.
"""

import json
import socket
import sys
import time

CASE, COUNT, FOLDER = sys.argv[1], int(sys.argv[2]), sys.argv[3]
STAGES, NAP_S = (6, 10, 10, 4), 0.05
SIMULTANEOUS = 16
PATIENCE_S = 120
now = time.monotonic  # one clock for all processes of the machine


def nap(*_):
    """A task of the day."""
    time.sleep(NAP_S)
    return 1


def day():
    """The tasks of the day by name, with the names of what they need; needed ones come first."""
    needs = {}
    for stage, size in enumerate(STAGES):
        before = STAGES[stage - 1]
        for number in range(size):
            others = range(before) if stage == 3 else sorted({number % before, (number + 1) % before})
            needs[f"s{stage}t{number}"] = [f"s{stage - 1}t{other}" for other in others] if stage else []
    return needs


def measure(cases):
    """Carries out the case that is asked for, and answers."""
    begun = now()
    result = cases[CASE]()
    answer = {"seconds": now() - begun}
    if CASE == "fan" and result != COUNT * (COUNT - 1) // 2:
        raise SystemExit(f"the fan returned {result}")
    if CASE == "chain":
        if len(result) != COUNT:
            raise SystemExit(f"the chain has {len(result)} links")
        hops = sorted(later - earlier for earlier, later in zip(result, result[1:]))
        answer["hop_p50_ms"] = hops[len(hops) // 2] * 1e3
    print(json.dumps(answer), flush=True)


def free_port():
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(ready):
    """Calls `ready` until it raises nothing; what it returned."""
    deadline = now() + PATIENCE_S
    while True:
        try:
            return ready()
        except Exception:
            if now() > deadline:
                raise
            time.sleep(0.05)
