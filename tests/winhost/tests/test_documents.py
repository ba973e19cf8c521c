# SPDX-License-Identifier: MIT
"""Schemas: one mistake each gets the HRESULT of Windows; what Microsoft's client sends is accepted."""

import copy
import functools
import unittest

from support import trace

from simhost import documents, hcn_documents, schema
from simhost.server import Refusal

GUID = "36175ee3-6655-5487-8ab7-48f3fd0db102"
VOLUME = f"\\\\?\\Volume{{{GUID}}}\\"
INVALID_JSON, INVALID_ARGUMENT = 0x8037010D, 0x80070057

GOOD = {
    "Owner": "wrun", "SchemaVersion": {"Major": 2, "Minor": 1}, "ShouldTerminateOnLastHandleClosed": True,
    "Container": {
        "GuestOs": {"HostName": "builder"},
        "Storage": {"Layers": [{"Id": GUID, "Path": "C:\\L\\base"}], "Path": VOLUME},
        "MappedDirectories": [{"HostPath": f"{VOLUME}cache", "ContainerPath": "C:\\cache", "ReadOnly": True}],
        "MappedPipes": [{"ContainerPipeName": "p", "HostPath": "\\\\.\\pipe\\p"}],
        "Memory": {"SizeInMB": 1024}, "Networking": {"AllowUnqualifiedDnsQuery": True, "DnsSearchList": "a,b", "Namespace": GUID}}}
MISSING = object()


def changed(document, path, value):
    """A copy with the member at `path` ("A.B.0.C") set, or removed when value is MISSING."""
    document = copy.deepcopy(document)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = document
    for part in parents:
        inner = inner[part]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    return document


class ComputeSystemTest(unittest.TestCase):
    def refused(self, code, document, build=20348, check=documents.check_compute_system):
        with self.assertRaises(Refusal) as caught:
            check(document, build)
        self.assertEqual(hex(caught.exception.hr), hex(code), caught.exception)
        return caught.exception.message

    def test_good(self):
        for build in (17763, 20348, 26100):
            documents.check_compute_system(GOOD, build)

    def test_one_mistake_each(self):
        cases = (
            (INVALID_JSON, "Container.Unknown", 1),
            (INVALID_JSON, "unknown", 1),
            (INVALID_JSON, "container", {}),
            (INVALID_JSON, "SchemaVersion", MISSING),
            (INVALID_JSON, "SchemaVersion", "2.1"),
            (INVALID_JSON, "SchemaVersion", {"Major": 2, "Minor": 99}),
            (INVALID_JSON, "SchemaVersion", {"Major": 1, "Minor": 0}),
            (INVALID_JSON, "Container", MISSING),
            (INVALID_JSON, "Container", []),
            (INVALID_JSON, "ShouldTerminateOnLastHandleClosed", "true"),
            (INVALID_JSON, "Owner", 7),
            (INVALID_JSON, "Container.Storage", MISSING),
            (INVALID_JSON, "Container.Storage.Path", MISSING),
            (INVALID_JSON, "Container.Storage.Layers", {}),
            (INVALID_ARGUMENT, "Container.Storage.Layers.0.Id", f"{{{GUID}}}"),
            (INVALID_JSON, "Container.Storage.Layers.0.Id", MISSING),
            (INVALID_JSON, "Container.Storage.Layers.0.ID", GUID),
            (INVALID_JSON, "Container.MappedDirectories.0.Readonly", True),
            (INVALID_JSON, "Container.MappedDirectories.0.ReadOnly", 1),
            (INVALID_JSON, "Container.MappedDirectories.0.HostPath", MISSING),
            (INVALID_JSON, "Container.MappedPipes.0.ContainerPath", "p"),
            (INVALID_JSON, "Container.Memory.SizeInMB", "1024"),
            (INVALID_JSON, "Container.Memory.SizeInMB", -1),
            (INVALID_JSON, "Container.Memory.SizeInMB", 1.5),
            (INVALID_JSON, "Container.Memory.MaximumInMB", 1),
            (INVALID_JSON, "Container.Networking.DnsSearchList", ["a"]),
            (INVALID_JSON, "Container.Networking.AllowUnqualifiedDNSQuery", True),
            (INVALID_ARGUMENT, "Container.Networking.Namespace", "nat"),
            (INVALID_JSON, "Container.Processor", {"Maximum": 10001}),
            (INVALID_JSON, "Container.RegistryChanges", {"AddValues": [{"Key": {"Hive": "Users", "Name": "A"}, "Type": "String"}]}),
            (INVALID_ARGUMENT, "Container.Processor", {"Count": 1, "Maximum": 100}),
            (INVALID_ARGUMENT, "Container.Storage.Path", VOLUME.rstrip("\\")),
            (INVALID_ARGUMENT, "Container.Storage.Path", "C:\\scratch\\"),
            (INVALID_ARGUMENT, "Container.Storage.Layers", []),
            (INVALID_ARGUMENT, "Container.MappedDirectories.0.HostPath", "cache"),
            (INVALID_ARGUMENT, "Container.MappedDirectories.0.HostPath", "C:/cache"),
            (INVALID_ARGUMENT, "Container.MappedDirectories.0.ContainerPath", "D:\\sub"),
            (INVALID_ARGUMENT, "Container.MappedDirectories.0.ContainerPath", "C:\\"),
            (INVALID_ARGUMENT, "Container.MappedDirectories.0.ContainerPath", "sub"),
            (INVALID_ARGUMENT, "Container.MappedPipes.0.HostPath", "C:\\pipe"),
            (INVALID_ARGUMENT, "Container.MappedPipes.0.ContainerPipeName", "\\\\.\\pipe\\p"),
        )
        for code, path, value in cases:
            with self.subTest(path=path, value=value):
                self.refused(code, changed(GOOD, path, value))

    def test_names_the_place(self):
        text = self.refused(INVALID_JSON, changed(GOOD, "Container.MappedDirectories.0.Size", 1))
        self.assertIn("Container.MappedDirectories[0].Size: UnknownField", text)

    def test_fields_newer_than_the_host(self):
        device = [{"Type": "ClassGuid", "InterfaceClassGuid": GUID}]
        document = changed(GOOD, "Container.AssignedDevices", device)
        self.refused(INVALID_JSON, document, 17763)
        documents.check_compute_system(document, 20348)

    def test_processor_of_server_2019(self):
        document = changed(GOOD, "Container.Processor", {"Maximum": 5000})
        self.refused(INVALID_ARGUMENT, document, 17763)
        documents.check_compute_system(document, 20348)
        documents.check_compute_system(changed(GOOD, "Container.Processor", {"Count": 2}), 17763)

    def test_no_hypervisor(self):
        self.refused(0x80370102, {"SystemType": "Container", "HvPartition": True})
        machine = {"SchemaVersion": {"Major": 2, "Minor": 1}, "VirtualMachine": {}}
        self.refused(0x80370102, machine)
        self.refused(INVALID_JSON, {**GOOD, "VirtualMachine": {}})

    def test_every_table_refuses_what_it_does_not_know(self):
        for name, table in documents.TABLES.items():
            with self.subTest(name):
                for document in ({"NoSuchField": 1}, [], "text", 1, None):
                    self.refused(INVALID_JSON, document, check=functools.partial(documents.check, table))

    def test_identifiers(self):
        for text in ("", None, "a\\b", "a\nb", "x" * 300):
            with self.subTest(text), self.assertRaises(Refusal):
                documents.check_id(text)
        documents.check_id("wrun-6a1e")


class ProcessTest(unittest.TestCase):
    def refused(self, code, check, document):
        with self.assertRaises(Refusal) as caught:
            check(document, 20348)
        self.assertEqual(hex(caught.exception.hr), hex(code))

    def test_parameters(self):
        good = {"CommandLine": "cmd /c ver", "Environment": {"A": "b"}, "ConsoleSize": [40, 120], "CreateStdInPipe": True}
        documents.check_process_parameters(good, 20348)
        cases = (
            (INVALID_JSON, "Environment", ["A=b"]), (INVALID_JSON, "Environment", {"A": 1}), (INVALID_JSON, "ConsoleSize", [40]),
            (INVALID_JSON, "ConsoleSize", {"Height": 1}), (INVALID_JSON, "ConsoleSize", [40, 70000]),
            (INVALID_JSON, "CreateStdinPipe", True), (INVALID_JSON, "CreateStdInPipe", 1), (INVALID_JSON, "CommandLine", ["cmd"]),
            (INVALID_ARGUMENT, "CommandLine", ""), (INVALID_ARGUMENT, "CommandLine", MISSING),
            (INVALID_ARGUMENT, "CommandArgs", ["x"]))
        for code, name, value in cases:
            with self.subTest(name=name, value=value):
                self.refused(code, documents.check_process_parameters, changed(good, name, value))

    def test_modify(self):
        documents.check_process_modify({"Operation": "CloseHandle", "CloseHandle": {"Handle": "StdIn"}}, 20348)
        documents.check_process_modify({"Operation": "ConsoleSize", "ConsoleSize": {"Height": 40, "Width": 120}}, 20348)
        cases = ((INVALID_JSON, {"Operation": "Close"}), (INVALID_JSON, {}), (INVALID_ARGUMENT, {"Operation": "CloseHandle"}),
                 (INVALID_JSON, {"Operation": "CloseHandle", "CloseHandle": {"Handle": "stdin"}}),
                 (INVALID_JSON, {"Operation": "CloseHandle", "CloseHandle": "StdIn"}))
        for code, document in cases:
            with self.subTest(document):
                self.refused(code, documents.check_process_modify, document)

    def test_signal(self):
        check = lambda document, build: documents.check(documents.PROCESS_SIGNAL, document, build)  # noqa: E731
        check({"Signal": "CtrlC"}, 20348)
        for document in ({"Signal": "SIGTERM"}, {"Signal": 2}, {}):
            with self.subTest(document):
                self.refused(INVALID_JSON, check, document)


class SourceTest(unittest.TestCase):
    def walk(self, table):
        yield table
        for field in table.fields.values():
            kind = field.kind
            while isinstance(kind, (schema.Array, schema.Map)):
                kind = kind.item
            if isinstance(kind, schema.Object):
                yield from self.walk(kind)

    def test_every_rule_has_one(self):
        count = 0
        for tables in (documents.TABLES, hcn_documents.TABLES):
            for table in (inner for outer in tables.values() for inner in self.walk(outer)):
                for name in table.fields:
                    self.assertTrue(table.source_of(name), name)
                    count += 1
        self.assertGreater(count, 150)


class ReplayTest(unittest.TestCase):
    """Documents of Microsoft's client."""

    def test_recordings(self):
        checks = {"configuration": documents.check_compute_system, "processParameters": documents.check_process_parameters}
        checked = 0
        for name in ("d1-hcs-run-v2api-computecore.jsonl", "d2-hcs-run-v1api-vmcompute-hcsshim0.14.1.jsonl",
                     "e2-containerd-ctr-run.jsonl", "docs/cpucount.jsonl", "docs/gpu-servicing.jsonl", "docs/minimal.jsonl",
                     "docs/mount-file.jsonl"):
            for entry in trace(name):
                for argument, check in checks.items():
                    if argument in entry:
                        check(entry[argument], 20348)
                        checked += 1
                if entry["fn"] == "HcsModifyProcess" and "settings" in entry:
                    documents.check_process_modify(entry["settings"], 20348)
                    checked += 1
        self.assertGreater(checked, 15)


if __name__ == "__main__":
    unittest.main()
