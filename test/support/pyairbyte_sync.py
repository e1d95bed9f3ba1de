"""Drives a connector as Airbyte's own client does. Reads a job from standard input, prints what it saw as JSON.

{"kind": "read", "executable", "config", "cache": dir}   check, discover and read every stream into a DuckDB cache
{"kind": "write", "executable", "config", "faker", "cache": dir}   airbyte-source-faker into a destination
"""

import contextlib
import json
import os
import sys
from decimal import Decimal
from pathlib import Path

job = json.load(sys.stdin)
os.environ["AIRBYTE_OFFLINE_MODE"] = "1"
os.environ["DO_NOT_TRACK"] = "1"


def cache():
    import airbyte as ab

    return ab.new_local_cache(cache_name="sync", cache_dir=Path(job["cache"]), cleanup=False)


def read():
    import airbyte as ab

    source = ab.get_source("source-ewallet", config=job["config"], local_executable=Path(job["executable"]))
    source.check()
    source.select_all_streams()
    store = cache()
    result = source.read(cache=store)
    return {
        "streams": sorted(source.get_available_streams()),
        "processed": result.processed_records,
        "cached": {name: len(store[name].to_pandas()) for name in sorted(source.get_selected_streams())},
        "amounts": str(sum(store["transactions"].to_pandas()["amount"].map(str).map(Decimal))),
    }


def write():
    import airbyte as ab

    faker = ab.get_source(
        "source-faker", config={"count": 50, "seed": 7, "parallelism": 1}, local_executable=Path(job["faker"])
    )
    faker.select_streams(["users", "products"])
    destination = ab.get_destination(
        "destination-kafka", config=job["config"], local_executable=Path(job["executable"])
    )
    destination.check()
    result = destination.write(faker, cache=cache())
    return {"processed": result.processed_records}


with contextlib.redirect_stdout(sys.stderr):
    answer = read() if job["kind"] == "read" else write()
print(json.dumps(answer))
