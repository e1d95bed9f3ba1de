"""Writes records in transactions of librdkafka, each of which ends as it is told: commit, abort midway, or die with it open.

Arguments: brokers, topic, transactional id. Standard input: a JSON list of {"outcome", "records": [[key, value] in base64]}.
"""

import base64
import json
import os
import sys

from confluent_kafka import Producer

SECONDS = 30


def main() -> None:
    brokers, topic, transactional_id = sys.argv[1:4]
    producer = Producer({"bootstrap.servers": brokers, "transactional.id": transactional_id})
    producer.init_transactions(SECONDS)
    for step in json.load(sys.stdin):
        records = [(base64.b64decode(key), base64.b64decode(value)) for key, value in step["records"]]
        half = len(records) // 2
        producer.begin_transaction()
        for key, value in records[:half]:
            producer.produce(topic, key=key, value=value, partition=0)
        producer.flush(SECONDS)
        # What is not flushed when a transaction is aborted may never be sent.
        for key, value in records[half:]:
            producer.produce(topic, key=key, value=value, partition=0)
        if step["outcome"] == "commit":
            producer.commit_transaction(SECONDS)
        elif step["outcome"] == "abort":
            producer.abort_transaction(SECONDS)
        else:
            producer.flush(SECONDS)
            os._exit(0)


main()
