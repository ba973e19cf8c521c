# SPDX-License-Identifier: MIT
"""Fault rules: what shall go wrong at the n-th call of a function.

`faults.json` is a list of rules. It is read again whenever it changes; a rule keeps its count as long as it stays in the file.
"""

import json
import os
import threading
import uuid

ACTIONS = ("fail", "hang", "kill-before", "kill-after", "delay", "lose-power")


def check(rule):
    """Raises ValueError when the rule cannot work."""
    unknown = set(rule) - {"id", "fn", "nth", "do", "hr", "ms", "message"}
    if unknown:
        raise ValueError(f"unknown key in fault rule: {', '.join(sorted(unknown))}")
    if rule.get("do") not in ACTIONS:
        raise ValueError(f"fault rule needs 'do', one of {', '.join(ACTIONS)}")
    if not isinstance(rule.get("fn"), str):
        raise ValueError("fault rule needs 'fn', a function name or '*'")
    if rule["do"] == "fail" and "hr" not in rule:
        raise ValueError("fault rule 'fail' needs 'hr'")
    if rule["do"] == "delay" and not isinstance(rule.get("ms"), int):
        raise ValueError("fault rule 'delay' needs 'ms'")
    return rule


def add(path, rule):
    """Append a rule to the file, atomically, so that the daemon never reads half of it."""
    rules = load(path)
    rules.append({"id": uuid.uuid4().hex, **check(rule)})
    write(path, rules)


def clear(path):
    write(path, [])


def write(path, rules):
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(rules, file, indent=1)
    os.replace(temporary, path)


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [check(rule) for rule in json.load(file)]
    except FileNotFoundError:
        return []


class Faults:
    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.stamp = None
        self.rules = []
        self.counts = {}

    def pick(self, function):
        """The rule that strikes at this call of `function`, or None."""
        with self.lock:
            self._reload()
            struck = None
            for rule in self.rules:
                if rule["fn"] in (function, "*") and self._counted(rule) and not struck:
                    struck = rule
            return struck

    def _counted(self, rule):
        key = rule.get("id") or json.dumps(rule, sort_keys=True)
        self.counts[key] = self.counts.get(key, 0) + 1
        return rule.get("nth") in (None, self.counts[key])

    def _reload(self):
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            self.stamp, self.rules = None, []
            return
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        if stamp != self.stamp:
            self.stamp, self.rules = stamp, load(self.path)
