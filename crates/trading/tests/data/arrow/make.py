"""Makes the Arrow files of this folder from the bundled IBM prices (public domain).

Run from the root of the repository with pyarrow 21 or later, pandas and polars installed:
    python crates/trading/tests/data/arrow/make.py
"""

import pathlib

import pandas as pd
import polars as pl
import pyarrow as pa

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parents[4] / "examples/data/daily/IBM.csv"
PRICES = ["open", "high", "low", "close", "adj_close"]

daily = pd.read_csv(SOURCE, parse_dates=["timestamp"]).head(60)
stamps = daily["timestamp"]
seconds = [int(t.timestamp()) for t in stamps]
dates = pa.array(stamps.dt.date.tolist(), pa.date32())
nanos = pa.array(stamps.astype("datetime64[ns]"), pa.timestamp("ns"))
doubles = {c: pa.array(daily[c].tolist(), pa.float64()) for c in PRICES}


def write(name, table, batch=60, codec=None, opened=pa.ipc.new_file, deltas=False):
    options = pa.ipc.IpcWriteOptions(compression=codec, emit_dictionary_deltas=deltas)
    with opened(HERE / name, table.schema, options=options) as out:
        out.write_table(table, max_chunksize=batch)


def table(times, prices=pa.float64(), volume=pa.int64(), names=PRICES):
    columns = {c: doubles[c].cast(prices) for c in names}
    return pa.table({"timestamp": times, **columns, "volume": pa.array(daily["volume"].tolist()).cast(volume)})


# What pandas and polars write by default, and the four units, zones and dates.
daily.to_feather(HERE / "pandas.feather")
pl.read_csv(SOURCE, try_parse_dates=True).head(60).write_ipc(HERE / "polars.arrow")
for unit in ["s", "ms", "us"]:
    write(f"timestamp_{unit}.arrow", table(nanos.cast(pa.timestamp(unit))), batch=25)
write("timestamp_ns.arrow", table(nanos, pa.float32(), pa.int32()), batch=25, codec="lz4")
york = pa.array([t.tz_localize("America/New_York") for t in stamps], pa.timestamp("us", "America/New_York"))
write("new_york.arrow", table(york))
write("date32.arrow", table(dates, pa.decimal128(18, 6), pa.uint64()))
write("date64.arrow", table(dates.cast(pa.date64()), pa.decimal128(38, 20), pa.float64()))
write("text.arrow", table(dates.cast(pa.string()), pa.string(), pa.uint32()))
write("large_text.arrow", table(dates.cast(pa.large_string()), pa.large_string(), pa.string()), codec="lz4")
write("seconds.arrow", table(pa.array(seconds, pa.int64())))
write("stream.arrows", table(nanos), batch=25, opened=pa.ipc.new_stream)
write("stream_lz4.arrows", table(nanos), codec="lz4", opened=pa.ipc.new_stream)

# Two symbols below each other, their names by number, in a dictionary that grows or is replaced on the way.
def two(first, second):
    names = pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array([d.index(n)] * 60, pa.int8()), pa.array(d))
                              for n, d in [("IBM", first), ("XYZ", second)]])
    closes = pa.chunked_array([doubles["close"], doubles["close"]])
    return pa.table({"date": pa.chunked_array([dates, dates]), "symbol": names, "close": closes})


write("grows.arrow", two(["IBM"], ["IBM", "XYZ"]), deltas=True)
write("grows.arrows", two(["IBM"], ["IBM", "XYZ"]), deltas=True, opened=pa.ipc.new_stream)
write("replaced.arrows", two(["IBM"], ["XYZ", "IBM"]), opened=pa.ipc.new_stream)
# Whole numbers as prices.
cents = pa.array([round(100 * x) for x in daily["close"]], pa.int64())
write("whole.arrow", pa.table({"timestamp": nanos, "close": cents}))

# What is refused.
write("zstd.arrow", table(nanos), codec="zstd")
write("nested.arrow", pa.table({"timestamp": stamps, "close": [[1.0]] * 60}))
write("bool.arrow", pa.table({"timestamp": stamps, "close": [True] * 60}))
write("no_close.arrow", table(nanos, names=["open", "high", "low"]))
write("clock.arrow", pa.table({"date": dates, "time": ["09:30"] * 60, "close": doubles["close"]}))
holes = daily["close"].where(daily.index != 3)
write("hole.arrow", pa.table({"timestamp": stamps, "close": pa.array(holes, from_pandas=True)}), batch=25)
write("nan.arrow", pa.table({"timestamp": stamps, "close": pa.array(holes, from_pandas=False)}))
write("untimed.arrow", pa.table({"timestamp": [None if n == 27 else t for n, t in enumerate(nanos.to_pylist())],
                                 "close": doubles["close"]}), batch=25)
swapped = list(range(60))
swapped[30], swapped[31] = 31, 30
write("unsorted.arrow", pa.table({"timestamp": nanos, "close": doubles["close"]}).take(swapped), batch=25)
write("empty.arrow", pa.table({"timestamp": nanos, "close": doubles["close"]}).slice(0, 0))
write("infinite.arrow", pa.table({"timestamp": nanos, "close": [float("inf") if n == 40 else 1.5 for n in range(60)]}))
write("wide.arrow", pa.table({"timestamp": nanos, "close": pa.array(
    [10**30 if n == 40 else 15 for n in range(60)], pa.decimal128(38, 1))}))
