"""Ray: one node; as many processes as the day needs, two for the rest. Keeps its state in memory."""

import os
import time

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray

from shape import CASE, COUNT, NAP_S, day, measure, now


@ray.remote
def noop(number):
    return number


@ray.remote
def stamp(_):
    return now()


@ray.remote
def task_of_the_day(*_, seconds=NAP_S):
    # Not `shape.nap`: the processes of Ray cannot import what reads our arguments.
    time.sleep(seconds)


def fan():
    return sum(ray.get([noop.remote(number) for number in range(COUNT)]))


def chain():
    links = [stamp.remote(0)]
    for _ in range(COUNT - 1):
        links.append(stamp.remote(links[-1]))
    return ray.get(links)


def graph():
    made = {}
    for name, needs in day().items():
        made[name] = task_of_the_day.remote(*[made[need] for need in needs])
    ray.get(list(made.values()))


ray.init(num_cpus=10 if CASE == "day" else 2, include_dashboard=False, log_to_driver=False,
         _node_ip_address="127.0.0.1", object_store_memory=200 << 20)
ray.get(noop.remote(1))
if CASE == "day":
    ray.get([task_of_the_day.remote() for _ in range(30)])  # starts the processes
measure({"fan": fan, "chain": chain, "day": graph})
ray.shutdown()
