"""Reads messages, a JSON object a line, and holds each against Airbyte's own models.

Prints one JSON object: `invalid`, the lines that the models refuse, and `unknown`, the paths of fields that the models do
not have (they would be dropped by a client that passes messages through its models).
"""

import json
import sys
from typing import Any, Iterator

from airbyte_cdk.models import AirbyteMessageSerializer


def lost(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict):
        for key, value in before.items():
            # A null is the same as an absent field in the protocol.
            if value is None:
                continue
            if not isinstance(after, dict) or key not in after:
                yield f"{path}.{key}"
            else:
                yield from lost(value, after[key], f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list):
        for old, new in zip(before, after):
            yield from lost(old, new, f"{path}[]")


def main() -> None:
    invalid = []
    unknown = set()
    for number, line in enumerate(sys.stdin.buffer.read().split(b"\n"), start=1):
        if not line:
            continue
        try:
            message = json.loads(line)
            model = AirbyteMessageSerializer.load(message)
        except Exception as error:  # Whatever the models say of it is the finding.
            invalid.append({"line": number, "error": str(error), "text": line[:200].decode("utf-8", "replace")})
            continue
        # The contents of a record, a state and a JSON schema are free.
        unknown.update(lost(message, AirbyteMessageSerializer.dump(model), message["type"]))
    json.dump({"invalid": invalid, "unknown": sorted(unknown)}, sys.stdout)


main()
