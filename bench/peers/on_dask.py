"""Dask: a scheduler and one worker process of 16 threads. Keeps its state in memory."""

from distributed import Client, LocalCluster

from shape import COUNT, SIMULTANEOUS, day, measure, nap, now


def noop(number):
    return number


def stamp(_):
    return now()


def main():
    with LocalCluster(n_workers=1, threads_per_worker=SIMULTANEOUS, dashboard_address=None,
                      host="127.0.0.1") as cluster, Client(cluster) as client:
        def fan():
            return client.submit(sum, client.map(noop, range(COUNT))).result()

        def chain():
            links = [client.submit(stamp, 0, pure=False)]
            for _ in range(COUNT - 1):
                links.append(client.submit(stamp, links[-1], pure=False))
            return client.gather(links)

        def graph():
            made = {}
            for name, needs in day().items():
                made[name] = client.submit(nap, *[made[need] for need in needs], pure=False)
            client.gather(list(made.values()))

        client.submit(noop, -1).result()
        measure({"fan": fan, "chain": chain, "day": graph})


if __name__ == "__main__":
    main()
