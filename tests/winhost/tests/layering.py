# SPDX-License-Identifier: MIT
"""For tests of the layer calls: layers, staging folders and scratches on a machine in reduced mode, without a daemon."""

import os
import struct
import unittest

import rig
from rig import OK, chain
from simhost import layers, transport

NOT_FOUND, PATH_NOT_FOUND, BAD_DATA, SHARING, BAD_ARGUMENT, EXISTS, ELEMENT = (
    "0x80070002", "0x80070003", "0x8007000d", "0x80070020", "0x80070057", "0x800700b7", "0x80070490")


def reparse(target, junction=False, relative=False):
    name = target if relative else "\\??\\" + target
    substitute, printed = name.encode("utf-16-le"), target.encode("utf-16-le")
    flags = b"" if junction else struct.pack("<I", int(relative))
    body = struct.pack("<HHHH", 0, len(substitute), len(substitute) + 2, len(printed)) + flags + substitute + b"\0\0" + printed + b"\0\0"
    return struct.pack("<IHH", 0xA0000003 if junction else 0xA000000C, len(body), 0) + body


class Staging:
    """A transport folder under construction, on C: of the machine."""

    def __init__(self, desk, name="staging"):
        self.path = desk.disk(name)
        self.name = f"C:\\{name}"
        os.makedirs(self.path)
        self.directory("Files")

    def directory(self, relative, **fields):
        path = os.path.join(self.path, relative)
        os.makedirs(path)
        rig.write(path + transport.DIRECTORY_SUFFIX, transport.pack(0x10, **fields))
        return self

    def file(self, relative, data=b"", **fields):
        rig.write(os.path.join(self.path, relative), transport.pack(0x20, data=data, **fields))
        return self

    def raw(self, relative, data):
        rig.write(os.path.join(self.path, relative), data)
        return self


class LayerTest(unittest.TestCase):
    def setUp(self):
        self.desk = rig.Desk(self)

    def base(self, name="base", more=()):
        rig.make_base_files(self.desk.disk("L", name), programs=(), more=more)
        self.expect(OK, self.desk.call("ProcessBaseImage", path=f"\\\\?\\C:\\L\\{name}"))
        return f"C:\\L\\{name}"

    def imported(self, name, staging, *parents):
        os.makedirs(self.desk.disk("L", name), exist_ok=True)
        self.expect(OK, self.desk.layer("ImportLayer", id=f"\\\\?\\C:\\L\\{name}", path=staging.name, descriptors=chain(*parents)))
        return f"C:\\L\\{name}"

    def scratch(self, name, *parents):
        self.expect(OK, self.desk.layer("CreateSandboxLayer", id=f"C:\\L\\{name}", parent=None, descriptors=chain(*parents)))
        return f"C:\\L\\{name}"

    def prepared(self, name, *parents):
        scratch = self.scratch(name, *parents)
        self.expect(OK, self.desk.layer("ActivateLayer", id=scratch))
        self.expect(OK, self.desk.layer("PrepareLayer", id=scratch, descriptors=chain(*parents)))
        return scratch

    def merged(self, *parents):
        """The merged directory of a chain, as a list of paths without the system's."""
        part = self.desk.host.part(layers.Layers)
        return part.merged(part.chain([rig.descriptor(each) for each in parents]))

    def expect(self, code, reply):
        self.assertEqual(code, reply[0], reply[1])

    def volume(self, scratch):
        """Where the files of a prepared scratch are."""
        return self.desk.host.paths.host(self.desk.layer("GetLayerMountPath", id=scratch)[1]["mount"] + "\\")
