"""Reads records of one schema with another one, by fastavro and by Confluent's client, and judges each value.

Argument: the registry's URL. Standard input: one JSON object a line with the framed record in hex, the reader's schema, and
`expected`, the value's meaning as [what, text]. Prints for each line what both readers gave: right, wrong: <value>, or error.
"""

import datetime
import decimal
import io
import json
import sys
import uuid
from fractions import Fraction

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from fastavro import parse_schema, schemaless_reader

decimal.getcontext().prec = 4000


def meaning(value):
    """What a value says, whatever type a reader gave it."""
    if isinstance(value, list):
        return ["list", [meaning(item) for item in value]]
    if isinstance(value, bool):
        return ["boolean", str(value)]
    if isinstance(value, (int, float, decimal.Decimal)):
        return ["number", str(Fraction(value))]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, datetime.datetime):
        return ["timestamp" if value.tzinfo is None else "timestamptz", value.replace(tzinfo=None).isoformat()]
    if isinstance(value, (datetime.date, datetime.time)):
        return [type(value).__name__, value.isoformat()]
    return ["text", str(value)] if isinstance(value, (str, uuid.UUID)) else ["nothing", str(value)]


def wanted(expected):
    what, text = expected
    if what == "list":
        return ["list", [wanted(item) for item in text]]
    return ["number", str(Fraction(text))] if what == "number" else [what, text]


def judge(read, expected):
    try:
        value = read()["c"]
    except Exception:
        return "error"
    got = meaning(value)
    return "right" if got == wanted(expected) else f"wrong: {got}"


def main():
    client = SchemaRegistryClient({"url": sys.argv[1]})
    parsed, deserializers = {}, {}
    context = SerializationContext("pairs", MessageField.VALUE)
    for line in sys.stdin:
        case = json.loads(line)
        framed = bytes.fromhex(case["record"])
        writer_id, reader = int.from_bytes(framed[1:5], "big"), case["reader"]
        if writer_id not in parsed:
            parsed[writer_id] = parse_schema(json.loads(client.get_schema(writer_id).schema_str))
        if reader not in deserializers:
            parsed[reader] = parse_schema(json.loads(reader))
            deserializers[reader] = AvroDeserializer(client, reader)
        fast = judge(
            lambda: schemaless_reader(io.BytesIO(framed[5:]), parsed[writer_id], parsed[reader]), case["expected"]
        )
        confluent = judge(lambda: deserializers[reader](framed, context), case["expected"])
        print(json.dumps([fast, confluent]))


main()
