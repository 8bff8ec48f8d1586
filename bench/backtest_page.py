"""What `backtest.py` prints of its samples."""

import os
import platform
from statistics import median

from engine import span

CENT = 0.005


def page(bench, cases):
    return "\n\n".join([machine(bench), table(bench, cases), notes(bench, cases), real(bench)])


def machine(bench):
    versions = {}
    for key, answers in bench.asked.items():
        if len(key) == 3 and key[1] != "dirigent":
            versions[key[1]] = f"{key[1]} {answers[-1]['version']}"
    return (f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, load {span(bench.loads)}, kept busy by "
            f"others to {span(bench.calm.busy, 100, 0)} % before a measurement; Python "
            f"{bench.python_version}; peers: {', '.join(versions.values())}.")


def table(bench, cases):
    rows = ["| case | peer | given | measured | Dirigent's engine | ratio | `dirigent run` | ratio | money |",
            "| --- " * 9 + "|"]
    for key in bench.options.cases:
        rows += rows_of(bench, key, cases[key])
    return "\n".join(rows)


def rows_of(bench, key, case):
    for name, given in case.peers.items():
        theirs, ours = (bench.asked.get((key, who, given), []) for who in (name, "dirigent"))
        if theirs and ours:
            money = agreement(bench, key, name, given)
            if key == "cold":
                yield cold_row(bench, case, name, given, theirs, money)
            else:
                yield row(bench, key, case, name, given, (theirs, ours, "seconds"), money)
                if "alone" in theirs[0]:
                    yield row(bench, key, case, name + ", signals ready", given, (theirs, ours, "alone"), "")


def row(bench, key, case, name, given, samples, money):
    theirs, ours, field = samples
    is_sweep = case.kind == "sweep"
    figure = lambda seconds: given.amount / seconds if is_sweep else seconds * case.unit / given.amount
    values, own = ([figure(answer[field]) for answer in answers] for answers in (theirs, ours))
    better = lambda mine: mine / median(values) if is_sweep else median(values) / mine
    digits = 0 if is_sweep and median(values) > 100 else 3
    program = [answer["process"] for answer in bench.asked.get((key, "program"), [])] if field == "seconds" else []
    whole = f"{median(program):,.2f} | {better(median(program)):,.1f}" if program else " | "
    return (f"| {case.what} | {name} | {given.amount:,} | {span(values, digits=digits)} "
            f"| {span(own, digits=0 if is_sweep else 4)} | {better(median(own)):,.1f} | {whole} | {money} |")


def cold_row(bench, case, name, given, theirs, money):
    """Processor seconds of whole processes, and the ratio of the wall times."""
    program = bench.asked["cold", "program"]
    cpu, wall = ([median(answer[field] for answer in answers) for answers in (theirs, program)]
                 for field in ("process", "wall"))
    return (f"| {case.what} | {name} | {given.amount:,} | {span([answer['process'] for answer in theirs], digits=2)} "
            f"| | | {cpu[1]:.3f} | {cpu[0] / cpu[1]:,.0f}; wall {wall[0] / wall[1]:,.0f} | {money} |")


def agreement(bench, key, name, given):
    """Whether a peer comes to the money that Dirigent comes to, and if not, by what that is explained."""
    theirs, ours = (bench.asked[key, who, given][-1] for who in (name, "dirigent"))
    apart = theirs["equity"] - ours["equity"]
    if theirs["fills"] != ours["fills"]:
        return f"{theirs['fills']:,} fills, not {ours['fills']:,}; {apart:+,.2f}"
    if abs(apart) < CENT:
        return f"{ours['fills']:,} fills; equal to the cent"
    worth = theirs.get("overtaken_worth", 0)
    if theirs.get("overtaken") and abs(apart + worth) < CENT:
        return (f"{ours['fills']:,} fills; {apart:+,.2f}, all of it from {theirs['overtaken']} exit at an open that a "
                "stop of the same bar overtakes")
    free = type(given)(given.amount, (*given.settings, "fee=0"))
    if (key, name, free) in bench.asked:
        theirs, ours = (bench.asked[key, who, free][-1] for who in (name, "dirigent"))
        if theirs["fills"] == ours["fills"] and abs(theirs["equity"] - ours["equity"]) < CENT:
            return f"{ours['fills']:,} fills; {apart:+,.2f}, equal to the cent without commission"
    return f"{ours['fills']:,} fills; **{apart:+,.2f}**"


def notes(bench, cases):
    """What the table has no column for."""
    lines = []
    for key in bench.options.cases:
        lines += sweeps(bench, key, cases[key])
        programs = bench.asked.get((key, "program"), [])
        whole = [answers[-1] for (case, who, given), answers in
                 ((asked, answers) for asked, answers in bench.asked.items() if len(asked) == 3)
                 if case == key and who == "dirigent" and is_program(given, cases[key])]
        if programs and whole:
            apart = programs[-1]["equity"] - whole[-1]["equity"]
            told = "equal to the cent" if abs(apart) < CENT else f"apart by **{apart:+,.2f}**"
            lines.append(f"- {key}: `dirigent run` ends with {programs[-1]['equity']:,.2f}; the engine alone: {told}.")
    plain = {who: answers[-1] for (case, who, *_), answers in bench.asked.items() if case == "plain"}
    for who, answer in plain.items():
        lines.append(f"- averages of closes as they are, a million bars: {who} {answer['fills']:,} fills, "
                     f"{answer['equity']:,.2f}.")
    if plain:
        lines.append(f"- bars of these on which both averages are the same number: {bench.ties:,}.")
    return "\n".join(lines)


def is_program(given, case):
    """Whether the engine was asked what the file of the whole program says."""
    most = max(other.amount for other in case.peers.values())
    return given.amount == most and not any(word in given.settings for word in ("fill=close", "stop=signal", "fee=0")) \
        and ("lot=fraction" in given.settings) == (case.kind == "rotation")


def sweeps(bench, key, case):
    for name, given in case.peers.items():
        theirs, ours = (bench.asked.get((key, who, given), [{}])[-1] for who in (name, "dirigent"))
        pairs = [f"{field} {theirs[field]:.6f} and {ours[field]:.6f}" for field in ("sharpe", "drawdown")
                 if field in theirs and field in ours]
        if pairs:
            yield f"- {key}, sums over {given.amount:,} pairs, {name} and Dirigent: {', '.join(pairs)}."


def real(bench):
    rows = ["| daily prices | averages of | peer | trades at | fills | final equity | Dirigent |", "| --- " * 7 + "|"]
    for (key, who, given), answers in ((asked, answers) for asked, answers in bench.asked.items() if len(asked) == 3):
        if isinstance(key, tuple) and who != "dirigent":
            ours, theirs = bench.asked[key, "dirigent", given][-1], answers[-1]
            apart = theirs["equity"] - ours["equity"]
            told = "equal to the cent" if abs(apart) < CENT else f"{ours['equity']:,.2f}"
            way = "close" if "fill=close" in given.settings else "next open"
            way += ", fractions" if "lot=fraction" in given.settings else ""
            what = "ticks" if key[1] == "cross" else "closes"
            rows.append(f"| {key[0]} | {what} | {who} | {way} | {theirs['fills']} | {theirs['equity']:,.2f} | {told} |")
    return "\n".join(rows)
