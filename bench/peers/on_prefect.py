"""Prefect: its own server with SQLite, tasks on 16 threads."""

import os
import subprocess
import sys
import urllib.request

from shape import COUNT, FOLDER, SIMULTANEOUS, day, free_port, measure, nap, now, until

PORT = free_port()
os.environ.update(
    PREFECT_HOME=f"{FOLDER}/home", PREFECT_API_URL=f"http://127.0.0.1:{PORT}/api",
    PREFECT_LOGGING_LEVEL="ERROR", PREFECT_LOGGING_TO_API_ENABLED="false",
    PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1", PREFECT_CLI_PROMPT="false",
    PREFECT_RESULTS_PERSIST_BY_DEFAULT="false")

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner

RUNNER = ThreadPoolTaskRunner(max_workers=SIMULTANEOUS)


@task
def noop(number):
    return number


@task
def stamp(_):
    return now()


task_of_the_day = task(nap)


@flow(task_runner=RUNNER)
def fan():
    return sum(future.result() for future in noop.map(range(COUNT)))


@flow
def chain(count):
    stamps = [stamp(0)]
    for _ in range(count - 1):
        stamps.append(stamp(stamps[-1]))
    return stamps


@flow(task_runner=RUNNER)
def graph():
    made = {}
    for name, needs in day().items():
        made[name] = task_of_the_day.submit(wait_for=[made[need] for need in needs])
    for future in made.values():
        future.result()


def main():
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(PORT)]
    with open(f"{FOLDER}/server.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        health = os.environ["PREFECT_API_URL"] + "/health"
        until(lambda: urllib.request.urlopen(health, timeout=1).close())
        chain(1)
        measure({"fan": fan, "chain": lambda: chain(COUNT), "day": graph})
    finally:
        server.terminate()
        server.wait()


main()
