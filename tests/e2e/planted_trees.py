# SPDX-License-Identifier: MIT
"""Trees with everything that a layer can hold, as plants for a scratch (tests/winhost/simhost/planter.py), and what an export of each must hold."""
import base64
import random

import hosted  # noqa: F401  (it knows where the rest is)
import layer_tars
from image import layertar
from simhost import metadata, planter, transport

FILETIME = 133_000_000_000_000_000
NAMES = ("plain.txt", "with space", "Grüße", "日本語", "emoji-🐫", "dot.in.the.middle", "UPPER", "x" * 90, "[brackets]", "semi;colon",
         "per%cent", "caret^", "a'b", "comma,", "plus+", "~tilde", ".hidden", "$dollar", "@at", "ⅷ")
SIZES = (0, 1, 511, 512, 513, 4096, 70_001)
FILE_ATTRIBUTES = (0x20, 0x21, 0x22, 0x24, 0x27, 0x80, 0x2020, 0x220, 0x820)
DIRECTORY_ATTRIBUTES = (0x10, 0x11, 0x12, 0x16, 0x2010)
TARGETS = ("..\\x", "x\\y", "\\windows", "C:\\Windows\\System32", "\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\",
           "\\\\server\\share\\dir", ".", "Grüße\\日本語")
DESCRIPTORS = (layertar.SD_PLAIN, layertar.SD_INSTALLER, layertar.security_descriptor(layertar.SYSTEM, layertar.SYSTEM),
               layertar.security_descriptor(layertar.USERS, layertar.USERS, *[(layertar.sid(5, 21, n), 0x1F01FF) for n in range(60)]))
TIMES = (FILETIME + 1_234_567, FILETIME, FILETIME + 9_999_999, 116_444_736_000_000_000, 119_600_064_000_000_001, 157_766_880_000_000_007)


def encoded(data):
    return "base64:" + base64.b64encode(data).decode()


class Generator:
    """`things` for the planter. The image below has License.txt, a\\x.txt, a\\noise.bin and Windows\\System32\\config."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.things = []
        self.directories = []
        self.files = []

    def run(self, objects=60):
        """Every value of every table above at least once, then a mixture."""
        self.directory("app", 0)
        for number, name in enumerate(NAMES):
            self.directory(f"app\\{name}", number)
            self.file(f"app\\{name} as a file", number)
        for number, target in enumerate(TARGETS):
            self.link(f"app\\link {number}", "symlink", target, bool(number % 2), number)
        self.link("app\\junction", "junction", "C:\\Windows", True, 0)
        deep = "\\".join(["app", *["level"] * 20])
        for depth in range(2, 22):
            self.directory("\\".join(deep.split("\\")[:depth]), depth)
        self.file(f"{deep}\\{'y' * 120}.txt", 3)
        for number in range(objects):
            parent = self.chance.choice(self.directories)
            (self.directory if self.chance.random() < 0.3 else self.file)(f"{parent}\\n{number}", self.chance.randrange(1000))
        for number in range(6):
            self.hard_link(f"{self.chance.choice(self.directories)}\\hard {number}", self.chance.choice(self.files[:3]))
        self.changes()
        self.hives()
        return self.things

    def changes(self):
        """What becomes of the image's own files."""
        self.things += [
            {"path": "License.txt", "type": "delete"},
            {"path": "a\\x.txt", "type": "delete"}, {"path": "a\\x.txt", "type": "directory", "written": TIMES[1]},
            {"path": "a\\noise.bin", "attributes": 0x22, "security": base64.b64encode(DESCRIPTORS[1]).decode(), "eas": {"NEW": "1"},
             "streams": {"Zone.Identifier": "[ZoneTransfer]\r\nZoneId=3\r\n"}},
            {"path": "old\\tree", "type": "delete"}, {"path": "old\\dir", "type": "delete"}, {"path": "old\\dir", "data": "now a file"},
        ]

    def hives(self):
        for number, name in enumerate(transport.HIVES):
            self.things.append({"path": name, "type": "hive", "data": encoded(layertar.hive(name, 512 * (number + 1))),
                                "written": FILETIME + number})

    # ---- objects ----

    def directory(self, path, number):
        self.directories.append(path)
        self.add(path, "directory", number, attributes=DIRECTORY_ATTRIBUTES[number % len(DIRECTORY_ATTRIBUTES)])

    def file(self, path, number):
        self.files.append(path)
        self.add(path, "file", number, attributes=FILE_ATTRIBUTES[number % len(FILE_ATTRIBUTES)],
                 data=encoded(self.chance.randbytes(SIZES[number % len(SIZES)])))

    def link(self, path, kind, target, directory, number):
        fields = {"target": target, **({"directory": True} if directory and kind == "symlink" else {})}
        self.add(path, kind, number, streams=False, attributes=0x20 if kind == "symlink" and not directory else 0, **fields)

    def hard_link(self, path, target):
        self.things.append({"path": path, "type": "hardlink", "target": target})

    def add(self, path, kind, number, streams=True, **fields):
        thing = {"path": path, "type": kind, **fields, "written": TIMES[number % len(TIMES)],
                 "accessed": TIMES[(number + 1) % len(TIMES)]}
        if number % 5 != 4:  # the others have what a new file gets
            thing["security"] = base64.b64encode(DESCRIPTORS[number % len(DESCRIPTORS)]).decode()
        if number % 3 == 0 and streams:
            thing["eas"] = {f"EA.{each}": encoded(self.chance.randbytes(each * 7)) for each in range(number % 4 + 1)}
        if number % 4 == 0 and streams:
            thing["streams"] = {f"strëam {each}": encoded(self.chance.randbytes(SIZES[each])) for each in range(number % 3 + 1)}
        self.things.append(thing)


def expected(things):
    """{path in the tar: properties} of the objects that were planted whole, as layer_tars.tree() has them."""
    found = {}
    for thing in things:
        path = "Files/" + thing["path"].replace("\\", "/")
        kind = thing.get("type")
        if kind == "hardlink":
            found[path] = found["Files/" + thing["target"].replace("\\", "/")]
        elif kind in ("file", "directory", "symlink", "junction") and "attributes" in thing:
            found[path] = properties(thing, kind)
    return found


def properties(thing, kind):
    is_directory = kind in ("directory", "junction") or thing.get("directory")
    is_link = kind in ("symlink", "junction")
    return {
        "kind": kind,
        "attributes": thing["attributes"] | (0x10 if is_directory else 0) | (0x400 if is_link else 0),
        "security": base64.b64decode(thing["security"]) if "security" in thing else metadata.DEFAULT_SECURITY,
        "eas": {name: planter.binary(value) for name, value in thing.get("eas", {}).items()},
        "link": thing.get("target") if is_link else None,
        "data": planter.binary(thing.get("data", "")),
        "streams": {name: planter.binary(data) for name, data in thing.get("streams", {}).items()},
        "written": thing["written"],
        "accessed": thing["accessed"],
        "created": thing["written"],  # all that Wine has to show
    }


def of_tar(data):
    """Things that make ExportLayer give what a recorded export had: {path: properties} of layer_tars.tree() turned around."""
    things = []
    for path, properties in layer_tars.tree(data).items():
        root, _, inner = path.partition("/")
        directory, _, base = inner.rpartition("/")
        inner = inner.replace("/", "\\")
        if root == "Hives" and inner:
            things.append({"path": inner, "type": "hive", "data": encoded(properties["data"]), "written": properties["written"]})
        elif base.startswith(".wh."):
            things.append({"path": f"{directory}/{base[4:]}".replace("/", "\\"), "type": "delete"})
        elif inner:
            things.append(of_properties(inner, properties))
    return things


def of_properties(path, properties):
    thing = {"path": path, "type": properties["kind"], "attributes": properties["attributes"],
             "security": base64.b64encode(properties["security"]).decode(),
             "written": properties["written"], "accessed": properties["accessed"],
             "eas": {name: encoded(value) for name, value in properties["eas"].items()},
             "streams": {name: encoded(value) for name, value in properties["streams"].items()}}
    if properties["link"] is not None:
        thing |= {"target": properties["link"], "directory": bool(properties["attributes"] & 0x10)}
    if properties["kind"] == "file":
        thing["data"] = encoded(properties["data"])
    return {name: value for name, value in thing.items() if value not in ({}, False)}
