# SPDX-License-Identifier: MIT
"""Recordings of Microsoft's own client, replayed on the simulated host: every call must end as it did for that client.

The recordings were made against a stub that answered everything, so identifiers are invented there. A GUID, handle, process id or
volume is known by the call that first returned it, and stands for what that call returns here. Calls that are not replayed, and
answers that cannot be the same, stand in the tables below with the reason.
"""

import json
import os
import tarfile
import unittest

from replaying import (BUILD, CREATED, DRIVER, OK, PENDING, PROCESS_EXITED, SYSTEM_EXITED, TRACES, ReplayTest, Script, compact,
                       layer, layer_id, text)
import planted_trees
from simhost import control, transport, wine

SNAPSHOTS = "C:\\ctrd\\root\\io.containerd.snapshotter.v1.windows\\snapshots"
CLIENT_FILES = "calls into kernel32 by the client's own unpacker; their outcome is what ProcessBaseImage and ImportLayer get"
OTHER_API = "the other API to the same service; wrun does not use it, and only its documents are sent here"

# whole functions that are not replayed
NOT_REPLAYED = {
    "kernel32(backup)": CLIENT_FILES,
    "computecore": OTHER_API,
    "bindfltapi": "containerd's own mount of the image for its administrator; no layer call and no compute system call needs it",
}

# (recording, pid, seq): HRESULT of Windows, and why the stub's cannot be it
OTHER_ANSWER = {
    ("d2", 452, 9): (PENDING, "the stub had created the system when it returned; Windows says pending, and notifies"),
}

# programs in command lines: Wine's own powershell.exe ends at once, but this one is to be terminated while it runs
OTHER_PROGRAM = {"powershell.exe -Command": "ctrlwait.exe -Command"}

# notifications that come in addition to the recorded ones: (recording, handle): types, and why
MORE_NOTIFICATIONS = {
    ("d2", "0xc82120"): (PROCESS_EXITED,
                         "the stub told one handle of the process, Windows tells all; the client had unregistered or not"),
}

VERBS = ("Enumerate", "Create", "Open", "Modify", "Query", "Delete", "Close")


def read(name):
    with open(os.path.join(TRACES, name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Translator:
    """Turns the entries of one recording into a script, with what each line must return."""

    def __init__(self, recording):
        self.recording = recording
        self.script = Script()
        self.expected = {}  # line -> (function, HRESULT)
        self.known = {}  # what was recorded -> variable
        self.streams = {}  # line of a HcsCreateProcess -> recorded entry
        self.skipped = []
        self.names = 0

    def name(self, stem):
        self.names += 1
        return f"{stem}{self.names}"

    def mapped(self, document):
        """The document with everything that was invented in its recording replaced by variables."""
        result = compact(document)
        for recorded, other in [*OTHER_PROGRAM.items(), *((each, f"$({name})") for each, name in self.known.items())]:
            result = result.replace(recorded, other)
        return result

    def text(self, document):
        return "null" if document is None else f"text:{self.mapped(document)}"

    def layers(self, entry):
        """Fields of the descriptor array; NULL and 0 when it is empty."""
        fields = [layer(each["Path"], self.mapped(each["LayerId"]), each["Flags"]) for each in entry["descriptors"]]
        return fields or ["null", "number:0"]

    def driver(self, entry):
        return f"driver:{entry['driverInfo']['Flavour']}:{entry['driverInfo']['HomeDir']}"

    def handle(self, recorded):
        return f"handle:{self.known[recorded]}"

    def add(self, entry, *fields):
        code = OTHER_ANSWER.get((self.recording, entry["pid"], entry["seq"]), (entry["hr"],))[0]
        line = self.script.call(entry["fn"], *fields)
        self.expected[line] = (entry["fn"], code)
        return line

    def more(self, function, code, *fields):
        """A call the recording does not have."""
        self.expected[self.script.call(function, *fields)] = (function, code)

    def translate(self, entries):
        for entry in entries:
            if entry["dll"] in NOT_REPLAYED:
                self.skipped.append(entry)
                continue
            translate = getattr(self, entry["fn"], None)
            if entry["fn"].startswith("(stub"):
                self.notification(entry)
            elif translate:
                translate(entry)
            elif entry["fn"].startswith("Hcn"):
                self.network_call(entry)
            else:
                raise ValueError(f"{entry['fn']} has no translation")

    def result(self):
        return self.name("result")

    # --- layers -------------------------------------------------------------------------------------------------------------------

    def NameToGuid(self, entry):
        variable = self.name("layer")
        self.add(entry, self.text(entry["name"]), f"out-guid:{variable}")
        self.known.setdefault(entry["guid(stub)"], variable)

    def on_layer(self, entry):
        self.add(entry, self.driver(entry), self.text(entry["id"]))

    ActivateLayer = DeactivateLayer = UnprepareLayer = DestroyLayer = on_layer

    def PrepareLayer(self, entry):
        self.add(entry, self.driver(entry), self.text(entry["id"]), *self.layers(entry))

    def CreateSandboxLayer(self, entry):
        if entry["parent"] != "0x0":
            raise ValueError("a parent was given")
        self.add(entry, self.driver(entry), self.text(entry["id"]), "null", *self.layers(entry))

    def ImportLayer(self, entry):
        self.add(entry, self.driver(entry), self.text(entry["id"]), self.text(entry["path"]), *self.layers(entry))

    ExportLayer = ImportLayer

    def ProcessBaseImage(self, entry):
        self.add(entry, self.text(entry["path"]))

    def GetLayerMountPath(self, entry):
        buffer = self.name("mount")
        self.add(entry, self.driver(entry), self.text(entry["id"]), f"out-buffer:{buffer}:{entry['length(in)']}")
        if entry["length(in)"]:
            volume = self.name("volume")
            self.script.call("@cut", buffer, "{", "}", volume)
            self.known[entry["mount(stub)"].partition("{")[2].rstrip("}")] = volume

    # --- compute systems ----------------------------------------------------------------------------------------------------------

    def new_handle(self, recorded, stem):
        self.known[recorded] = self.name(stem)
        return f"out-handle:{self.known[recorded]}"

    def HcsCreateComputeSystem(self, entry):
        self.add(entry, self.text(entry["id"]), self.text(entry["configuration"]), "null",
                 self.new_handle(entry["handle"], "system"), f"out-text:{self.result()}")

    def HcsOpenComputeSystem(self, entry):
        self.add(entry, self.text(entry["id"]), self.new_handle(entry["handle"], "system"), f"out-text:{self.result()}")

    def close_handle(self, entry):
        self.add(entry, self.handle(entry["handle"]))

    HcsCloseComputeSystem = HcsCloseProcess = close_handle

    def system_operation(self, entry):
        self.add(entry, self.handle(entry["handle"]), self.text(entry["options"]), f"out-text:{self.result()}")

    HcsStartComputeSystem = HcsShutdownComputeSystem = HcsTerminateComputeSystem = system_operation

    def HcsGetComputeSystemProperties(self, entry):
        self.add(entry, self.handle(entry["handle"]), self.text(entry["propertyQuery"]), f"out-text:{self.name('properties')}",
                 f"out-text:{self.result()}")

    def register(self, entry):
        recorded = entry["handle"]
        self.known[f"registration of {recorded}"] = self.name("registration")
        self.add(entry, self.handle(recorded), f"callback:{recorded}",
                 f"out-handle:{self.known[f'registration of {recorded}']}")
        if self.recording == "d2" and entry["seq"] == 10:
            self.expected[self.script.wait(recorded, CREATED)] = ("@wait", OK)  # see OTHER_ANSWER

    HcsRegisterComputeSystemCallback = HcsRegisterProcessCallback = register

    def unregister(self, entry):
        self.add(entry, self.handle(f"registration of {entry['callback']}"))

    HcsUnregisterComputeSystemCallback = HcsUnregisterProcessCallback = unregister

    def notification(self, entry):
        self.expected[self.script.wait(entry["on"], entry["type"])] = ("@wait", entry["hr"])

    def HcsCreateProcess(self, entry):
        process = self.new_handle(entry["process"], "process")
        information = self.name("information")
        line = self.add(entry, self.handle(entry["handle"]), self.text(entry["processParameters"]), f"out-process:{information}",
                        process, f"out-text:{self.result()}")
        self.streams[line] = (information, entry)
        self.known[f"pid {entry['pid(stub)']}"] = f"{information}.pid"

    def HcsOpenProcess(self, entry):
        pid = self.known[f"pid {entry['pid']}"]
        self.add(entry, self.handle(entry["handle"]), f"number:$({pid})", self.new_handle(entry["process"], "process"),
                 f"out-text:{self.result()}")

    def HcsTerminateProcess(self, entry):
        self.add(entry, self.handle(entry["process"]), f"out-text:{self.result()}")

    def HcsModifyProcess(self, entry):
        self.add(entry, self.handle(entry["process"]), self.text(entry["settings"]), f"out-text:{self.result()}")

    def HcsGetProcessProperties(self, entry):
        self.add(entry, self.handle(entry["process"]), f"out-text:{self.name('properties')}", f"out-text:{self.result()}")

    # --- networks -----------------------------------------------------------------------------------------------------------------

    def HNSCall(self, entry):
        self.add(entry, *(self.text(entry[name]) for name in ("method", "path", "object")), f"out-text:{self.name('response')}")

    def network_call(self, entry):
        """The calls on networks, namespaces and endpoints have the same forms."""
        verb = next(verb for verb in VERBS if entry["fn"].startswith(f"Hcn{verb}"))
        record = f"out-text:{self.name('record')}"
        if verb == "Enumerate":
            self.add(entry, self.text(entry["query"]), f"out-text:{self.name('ids')}", record)
        elif verb in ("Create", "Open"):
            self.open_network_object(entry, verb, record)
        elif verb == "Modify":
            self.add(entry, self.object(entry["object"]), self.text(entry["settings"]), record)
        elif verb == "Query":
            self.query_network_object(entry, record)
        elif verb == "Delete":
            self.add(entry, f"guid:{self.mapped(entry['id'])}", record)
        else:
            self.add(entry, self.object(entry["object"]))

    def object(self, guid):
        return f"handle:{self.known[f'handle of {guid}']}"

    def open_network_object(self, entry, verb, record):
        guid = entry.get("created(stub)", entry["id"])
        self.known[f"handle of {guid}"] = self.name("object")
        network = [self.object(entry["network"])] if "network" in entry else []
        settings = [self.text(entry["settings"])] if verb == "Create" else []
        self.add(entry, *network, f"guid:{self.mapped(entry['id'])}", *settings, f"out-handle:{self.known[f'handle of {guid}']}",
                 record)

    def query_network_object(self, entry, record):
        """The first query after the creation tells the identifier, as it does to the client."""
        answer = self.name("answer")
        self.add(entry, self.object(entry["object"]), self.text(entry["query"]), f"out-text:{answer}", record)
        if entry["object"] not in self.known:
            self.known[entry["object"]] = self.name("id")
            self.script.call("@pick", answer, "ID", self.known[entry["object"]])


def tree(directory, prefix=""):
    """(path, size) of everything below, as the recordings list it."""
    found = {}
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        found[f"{prefix}\\{name}"] = 0 if os.path.isdir(path) else os.path.getsize(path)
        if os.path.isdir(path):
            found.update(tree(path, f"{prefix}\\{name}"))
    return found


def extract(archive, target, wanted=lambda member: True):
    """The members' bytes; links and alternate streams have no place on this disk."""
    with tarfile.open(os.path.join(TRACES, "layers", archive)) as tar:
        for member in tar:
            path = os.path.join(target, member.name)
            if not wanted(member) or member.issym() or ":" in member.name:
                continue
            if member.isdir():
                os.makedirs(path, exist_ok=True)
                continue
            with open(path, "wb") as file:
                file.write(tar.extractfile(member).read())


class TraceTest(ReplayTest):
    def setUp(self):
        self.host = self.make_host()

    # --- preparing ----------------------------------------------------------------------------------------------------------------

    def put_recorded_base(self, path):
        """The files of the recorded base layer.

        Its Hives folder is left out: no base layer of Microsoft has one, and ProcessBaseImage makes it. The links are left out,
        since
        this disk has none of the Windows kind.
        """
        self.host.folder(path)
        extract("base.tar", self.host.disk(path), lambda member: member.name.startswith("Files"))

    def put_transport(self, path):
        self.host.folder(path)
        extract("a2-transport-folder-as-passed-to-ImportLayer.tar", self.host.disk(path))

    def make_programs_work(self, path):
        """The recorded cmd.exe is a file of random bytes; containers need one that runs. For ctrlwait.exe see OTHER_PROGRAM."""
        system32 = f"{path}\\Files\\Windows\\System32"
        self.host.put_program(f"{system32}\\cmd.exe", os.path.join(wine.BUILTINS, "cmd.exe"))
        self.host.put_program(f"{system32}\\ctrlwait.exe", os.path.join(BUILD, "winhost", "tool.exe"))

    def make_layers(self, base="C:\\L\\base", delta="C:\\L\\delta", scratch=None):
        """The two layers of the recordings, and a scratch as containerd makes one."""
        self.put_recorded_base(base)
        self.make_programs_work(base)
        self.put_transport("C:\\staging")
        script = Script()
        lines = [script.call("ProcessBaseImage", f"text:{base}"),
                 script.call("ImportLayer", DRIVER, f"text:{delta}", "text:C:\\staging", layer(base))]
        results = self.host.replay(script)
        self.assertEqual([OK, OK], [results[line]["hr"] for line in lines])
        if scratch:
            self.host.folder(scratch)
            self.host.put_program(f"{scratch}\\sandbox.vhdx", self.host.disk(f"{base}\\blank.vhdx"))

    def make_namespace(self, guid):
        script = Script()
        line = script.call("HcnCreateNamespace", f"guid:{guid}", text({"SchemaVersion": {"Major": 2, "Minor": 0}}),
                           "out-handle:namespace",
                           "out-text:record")
        script.call("HcnCloseNamespace", "handle:namespace")
        self.assertEqual(OK, self.host.replay(script)[line]["hr"])

    # --- judging ------------------------------------------------------------------------------------------------------------------

    def replay(self, recording, entries):
        translator = Translator(recording)
        translator.translate(entries)
        return self.judge(translator)

    def judge(self, translator):
        results = self.host.replay(translator.script)
        for line, (function, code) in translator.expected.items():
            with self.subTest(line=line, call=translator.script.lines[line - 1]):
                self.assertEqual((function, code), (results[line]["fn"], results[line]["hr"]), results[line])
        for line, (information, entry) in translator.streams.items():
            for stream in ("stdin", "stdout", "stderr"):
                self.assertEqual(entry[stream], results[line][f"{information}.{stream}"] is not None, stream)
        for event in results[0]:
            kind, why = MORE_NOTIFICATIONS.get((translator.recording, event["on"]), (None, None))
            self.assertEqual(kind, event["type"], f"nobody expects {event}; known: {why}")
        self.assertEqual([], self.host.violations())
        return results

    def assert_left(self, *kinds):
        self.assertEqual(sorted(kinds), sorted(kind for kind, _ in self.host.leftovers()))


class LayerTraces(TraceTest):
    def test_a1_import_of_a_base_layer(self):
        entries = read("a1-import-base.jsonl")
        call = entries[-1]
        self.put_recorded_base("C:\\L\\base")
        recorded = {each["path"]: each["size"] for each in call["tree"] if not each["path"].startswith("\\Hives")}
        links = {"\\Files\\Documents and Settings", "\\Files\\link.txt"}
        self.assertEqual({path: size for path, size in recorded.items() if path not in links}, tree(self.host.disk("C:\\L\\base")))

        self.replay("a1", entries)
        made = tree(self.host.disk("C:\\L\\base"))
        self.assertEqual(len("vhd-with-hives\n"), made["\\layout"])
        self.assertEqual(recorded["\\Files\\Windows\\System32\\config\\SAM"], made["\\Hives\\Sam_Base"])
        self.assert_left()

    def test_a2_import_of_a_layer_on_it(self):
        entries = read("a2-import-delta.jsonl")
        call = entries[-1]
        self.put_recorded_base("C:\\L\\base")
        self.replay("a1", read("a1-import-base.jsonl"))
        self.put_transport(call["path"])
        self.assertEqual({each["path"]: each["size"] for each in call["sourceTree"]}, tree(self.host.disk(call["path"])))

        self.replay("a2", entries)
        made = tree(self.host.disk("C:\\L\\delta"), "")
        self.assertEqual(3002, made["\\Files\\app\\new.exe"])
        self.assertEqual(2, made["\\Files\\app\\sub\\ro.txt"])
        self.assertEqual(129, made["\\Hives\\System_Delta"])
        self.assertNotIn("\\Files\\app.$wcidirs$", made)
        journaled = next(each for each in reversed(self.host.journal()) if each["fn"] == "ImportLayer")
        self.assertEqual({each["path"]: each["size"] for each in call["sourceTree"]},
                         {each["path"]: each["size"] for each in journaled["sourceTree"]})
        self.assert_left()

    def test_b1_life_of_a_scratch(self):
        self.make_layers()
        self.replay("b1", read("b1-wclayer-create-mount-unmount-remove.jsonl"))
        self.assertFalse(os.path.exists(self.host.disk("C:\\L\\scratch")))
        self.assert_left()

    def test_b2_export(self):
        """What was exported is planted first; the roots' own metadata and the line ends of tombstones.txt were the stub's."""
        entries = read("b2-export-delta.jsonl")
        self.make_layers(scratch="C:\\L\\scratch")
        with open(os.path.join(TRACES, "layers", "exported-by-hcsshim.tar"), "rb") as file:
            things = planted_trees.of_tar(file.read())
        control.plant(self.host.machine.directory, "C:\\L\\scratch", things, ["C:\\L\\delta", "C:\\L\\base"])
        call = next(each for each in entries if each["fn"] == "ExportLayer")
        self.host.folder(call["path"])
        self.replay("b2", entries)
        made = tree(self.host.disk(call["path"]))
        recorded = {each["path"]: each["size"] for each in call["stubCopied"]}
        self.assertEqual(set(recorded), set(made))
        differing = {path for path in recorded if recorded[path] != made[path]}
        self.assertLessEqual(differing, {"\\Files.$wcidirs$", "\\Hives.$wcidirs$", "\\tombstones.txt"})
        with open(os.path.join(self.host.disk(call["path"]), "tombstones.txt"), "rb") as file:
            self.assertEqual(["Windows\\System32\\ea.dll"], transport.parse_tombstones(file.read()))
        self.assert_left("scratch")

    def test_e1_import_of_an_image(self):
        entries = read("e1-containerd-ctr-images-import.jsonl")
        self.put_recorded_base(f"{SNAPSHOTS}\\1")
        self.put_transport(next(each["path"] for each in entries if each["fn"] == "ImportLayer"))
        self.replay("e1", entries)
        self.assertEqual(3002, tree(self.host.disk(f"{SNAPSHOTS}\\2"))["\\Files\\app\\new.exe"])
        self.assert_left()


class NetworkTraces(TraceTest):
    def test_c1_network_namespace_endpoint(self):
        results = self.replay("c1", read("c1-hcn-network-namespace-endpoint.jsonl"))
        answers = [json.loads(value) for line in results.values() if isinstance(line, dict)
                   for name, value in line.items() if name.startswith("answer")]
        endpoint = next(each for each in answers if "IpConfigurations" in each)
        self.assertRegex(endpoint["IpConfigurations"][0]["IpAddress"], r"^172\.19\.2(0[89]|1[0-9]|2[0-3])\.")
        self.assertEqual([{"Type": "PortMapping", "Settings": {"Protocol": 6, "InternalPort": 80, "ExternalPort": 8080}}],
                         endpoint["Policies"])
        namespace = answers[-1]
        self.assertEqual([endpoint["ID"].lower()], [each["Data"]["Id"].lower() for each in namespace["Resources"]])
        self.assert_left("endpoint", "namespace")

    def test_c3_cni_plugin(self):
        """The plugin finds the network and the namespace; its second run removes what the first made."""
        network = next(each for each in read("c1-hcn-network-namespace-endpoint.jsonl") if each["fn"] == "HcnCreateNetwork")
        script = Script()
        line = script.call("HcnCreateNetwork", f"guid:{network['created(stub)']}", text(network["settings"]), "out-handle:network",
                           "out-text:record")
        script.call("HcnCloseNetwork", "handle:network")
        self.assertEqual(OK, self.host.replay(script)[line]["hr"])
        self.make_namespace("c3eed6ec-a077-41c1-9990-44a5121f2bda")
        self.replay("c3", read("c3-cni-nat-ADD-DEL.jsonl"))
        self.assert_left("namespace")


class SystemTraces(TraceTest):
    NAMESPACE = "28846877-1c88-46fe-86ac-ea018aa286d8"

    def prepare(self, scratch="C:\\L\\scratch", **places):
        self.make_layers(scratch=scratch, **places)
        self.host.folder("C:\\hostro")
        self.host.write("C:\\hostdata\\f.txt", b"file")

    def test_d2_run_through_vmcompute(self):
        """All of it; the streams are read as well, which is no call of the DLL and so not in the recording."""
        self.prepare()
        self.make_namespace(self.NAMESPACE)
        translator = Translator("d2")
        for entry in read("d2-hcs-run-v1api-vmcompute-hcsshim0.14.1.jsonl"):
            translator.translate([entry])
            if entry["fn"] == "(stub->client callback)" and entry["type"] == PROCESS_EXITED:
                information = list(translator.streams.values())[0 if entry["on"] == "0xc81d40" else 1][0]
                translator.script.call("@read", f"{information}.stdout", "20")
        results = self.judge(translator)
        first, second = [line for line in results.values() if isinstance(line, dict) and line["fn"] == "@read"]
        self.assertEqual(('"hi there"\r\n', 109), (first["text"], first["error"]))
        self.assertEqual(109, second["error"])
        statuses = [json.loads(value) for line in results.values() if isinstance(line,
                                                                                 dict) and line["fn"] == "HcsGetProcessProperties"
                    for name, value in line.items() if name.startswith("properties")]
        self.assertEqual([(True, 0), (True, 1067)], [(each["Exited"], each["ExitCode"]) for each in statuses])
        self.assert_left("namespace", "scratch")

    def send_document(self, recording, entries):
        """The recording's layer calls, and its compute system document through HcsCreateComputeSystem of vmcompute.dll."""
        translator = Translator(recording)
        for entry in entries:
            if entry["dll"] != "computecore":
                translator.translate([entry])
            elif entry["fn"] == "HcsCreateComputeSystem":
                translator.more("HcsCreateComputeSystem", PENDING, text(entry["id"]), translator.text(entry["configuration"]),
                                "null",
                                "out-handle:system", "out-text:result")
                translator.more("HcsRegisterComputeSystemCallback", OK, "handle:system", "callback:system",
                                "out-handle:registration")
                translator.expected[translator.script.wait("system", CREATED)] = ("@wait", OK)
            elif entry["fn"] == "HcsShutDownComputeSystem":
                translator.more("HcsTerminateComputeSystem", PENDING, "handle:system", "text:", "out-text:result")
                translator.expected[translator.script.wait("system", SYSTEM_EXITED)] = ("@wait", OK)
                translator.more("HcsUnregisterComputeSystemCallback", OK, "handle:registration")
                translator.more("HcsCloseComputeSystem", OK, "handle:system")
            elif entry["fn"] == "HcsOpenComputeSystem" and entry["hr"] != OK:  # containerd looks whether it is gone
                translator.more("HcsOpenComputeSystem", "0xc037010e", text(entry["id"]), "out-handle:none", "out-text:result")
        self.judge(translator)

    def test_d1_document(self):
        self.prepare()
        self.make_namespace(self.NAMESPACE)
        self.send_document("d1", read("d1-hcs-run-v2api-computecore.jsonl"))
        self.assert_left("namespace", "scratch")

    def test_other_documents(self):
        self.prepare()
        names = sorted(name for name in os.listdir(os.path.join(TRACES, "docs")) if name.endswith(".jsonl"))
        self.assertEqual(4, len(names))
        for name in names:
            with self.subTest(name):
                self.send_document(name, read(f"docs/{name}"))
                self.assert_left("scratch")

    def test_e2_run_by_containerd(self):
        """containerd makes the scratch before the first call, and renames it before the last one."""
        entries = read("e2-containerd-ctr-run.jsonl")
        self.prepare(f"{SNAPSHOTS}\\3", base=f"{SNAPSHOTS}\\1", delta=f"{SNAPSHOTS}\\2")
        last = entries.pop()
        self.send_document("e2", entries)
        os.rename(self.host.disk(f"{SNAPSHOTS}\\3"), self.host.disk(f"{SNAPSHOTS}\\rm-3"))
        self.send_document("e2", [last])
        self.assertFalse(os.path.exists(self.host.disk(last["id"])))
        self.assert_left()


del TraceTest, ReplayTest  # no tests of their own
if __name__ == "__main__":
    unittest.main()
