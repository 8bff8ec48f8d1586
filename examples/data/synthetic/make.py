"""Makes quotes.csv and trades.csv: one synthetic day of a stock that nobody trades.

A book of two queues, after Cont and de Larrard (2013): orders join the best bid and the best ask, leave
them or trade with them; where a queue is empty the price moves by a tick and both begin anew. Nothing here
was ever a price. Run it where the files shall be; the same seed makes the same files.
"""

import random

SEED = 20240102
OPEN, LENGTH = 14 * 3600 + 1800, 6 * 3600 + 1800  # 09:30 to 16:00 in New York, winter, in UTC
EVENTS_PER_SECOND = 0.16
TICK = 1  # cent


def stamp(seconds):
    """The time of day as text, to the millisecond."""
    millis = round(seconds * 1000)
    second, millis = divmod(millis, 1000)
    return f"2024-01-02T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{millis:03}Z"


def make(draw):
    """The rows of both files."""
    bid, sizes = 5_000, [600, 500]
    fresh = lambda: 100 * (1 + int(draw.expovariate(1 / 5)))
    quotes, trades, now = [], [], float(OPEN)
    lean = 0.0
    while now < OPEN + LENGTH:
        quotes.append((stamp(now), bid, bid + TICK, *sizes))
        now += draw.expovariate(EVENTS_PER_SECOND)
        lean = 0.97 * lean + draw.gauss(0, 0.05)
        side = int(draw.random() < 0.5 + max(-0.3, min(0.3, lean)))  # the side that is hit: 1 the ask
        kind = draw.random()
        if kind < 0.42:
            sizes[draw.randrange(2)] += 100 * draw.randint(1, 3)
        elif kind < 0.62:
            sizes[side] -= min(sizes[side], 100 * draw.randint(1, 3))
        else:
            size = min(sizes[side], 100 * draw.randint(1, 4))
            trades.append((stamp(now), bid + side * TICK, size))
            sizes[side] -= size
        if 0 in sizes:
            bid += TICK if sizes[1] == 0 else -TICK
            sizes = [fresh(), fresh()]
    return quotes, trades


def main():
    quotes, trades = make(random.Random(SEED))
    cents = lambda price: f"{price // 100}.{price % 100:02}"
    with open("quotes.csv", "w", newline="\n") as out:
        out.write("timestamp,bid,ask,bid_size,ask_size\n")
        for time, bid, ask, bid_size, ask_size in quotes:
            out.write(f"{time},{cents(bid)},{cents(ask)},{bid_size},{ask_size}\n")
    with open("trades.csv", "w", newline="\n") as out:
        out.write("timestamp,price,size\n")
        for time, price, size in trades:
            out.write(f"{time},{cents(price)},{size}\n")


if __name__ == "__main__":
    main()
