"""Reads Avro as the registry describes it with fastavro, and compares each field with the JSON that was sent.

Arguments: the registry's URL. Standard input: one JSON object a line with the framed value in hex and the record's data as
text. The oracle is Python's own json module with integers and decimals of any length. Prints {"read": n, "wrong": [...]}.
"""

import datetime
import decimal
import io
import json
import struct
import sys
import urllib.request
import uuid

from fastavro import parse_schema, schemaless_reader

decimal.getcontext().prec = 4000
schemas = {}


def schema_of(registry, schema_id):
    if schema_id not in schemas:
        with urllib.request.urlopen(f"{registry}/schemas/ids/{schema_id}") as answer:
            schemas[schema_id] = json.loads(json.load(answer)["schema"])
    return schemas[schema_id]


def exact(text):
    return json.loads(text, parse_int=decimal.Decimal, parse_float=decimal.Decimal)


def single(number):
    return struct.unpack("f", struct.pack("f", float(number)))[0]


def wanted(avro, sent):
    """What a reader has to get for a JSON value under an Avro type."""
    if sent is None:
        return None
    kind = avro if isinstance(avro, str) else avro.get("logicalType") or avro.get("ewallet.kind") or avro["type"]
    if kind in ("int", "long"):
        return int(sent)
    if kind == "decimal":
        return decimal.Decimal(sent)
    if kind == "float":
        return single(sent)
    if kind == "double":
        return float(sent)
    if kind == "bytes":
        import base64

        return base64.b64decode(sent)
    if kind == "uuid":
        return uuid.UUID(sent)
    if kind == "date":
        return datetime.date.fromisoformat(sent)
    if kind in ("timestamp-micros", "local-timestamp-micros"):
        return datetime.datetime.fromisoformat(sent)
    if kind == "time-micros":
        return datetime.time.fromisoformat(sent)
    if kind == "array":
        return [wanted(avro["items"][1], item) for item in sent]
    return sent


def got(avro, value):
    """Texts that hold numbers or JSON, as the values they hold."""
    if value is None or isinstance(avro, str):
        return value
    kind = avro.get("ewallet.kind")
    if kind == "decimal":
        return decimal.Decimal(value)
    if kind == "json":
        return exact(value)
    if avro["type"] == "array":
        return [got(avro["items"][1], item) for item in value]
    return value


def main():
    registry = sys.argv[1]
    read, wrong = 0, []
    for line in sys.stdin:
        case = json.loads(line)
        message = bytes.fromhex(case["value"])
        schema = schema_of(registry, int.from_bytes(message[1:5], "big"))
        value = schemaless_reader(io.BytesIO(message[5:]), parse_schema(schema))
        sent = exact(case["data"])
        for field in schema["fields"]:
            name = field["name"]
            column = field.get("ewallet.name", name)
            if not isinstance(field["type"], list):
                continue
            avro = field["type"][1]
            if got(avro, value[name]) != wanted(avro, sent.get(column)):
                wrong.append({"field": name, "type": avro, "got": str(value[name]), "sent": str(sent.get(column))})
        read += 1
    print(json.dumps({"read": read, "wrong": wrong}))


main()
