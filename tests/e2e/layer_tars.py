# SPDX-License-Identifier: MIT
"""A second opinion on the tars of layers: read block by block, from the description of the format and without a look at src/layers.

Only tars that are in order are read; whatever is not raises an exception.
"""
import base64
import collections

BLOCK = 512
EPOCH = 116444736000000000  # 1970 as a FILETIME
ATTRIBUTES, SECURITY, EXTENDED, JUNCTION = "MSWINDOWS.fileattr", "MSWINDOWS.rawsd", "MSWINDOWS.xattr.", "MSWINDOWS.mountpoint"
# what stands nowhere else than in the disk's own notes, and there changes with everything (docs/simulation.md)
CHANGE_TIME = "ctime"

Member = collections.namedtuple("Member", "name kind link mode records data block")


def text(field):
    return field.split(b"\0")[0].decode("utf-8")


def number(field):
    return int(field.split(b"\0")[0].strip() or b"0", 8)


def pax_records(data):
    """{key: value} of an extended header, in its order."""
    found = {}
    while data:
        length = int(data[:data.index(b" ")])
        key, _, value = data[data.index(b" ") + 1:length - 1].partition(b"=")
        assert data[length - 1:length] == b"\n" and key.decode() not in found, data[:80]
        found[key.decode()] = value.decode("utf-8")
        data = data[length:]
    return found


def members(data):
    """Every entry with its extended header's records; the end must be two blocks of zeros and nothing more."""
    at, records = 0, {}
    while data[at:at + BLOCK] != bytes(BLOCK):
        block = data[at:at + BLOCK]
        assert block[257:265] == b"ustar\x0000", (at, block[257:265])
        assert number(block[148:156]) == sum(block[:148]) + 8 * 32 + sum(block[156:]), at
        size, kind = int(records.get("size", number(block[124:136]))), chr(block[156])
        content = data[at + BLOCK:at + BLOCK + size]
        assert len(content) == size and not data[at + BLOCK + size:at + BLOCK + size - size % -BLOCK].strip(b"\0")
        at += BLOCK + size - size % -BLOCK if size % BLOCK else BLOCK + size
        if kind == "x":
            records = pax_records(content)
            continue
        prefix, name = text(block[345:500]), text(block[:100])
        name = records.get("path", f"{prefix}/{name}" if prefix else name)
        yield Member(name, kind, records.get("linkpath", text(block[157:257])), number(block[100:108]), records, content, block)
        records = {}
    assert not data[at:].strip(b"\0") and len(data) - at == 2 * BLOCK, f"{len(data) - at} bytes at the end"


def filetime(value):
    """A PAX time as a FILETIME; it has no more than the seven digits of one."""
    whole, _, fraction = value.partition(".")
    assert len(fraction) <= 7, value
    ticks = int(fraction.ljust(7, "0"))
    return EPOCH + int(whole) * 10_000_000 + (-ticks if whole.startswith("-") else ticks)


def without_change_times(data):
    """The tar as a list that is equal for two tars that differ in times of change alone. Records keep their order."""
    return [(each.name, each.kind, each.mode, list({**each.records, CHANGE_TIME: CHANGE_TIME in each.records}.items()),
             each.data, each.block) for each in members(data)]


def tree(data):
    """{path: attributes of the object}, deletions and streams among them; a hard link is what it leads to."""
    found, owner = {}, None
    for each in members(data):
        name = each.name.rstrip("/")
        base = name.rpartition("/")[2]
        assert name not in found, name
        if owner and name.startswith(owner + ":") and each.kind == "0":
            found[owner]["streams"][name[len(owner) + 1:]] = each.data
            continue
        assert ":" not in base, name
        if base.startswith(".wh."):
            assert not each.records and not each.data, name
            found[name] = {"kind": "deletion"}
        elif each.kind == "1":
            found[name] = found[each.link]  # it must have come before
        else:
            found[name] = properties(each)
        owner = None if each.kind == "1" else name
    return found


def properties(member):
    records = member.records
    return {
        "kind": {"0": "file", "5": "directory", "2": "junction" if JUNCTION in records else "symlink"}[member.kind],
        "attributes": int(records[ATTRIBUTES]),
        "security": base64.b64decode(records[SECURITY]) if SECURITY in records else None,
        "eas": {key.removeprefix(EXTENDED): base64.b64decode(value) for key, value in records.items() if key.startswith(EXTENDED)},
        "link": member.link if member.kind == "2" else None,
        "data": member.data,
        "streams": {},
        "written": filetime(records.get("mtime", str(number(member.block[136:148])))),
        "accessed": filetime(records["atime"]),
        "created": filetime(records["LIBARCHIVE.creationtime"]),
    }


def names_of_one_file(data):
    """Groups of names that are one file, each sorted."""
    groups = {}
    for each in members(data):
        if each.kind == "1":
            groups.setdefault(each.link, {each.link}).add(each.name)
    return sorted(sorted(group) for group in groups.values())
