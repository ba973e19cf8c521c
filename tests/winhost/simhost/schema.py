# SPDX-License-Identifier: MIT
"""Closed schemas: what is not in a table is refused, as the Host Compute Service and the Host Network Service do.

A schema is made of the kinds below. Every field carries the schema version it came with and the source of the rule.
"""

import dataclasses
import re

GUID_PATTERN = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"

INVALID_GUID = "InvalidGuid"


class Mismatch(Exception):
    """A document breaks its schema: `field` is the nearest name, `problem` a word as HNS puts in its error text."""

    def __init__(self, path, problem):
        super().__init__(f"{path or 'document'}: {problem}")
        self.path = path
        self.problem = problem

    @property
    def field(self):
        return re.split(r"[.\[]", re.sub(r"(\[\d+\])+$", "", self.path))[-1]


@dataclasses.dataclass(frozen=True)
class Field:
    kind: object
    source: str = ""
    since: tuple = (2, 0)
    required: bool = False


@dataclasses.dataclass(frozen=True)
class Text:
    """A string; `pattern` must match all of it (`problem` says what it is else), `choices` are compared exactly."""

    pattern: str = ""
    choices: tuple = ()
    problem: str = "InvalidString"

    def check(self, value, path, _):
        if not isinstance(value, str):
            raise Mismatch(path, "ExpectedString")
        if self.choices and value not in self.choices:
            raise Mismatch(path, "InvalidEnumValue")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise Mismatch(path, self.problem)


@dataclasses.dataclass(frozen=True)
class Number:
    maximum: int = 2**64 - 1
    minimum: int = 0

    def check(self, value, path, _):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Mismatch(path, "ExpectedNumber")
        if not self.minimum <= value <= self.maximum:
            raise Mismatch(path, "NumberOutOfRange")


@dataclasses.dataclass(frozen=True)
class Flag:
    def check(self, value, path, _):
        if not isinstance(value, bool):
            raise Mismatch(path, "ExpectedBoolean")


@dataclasses.dataclass(frozen=True)
class Array:
    item: object
    length: int = -1  # exactly so many, when not negative

    def check(self, value, path, version):
        if not isinstance(value, list):
            raise Mismatch(path, "ExpectedArray")
        if self.length >= 0 and len(value) != self.length:
            raise Mismatch(path, "InvalidArrayLength")
        for position, item in enumerate(value):
            self.item.check(item, f"{path}[{position}]", version)


@dataclasses.dataclass(frozen=True)
class Map:
    """An object with names of the writer's choice."""

    item: object

    def check(self, value, path, version):
        if not isinstance(value, dict):
            raise Mismatch(path, "ExpectedObject")
        for name, item in value.items():
            self.item.check(item, f"{path}.{name}", version)


@dataclasses.dataclass(frozen=True)
class Either:
    """Enumerations are written as words or as numbers."""

    kinds: tuple

    def check(self, value, path, version):
        problem = None
        for kind in self.kinds:
            try:
                return kind.check(value, path, version)
            except Mismatch as mismatch:
                problem = problem or mismatch
        raise problem


@dataclasses.dataclass(frozen=True)
class Unchecked:
    """Anything: the part is refused, or ignored, by other rules."""

    def check(self, value, path, version):
        pass


class Object:
    """A closed object: every name known, of the right kind and not newer than the host."""

    def __init__(self, source, **fields):
        self.source = source
        self.fields = fields

    def check(self, value, path, version):
        if not isinstance(value, dict):
            raise Mismatch(path, "ExpectedObject")
        prefix = f"{path}." if path else ""
        for name, item in value.items():
            field = self.fields.get(name)
            if not field or field.since > version:
                raise Mismatch(prefix + name, "UnknownField")
            field.kind.check(item, prefix + name, version)
        for name, field in self.fields.items():
            if field.required and name not in value:
                raise Mismatch(prefix + name, "MissingField")

    def source_of(self, name):
        return self.fields[name].source or self.source


TEXT, FLAG, ANYTHING = Text(), Flag(), Unchecked()
U16, U32, U64 = Number(2**16 - 1), Number(2**32 - 1), Number()
GUID = Text(GUID_PATTERN, problem=INVALID_GUID)
STRINGS = Array(TEXT)


def optional(kind, since=(2, 0), source=""):
    return Field(kind, source, since)


def required(kind, since=(2, 0), source=""):
    return Field(kind, source, since, True)


def version_object(source):
    """`{"Major":2,"Minor":0}`; zero may be left out."""
    return Object(source, Major=optional(U32), Minor=optional(U32))


def version_of(document):
    """SchemaVersion of a document as a pair; None when it names none."""
    version = document.get("SchemaVersion") if isinstance(document, dict) else None
    if not isinstance(version, dict):
        return None
    return version.get("Major", 0), version.get("Minor", 0)
