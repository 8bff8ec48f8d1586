"""Restate: its server and one service in this process. The day is four stages, each awaited whole.

The server is the program that `RESTATE_SERVER` names.
"""

import asyncio
import os
import subprocess
import threading

import httpx
import hypercorn.asyncio
import hypercorn.config
import restate

from shape import COUNT, FOLDER, NAP_S, PATIENCE_S, STAGES, free_port, measure, now, until

INGRESS, ADMIN, NODE, OURS = (free_port() for _ in range(4))
service = restate.Service("bench")


@service.handler()
async def noop(ctx, number: int) -> int:
    return number


@service.handler()
async def fan(ctx, count: int) -> int:
    calls = [ctx.service_call(noop, arg=number) for number in range(count)]
    return sum([await call for call in calls])


@service.handler()
async def chain(ctx, count: int) -> list:
    return [await ctx.run("stamp", lambda: now()) for _ in range(count)]


async def nap():
    await asyncio.sleep(NAP_S)
    return 1


@service.handler()
async def stages(ctx, _: int) -> int:
    for size in STAGES:
        await restate.gather(*[ctx.run("nap", nap) for _ in range(size)])
    return 1


def serve():
    config = hypercorn.config.Config()
    config.bind, config.loglevel = [f"127.0.0.1:{OURS}"], "error"
    app = restate.app([service])
    forever = asyncio.Future
    asyncio.run(hypercorn.asyncio.serve(app, config, shutdown_trigger=lambda: forever()))


def start_server():
    settings = {
        "INGRESS__BIND_ADDRESS": f"127.0.0.1:{INGRESS}", "ADMIN__BIND_ADDRESS": f"127.0.0.1:{ADMIN}",
        "BIND_ADDRESS": f"127.0.0.1:{NODE}", "ADVERTISED_ADDRESS": f"http://127.0.0.1:{NODE}",
        "LOG_FILTER": "error", "DISABLE_TELEMETRY": "true", "ROCKSDB_TOTAL_MEMORY_SIZE": "512MB"}
    environment = {**os.environ, **{f"RESTATE_{name}": value for name, value in settings.items()}}
    command = [os.environ["RESTATE_SERVER"], "--base-dir", f"{FOLDER}/data", "--node-name", "n1"]
    with open(f"{FOLDER}/server.log", "w") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def main():
    threading.Thread(target=serve, daemon=True).start()
    server = start_server()
    client = httpx.Client(timeout=PATIENCE_S * 4)

    def call(handler, argument):
        address = f"http://127.0.0.1:{INGRESS}/bench/{handler}"
        return client.post(address, json=argument).raise_for_status().json()

    try:
        admin = f"http://127.0.0.1:{ADMIN}"
        until(lambda: client.get(f"{admin}/health").raise_for_status())
        ours = {"uri": f"http://127.0.0.1:{OURS}"}
        until(lambda: client.post(f"{admin}/deployments", json=ours).raise_for_status())
        until(lambda: call("noop", 1))
        measure({"fan": lambda: call("fan", COUNT), "chain": lambda: call("chain", COUNT),
                 "day": lambda: call("stages", 1)})
    finally:
        server.kill()
        server.wait()


main()
