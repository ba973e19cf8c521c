# SPDX-License-Identifier: MIT
"""The journal: every call, its documents and its result, one JSON object a line, shaped like tests/data/traces."""

import json
import threading
import time


def readable(value):
    """Text that is a JSON document becomes that document; the rest stays."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


class Journal:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8")  # pylint: disable=consider-using-with

    def write(self, pid, seq, fields):
        entry = {"t": time.monotonic_ns() // 1000, "pid": pid, "seq": seq, **fields}
        line = json.dumps(entry, ensure_ascii=False)
        with self.lock:
            self.file.write(line + "\n")
            self.file.flush()

    def close(self):
        self.file.close()
