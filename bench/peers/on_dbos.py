"""DBOS Transact with SQLite: every step is recorded. The day is four stages, each awaited whole."""

import asyncio

from dbos import DBOS

from shape import COUNT, FOLDER, NAP_S, STAGES, measure, now

AT_ONCE = 100
DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{FOLDER}/dbos.db",
             "log_level": "ERROR", "run_admin_server": False})


@DBOS.step()
async def noop(number):
    return number


@DBOS.step()
async def nap(number):
    await asyncio.sleep(NAP_S)
    return number


@DBOS.step()
def stamp():
    return now()


@DBOS.workflow()
async def fan(count):
    total = 0
    for first in range(0, count, AT_ONCE):
        steps = [noop(number) for number in range(first, min(count, first + AT_ONCE))]
        total += sum(await asyncio.gather(*steps))
    return total


@DBOS.workflow()
def chain(count):
    return [stamp() for _ in range(count)]


@DBOS.workflow()
async def stages():
    for size in STAGES:
        await asyncio.gather(*[nap(number) for number in range(size)])


DBOS.launch()
chain(1)
measure({"fan": lambda: asyncio.run(fan(COUNT)), "chain": lambda: chain(COUNT),
         "day": lambda: asyncio.run(stages())})
DBOS.destroy()
