"""Luigi: one process, its local scheduler in memory; ten worker processes for the day. What is done is a file."""

import logging
import sys

import luigi

from shape import COUNT, FOLDER, day, measure, nap, now

logging.disable(logging.CRITICAL)
sys.setrecursionlimit(100_000)
STAMPS, NUMBERS = [], []


class InMemory(luigi.Task):
    """A task that is done once it ran in this process."""

    number = luigi.IntParameter()
    is_done = False

    def complete(self):
        return self.is_done

    def run(self):
        self.act()
        self.is_done = True


class Noop(InMemory):
    def act(self):
        NUMBERS.append(self.number)


class Fan(InMemory):
    def requires(self):
        return [Noop(number) for number in range(self.number)]

    def act(self):
        pass


class Link(InMemory):
    def requires(self):
        return [Link(self.number - 1)] if self.number else []

    def act(self):
        STAMPS.append(now())


class OfTheDay(luigi.Task):
    name = luigi.Parameter()

    def requires(self):
        return [OfTheDay(need) for need in day()[self.name]]

    def output(self):
        return luigi.LocalTarget(f"{FOLDER}/{self.name}")

    def run(self):
        nap()
        with self.output().open("w") as file:
            file.write("1")


class Day(luigi.WrapperTask):
    def requires(self):
        return [OfTheDay(name) for name in day()]


def build(task, workers=1):
    if not luigi.build([task], local_scheduler=True, workers=workers, no_lock=True, log_level="CRITICAL"):
        raise SystemExit("luigi failed")


def fan():
    build(Fan(COUNT))
    return sum(NUMBERS)


def chain():
    build(Link(COUNT - 1))
    return STAMPS


if __name__ == "__main__":
    build(Noop(-1))
    NUMBERS.clear()
    measure({"fan": fan, "chain": chain, "day": lambda: build(Day(), 10)})
