"""Makes the Parquet files of this folder from the bundled IBM prices (public domain).

Run from the root of the repository with pyarrow, pandas and polars installed:
    python crates/trading/tests/data/parquet/make.py
"""

import pathlib

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parents[4] / "examples/data/daily/IBM.csv"

daily = pd.read_csv(SOURCE, parse_dates=["timestamp"]).head(60)

# What pandas writes by default: the index is a column of its own, snappy.
daily.set_index("timestamp").to_parquet(HERE / "pandas_index.parquet")
daily.rename(columns={"timestamp": "Date", "adj_close": "Adj Close"}).to_parquet(
    HERE / "pandas_columns.parquet", index=False
)
utc = daily.set_index("timestamp").tz_localize("America/New_York")
utc.to_parquet(HERE / "pandas_zone.parquet")
# What polars writes by default: zstd, which is refused with words that help.
frame = pl.read_csv(SOURCE, try_parse_dates=True).head(60)
frame.write_parquet(HERE / "polars_zstd.parquet")
frame.write_parquet(HERE / "polars_snappy.parquet", compression="snappy")


def write(name, times, prices, volume, **options):
    table = pa.table(
        {
            "timestamp": times,
            **{c: pa.array(daily[c].tolist(), type=pa.float64()).cast(prices)
               for c in ["open", "high", "low", "close", "adj_close"]},
            "volume": pa.array(daily["volume"].tolist(), type=volume),
        }
    )
    pq.write_table(table, HERE / f"{name}.parquet", **options)


stamps = daily["timestamp"]
nanos = [int(t.value) for t in stamps]
write("date_float", pa.array(stamps.dt.date.tolist(), pa.date32()), pa.float32(), pa.int32(), compression="snappy")
write("seconds_string", pa.array([n // 10**9 for n in nanos]), pa.string(), pa.int64(), compression="none")
write("text_decimal", pa.array(stamps.dt.strftime("%Y-%m-%d").tolist()), pa.decimal128(18, 6), pa.float64(), compression="snappy")
write("int96", pa.array(stamps), pa.float64(), pa.int64(), use_deprecated_int96_timestamps=True, compression="snappy", data_page_version="2.0")
for unit in ["ms", "us", "ns"]:
    write(f"timestamp_{unit}", pa.array(stamps.astype(f"datetime64[{unit}]"), pa.timestamp(unit)), pa.float64(), pa.int64(),
          version="2.6", row_group_size=25, compression="snappy")
write("gzip", pa.array(stamps), pa.float64(), pa.int64(), compression="gzip")
pq.write_table(pa.table({"timestamp": stamps, "close": [[1.0]] * len(daily)}), HERE / "nested.parquet", compression="snappy")
holes = daily["close"].where(daily.index != 3)
pq.write_table(pa.table({"timestamp": stamps, "close": pa.array(holes)}), HERE / "hole.parquet", compression="snappy")
clock = {"date": stamps.dt.date.tolist(), "time": ["09:30"] * len(daily), "close": daily["close"]}
pq.write_table(pa.table(clock), HERE / "clock.parquet", compression="snappy")
