# SPDX-License-Identifier: MIT
"""Calls with exactly one fault each: the simulated host must refuse them as Windows does.

Every row has the HRESULT and the fact it rests on, with where that is known from. "Strict reading" marks a row where the sources
say that a thing must not be done, but not what Windows answers.
"""

import copy
import json
import unittest

from replaying import (CREATED, DRIVER, OK, PENDING, PROCESS_EXITED, STARTED, SYSTEM_EXITED, ReplayTest, Script, Host, layer, layer_id,
                       missing, text)

BAD_JSON, BAD_PARAMETER = "0x8037010d", "0x80070057"
NOT_FOUND, PATH_NOT_FOUND, FILE_NOT_FOUND = "0x80070490", "0x80070003", "0x80070002"
IN_USE, BAD_HANDLE, EXISTS, BAD_DATA = "0x80070020", "0x80070006", "0x800700b7", "0x8007000d"
INVALID_STATE, STOPPED, NO_SYSTEM = "0xc0370105", "0xc0370110", "0xc037010e"
HCN_BAD_JSON, HCN_BAD_GUID = "0x803b001b", "0x803b0019"
ACCESS_VIOLATION = 0xC0000005

BASE, DELTA, SCRATCH, SPARE = "C:\\L\\base", "C:\\L\\delta", "C:\\L\\scratch", "C:\\L\\spare"
NETWORK, NAMESPACE, ENDPOINT = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
UNKNOWN = "deadbeef-0000-4000-8000-000000000000"
ZERO = "00000000-0000-0000-0000-000000000000"
VERSION = {"Major": 2, "Minor": 0}
SUBNET = {"IpAddressPrefix": "172.28.16.0/20", "Routes": [{"NextHop": "172.28.16.1", "DestinationPrefix": "0.0.0.0/0"}]}


def put(path, value):
    """A change of a document: `path` is names and positions, the last one set to `value`."""

    def change(document):
        *way, last = path
        for step in way:
            document = document[step]
        if isinstance(document, list) and last == len(document):
            document.append(value)
        else:
            document[last] = value

    return change


def drop(*path):
    def change(document):
        *way, last = path
        for step in way:
            document = document[step]
        del document[last]

    return change


def rename(old, new, *way):
    def change(document):
        for step in way:
            document = document[step]
        document[new] = document.pop(old)

    return change


def swap_layers(document):
    document["Container"]["Storage"]["Layers"].reverse()


def changed(document, change):
    document = copy.deepcopy(document)
    change(document)
    return document


CLOSED = "HCS refuses fields it does not know in this place and spelling [microsoft/hcsshim#2714]"
TYPES = "the schema reference gives each field one type"
MEMBERS = "hcsshim always sends it; strict reading"
NEWER = "HCS refuses fields of a schema newer than its build's [microsoft/hcsshim#2714; schema version map]"
VOLUME = "Storage.Path is a volume path with a backslash at its end [hcsshim, document composition]"
SAME_LAYERS = "layers are those given to PrepareLayer in the same order and known by NameToGuid; strict reading"
ON_C = "a destination is on C: or is a whole drive [Virtualization-Documentation#334, moby/moby#41681]"
CONTAINER, MOUNT = ("Container",), ("Container", "MappedDirectories", 0)
FIRST_LAYER = ("Container", "Storage", "Layers", 0)

# changes of a document that is accepted as it is
SYSTEM_DOCUMENTS = (
    ("unknown field at the top", put(("Colour",), "red"), BAD_JSON, CLOSED),
    ("unknown field of the container", put((*CONTAINER, "Colour"), "red"), BAD_JSON, CLOSED),
    ("unknown field of a layer", put((*FIRST_LAYER, "Colour"), "red"), BAD_JSON, CLOSED),
    ("field of no known schema", put((*CONTAINER, "Storage", "FilterType"), "WCIFS"), BAD_JSON, NEWER),
    ("owner in lower case", rename("Owner", "owner"), BAD_JSON, CLOSED),
    ("ReadOnly in other letters", rename("ReadOnly", "Readonly", *MOUNT), BAD_JSON, CLOSED),
    ("DNS field of schema 1", put((*CONTAINER, "Networking", "AllowUnqualifiedDNSQuery"), True), BAD_JSON, CLOSED),
    ("layer id in the spelling of schema 1", rename("Id", "ID", *FIRST_LAYER), BAD_JSON, CLOSED),
    ("memory as text", put((*CONTAINER, "Memory"), {"SizeInMB": "512"}), BAD_JSON, TYPES),
    ("owner as a number", put(("Owner",), 7), BAD_JSON, TYPES),
    ("flag as text", put((*MOUNT, "ReadOnly"), "true"), BAD_JSON, TYPES),
    ("search list as an array", put((*CONTAINER, "Networking", "DnsSearchList"), ["a.example"]), BAD_JSON,
     "DnsSearchList is one string with commas [hcsshim, document composition]"),
    ("mounts as an object", put((*CONTAINER, "MappedDirectories"), {}), BAD_JSON, TYPES),
    ("no schema version", drop("SchemaVersion"), BAD_JSON, MEMBERS),
    ("no storage", drop("Container", "Storage"), BAD_JSON, MEMBERS),
    ("layer without an id", drop(*FIRST_LAYER, "Id"), BAD_JSON, MEMBERS),
    ("mount without a source", drop(*MOUNT, "HostPath"), BAD_JSON, MEMBERS),
    ("schema version 3.0", put(("SchemaVersion",), {"Major": 3, "Minor": 0}), BAD_JSON, NEWER),
    ("container and virtual machine", put(("VirtualMachine",), {}), BAD_JSON,
     "Container, VirtualMachine and HostedSystem exclude each other [HCS schema reference]"),
    ("volume without a backslash", put((*CONTAINER, "Storage", "Path"), "VOLUME"), BAD_PARAMETER, VOLUME),
    ("folder in place of a volume", put((*CONTAINER, "Storage", "Path"), f"{SCRATCH}\\"), BAD_PARAMETER, VOLUME),
    ("volume that is not there", put((*CONTAINER, "Storage", "Path"), f"\\\\?\\Volume{{{UNKNOWN}}}\\"), PATH_NOT_FOUND,
     "the layer must be activated and prepared; strict reading"),
    ("layers in the wrong order", swap_layers, PATH_NOT_FOUND, SAME_LAYERS),
    ("id of another layer", put((*FIRST_LAYER, "Id"), UNKNOWN), PATH_NOT_FOUND, SAME_LAYERS),
    ("a layer missing", drop(*FIRST_LAYER), PATH_NOT_FOUND, SAME_LAYERS),
    ("id that is no GUID", put((*FIRST_LAYER, "Id"), "delta"), BAD_PARAMETER,
     "a bad GUID in the document is a bad parameter [collected reports of error 87 at create]"),
    ("count and maximum", put((*CONTAINER, "Processor"), {"Count": 1, "Maximum": 5000}), BAD_PARAMETER,
     "Count, Maximum and Weight exclude each other [HCS schema reference, Container.Processor]"),
    ("destination in a folder of D:", put((*MOUNT, "ContainerPath"), "D:\\dir"), BAD_PARAMETER, ON_C),
    ("relative destination", put((*MOUNT, "ContainerPath"), "data"), BAD_PARAMETER, ON_C),
    ("relative source", put((*MOUNT, "HostPath"), "hostdata"), BAD_PARAMETER, "sources are absolute; strict reading"),
    ("source that is not there", put((*MOUNT, "HostPath"), "C:\\nosuch"), FILE_NOT_FOUND,
     "HCS does not create a mount's source [hcsshim, mounts; 0x80070002 for a missing path at create]"),
    ("two mounts at one place", put((*CONTAINER, "MappedDirectories", 1), {"HostPath": "C:\\hostdata", "ContainerPath": "c:\\DATA"}),
     BAD_PARAMETER, "names are compared without case; strict reading"),
    ("pipe with its prefix in the container", put((*CONTAINER, "MappedPipes"),
                                                  [{"HostPath": "\\\\.\\pipe\\x", "ContainerPipeName": "\\\\.\\pipe\\x"}]),
     BAD_PARAMETER, "the container's pipe is a bare name [hcsshim, named pipe mounts]; strict reading"),
    ("pipe without its prefix on the host", put((*CONTAINER, "MappedPipes"), [{"HostPath": "x", "ContainerPipeName": "x"}]),
     BAD_PARAMETER, "the host's pipe is a full path [hcsshim, named pipe mounts]; strict reading"),
    ("unknown namespace", put((*CONTAINER, "Networking"), {"Namespace": UNKNOWN}), NOT_FOUND,
     "an unknown namespace is not found [hcsshim hcn tests; the same from HCS in a third-party record]"),
)

UNREADABLE_DOCUMENTS = (
    ("text that is no JSON", "wrun", BAD_JSON, "the document is JSON"),
    ("comma at the end", '{"Owner":"x",}', BAD_JSON, "the document is JSON"),
    ("array", "[]", BAD_JSON, "the document is an object"),
    ("schema 1 with a hypervisor", '{"SystemType":"Container","HvPartition":true}', "0x80370102",
     "Hyper-V isolation without a hypervisor [moby/moby#40720]"),
)

WRONG_IDS = (("id with a backslash", "text:a\\b", BAD_PARAMETER, "the silo's job is named \\Container_ID [hcsshim, silo names]"),
             ("empty id", "text:", BAD_PARAMETER, "the id names the silo's job; strict reading"),
             ("no id", "null", BAD_PARAMETER, "NULL where a string must be"))

OLD_BUILD_DOCUMENTS = (
    ("field of schema 2.3 on 17763", put((*MOUNT, "SupportCloudFiles"), True), BAD_JSON, NEWER),
    ("field of schema 2.2 on 17763", put((*CONTAINER, "AssignedDevices"), [{"Type": "DeviceInstance", "LocationPath": "x"}]), BAD_JSON, NEWER),
    ("schema version 2.2 on 17763", put(("SchemaVersion",), {"Major": 2, "Minor": 2}), BAD_JSON, NEWER),
    ("processor limit on 17763", put((*CONTAINER, "Processor"), {"Maximum": 5000}), BAD_PARAMETER,
     "Windows Server 2019 takes only Count for process isolation [hcsshim, 2019]"),
)

PROCESS = {"CommandLine": "cmd /c exit 0", "WorkingDirectory": "C:\\"}
NO_USER = "no such user, or one with a password [moby/moby#28585]"
PROCESSES = (
    ("unknown user", put(("User",), "nobody"), "0x8007052e", NO_USER),
    ("the system's account", put(("User",), "NT AUTHORITY\\SYSTEM"), "0x8007052e", NO_USER),
    ("directory that is not there", put(("WorkingDirectory",), "C:\\nosuch"), "0x8007010b", "docker/cli#4101"),
    ("command that is not there", put(("CommandLine",), "nosuch"), FILE_NOT_FOUND, "containerd/containerd#6300"),
    ("builtin of a shell without the shell", put(("CommandLine",), "dir"), FILE_NOT_FOUND, "docker/for-win#2679"),
    ("folder of the command not there", put(("CommandLine",), "C:\\nosuch\\x.exe"), PATH_NOT_FOUND, "moby/moby#31469"),
    ("a file that is no program", put(("CommandLine",), "C:\\app\\new.exe"), "0x800700c1", "CreateProcess: ERROR_BAD_EXE_FORMAT"),
    ("unknown field", put(("Colour",), "red"), BAD_JSON, CLOSED),
    ("flag as a number", put(("CreateStdInPipe",), 1), BAD_JSON, TYPES),
    ("size of one number", put(("ConsoleSize",), [25]), BAD_JSON, "ConsoleSize is height and width [HCS schema reference]"),
    ("variable that is a number", put(("Environment",), {"A": 1}), BAD_JSON, "Environment maps text to text [HCS schema reference]"),
    ("no command line", drop("CommandLine"), BAD_PARAMETER, "every Windows client sends one; strict reading"),
    ("arguments for Linux", put(("CommandArgs",), ["a"]), BAD_PARAMETER, "CommandArgs is only for Linux [hcsshim, command options]"),
)


class Fixture(Host):
    """A machine with two layers, a prepared scratch and one that is not, a network with an endpoint, and a namespace."""

    def __init__(self, test, build=20348):
        super().__init__(build)
        self.put_base(BASE)
        self.folder("C:\\hostdata")
        self.put_delta("C:\\staging")
        script = Script()
        lines = [
            script.call("ProcessBaseImage", text(BASE)),
            script.call("ImportLayer", DRIVER, text(DELTA), "text:C:\\staging", layer(BASE)),
            script.call("CreateSandboxLayer", DRIVER, text(SCRATCH), "null", layer(DELTA), layer(BASE)),
            script.call("CreateSandboxLayer", DRIVER, text(SPARE), "null", layer(DELTA), layer(BASE)),
            script.call("ActivateLayer", DRIVER, text(SCRATCH)),
            script.call("PrepareLayer", DRIVER, text(SCRATCH), layer(DELTA), layer(BASE)),
            script.call("HcnCreateNetwork", f"guid:{NETWORK}",
                        text({"Name": "nat", "Type": "NAT", "Ipams": [{"Subnets": [SUBNET]}], "SchemaVersion": VERSION}),
                        "out-handle:network", "out-text:record"),
            script.call("HcnCreateNamespace", f"guid:{NAMESPACE}", text({"SchemaVersion": VERSION}), "out-handle:namespace", "out-text:record"),
            script.call("HcnCreateEndpoint", "handle:network", f"guid:{ENDPOINT}", text(
                {"Name": "one", "Policies": [mapping(8080, 80)], "SchemaVersion": VERSION}), "out-handle:endpoint", "out-text:record"),
            script.call("GetLayerMountPath", DRIVER, text(SCRATCH), "out-buffer:volume:49")]
        results = self.replay(script)
        test.assertEqual([OK] * len(lines), [results[line]["hr"] for line in lines])
        self.volume = results[lines[-1]]["volume"]
        self.before = self.leftovers()

    def put_delta(self, staging):
        """The least that ImportLayer takes: a file and its folders, in the transport format."""
        for name in ("Files", "Files\\app"):
            self.folder(f"{staging}\\{name}")
            self.write(f"{staging}\\{name}.$wcidirs$", (0x10).to_bytes(4, "little"))
        self.write(f"{staging}\\Files\\app\\new.exe", transport_file(b"no program"))

    def document(self):
        """A document for the prepared scratch that is right in everything."""
        return {
            "Owner": "fault test", "SchemaVersion": {"Major": 2, "Minor": 1}, "ShouldTerminateOnLastHandleClosed": True,
            "Container": {
                "Storage": {"Layers": [{"Id": layer_id(path), "Path": path} for path in (DELTA, BASE)], "Path": f"{self.volume}\\"},
                "MappedDirectories": [{"HostPath": "C:\\hostdata", "ContainerPath": "C:\\data", "ReadOnly": True}],
                "Networking": {"AllowUnqualifiedDnsQuery": True}}}


def transport_file(data, attributes=0x20):
    """A file of the transport folder: attributes, then one DATA stream."""
    header = (1).to_bytes(4, "little") + bytes(4) + len(data).to_bytes(8, "little") + bytes(4)
    return attributes.to_bytes(4, "little") + header + data


def mapping(external, internal):
    return {"Type": "PortMapping", "Settings": {"Protocol": 6, "InternalPort": internal, "ExternalPort": external}}


class FaultTest(ReplayTest):
    build = 20348

    @classmethod
    def setUpClass(cls):
        if missing():
            raise unittest.SkipTest(missing())
        cls.host = Fixture(unittest.TestCase(), cls.build)
        cls.addClassCleanup(cls.host.close)

    def run_rows(self, rows):
        """Runs all rows - (name, call of (script) giving the faulty line, code, fact) - in one script, and judges each."""
        script = Script()
        lines = [add(script) for _, add, _, _ in rows]
        results = self.host.replay(script)
        for (name, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)
        self.assertEqual(self.host.before, self.host.leftovers())

    def judge(self, result, code, fact):
        """The code, and where the call has a result document, that it says the same."""
        self.assertEqual(code, result["hr"], f"{fact}: {result}")
        document = json.loads(result.get("result") or "{}")
        stated = document.get("ErrorCode", document.get("Error"))
        if stated is not None:
            self.assertEqual(int(code, 16), stated & 0xFFFFFFFF)
            self.assertTrue(document.get("ErrorMessage", document.get("Error")))


def create_system(document, identity="text:one"):
    return lambda script: script.call("HcsCreateComputeSystem", identity, text(document), "null", "out-handle:system", "out-text:result")


def begin_system(script, document, started=True):
    """A system in the state wanted, with its callback."""
    create_system(document)(script)
    script.call("HcsRegisterComputeSystemCallback", "handle:system", "callback:system", "out-handle:registration")
    script.wait("system", CREATED)
    if started:
        script.call("HcsStartComputeSystem", "handle:system", "text:", "out-text:result")
        script.wait("system", STARTED)


def end_system(script):
    script.call("HcsTerminateComputeSystem", "handle:system", "text:", "out-text:result")
    return script.wait("system", SYSTEM_EXITED)


def close_system(script):
    script.call("HcsUnregisterComputeSystemCallback", "handle:registration")
    script.call("HcsCloseComputeSystem", "handle:system")


def on_system(function, *arguments):
    return lambda script: script.call(function, "handle:system", *arguments, "out-text:result")


def create_process(parameters):
    return lambda script: script.call("HcsCreateProcess", "handle:system", text(parameters), "out-process:information", "out-handle:process",
                                      "out-text:result")


class SystemFaults(FaultTest):
    def test_documents(self):
        """One change each of a document that is accepted."""
        good = self.host.document()
        rows = []
        for name, change, code, fact in SYSTEM_DOCUMENTS:
            document = changed(good, change)
            if document["Container"].get("Storage", {}).get("Path") == "VOLUME":
                document["Container"]["Storage"]["Path"] = self.host.volume
            rows.append((name, create_system(document), code, fact))
        rows += [(name, create_system(document), code, fact) for name, document, code, fact in UNREADABLE_DOCUMENTS]
        rows += [(name, create_system(good, identity), code, fact) for name, identity, code, fact in WRONG_IDS]
        self.run_rows(rows)

    def test_the_document_itself_is_accepted(self):
        """Without this, refusing everything would pass."""
        script = Script()
        begin_system(script, self.host.document())
        started = len(script.lines)
        ended = end_system(script)
        close_system(script)
        results = self.host.replay(script)
        self.assertEqual([PENDING, OK, OK], [results[line]["hr"] for line in (1, started, ended)])
        self.assertEqual(self.host.before, self.host.leftovers())

    def run_on_system(self, rows, started=True):
        """As run_rows, with a system that all rows share."""
        script = Script()
        begin_system(script, self.host.document(), started)
        lines = [add(script) for _, add, _, _ in rows]
        end_system(script)
        close_system(script)
        results = self.host.replay(script)
        for (name, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)
        self.assertEqual(self.host.before, self.host.leftovers())

    def test_processes(self):
        self.run_on_system([(name, create_process(changed(PROCESS, change)), code, fact) for name, change, code, fact in PROCESSES])

    def test_running_system(self):
        wrong_state = "not valid in the current state [HCS HRESULT values]"
        self.run_on_system([
            ("started twice", on_system("HcsStartComputeSystem", "text:"), INVALID_STATE, wrong_state),
            ("the same id again", create_system(self.host.document()), "0x8037010f", "an id is unique on the host [HCS HRESULT values]"),
            ("a second system on the same scratch", create_system(self.host.document(), "text:two"), IN_USE,
             "a scratch has one container; strict reading"),
            ("paused", on_system("HcsPauseComputeSystem", "text:"), "0x80070032", "pausing is for virtual machines; strict reading"),
            ("process that is not there", on_system("HcsOpenProcess", "number:77777", "out-handle:none"), NOT_FOUND,
             "the element is gone [collected reports of error 1168]"),
            ("unknown property", on_system("HcsGetComputeSystemProperties", text({"PropertyTypes": ["Colour"]}), "out-text:none"), BAD_JSON,
             "GetPropertyType is a closed list [HCS schema reference]"),
            ("unknown field of a query", on_system("HcsGetComputeSystemProperties", text({"Types": []}), "out-text:none"), BAD_JSON, CLOSED),
            ("unprepared while it runs", lambda script: script.call("UnprepareLayer", DRIVER, text(SCRATCH)), IN_USE,
             "in use until the system has exited [hcsshim waits for it]"),
            ("deactivated while it runs", lambda script: script.call("DeactivateLayer", DRIVER, text(SCRATCH)), IN_USE,
             "in use until the system has exited [hcsshim waits for it]"),
        ])

    def test_created_system(self):
        fact = "only a running system has processes and statistics [hcsshim, errors of a stopped system]; strict reading"
        self.run_on_system([
            ("process before the start", create_process(PROCESS), INVALID_STATE, fact),
            ("statistics before the start", on_system("HcsGetComputeSystemProperties", text({"PropertyTypes": ["Statistics"]}), "out-text:none"),
             INVALID_STATE, fact),
            ("shutdown before the start", on_system("HcsShutdownComputeSystem", "text:"), INVALID_STATE, fact),
        ], started=False)

    def test_stopped_system(self):
        script = Script()
        begin_system(script, self.host.document())
        end_system(script)
        rows = [
            ("shut down", on_system("HcsShutdownComputeSystem", "text:"), STOPPED, "already stopped [hcsshim accepts this code]"),
            ("terminated", on_system("HcsTerminateComputeSystem", "text:"), STOPPED, "already stopped [hcsshim accepts this code]"),
            ("started again", on_system("HcsStartComputeSystem", "text:"), INVALID_STATE, "a system runs once [HCS states]"),
            ("process", create_process(PROCESS), INVALID_STATE, "exec after the stop [hcsshim, tasks]"),
            ("opened", lambda script: script.call("HcsOpenComputeSystem", "text:one", "out-handle:none", "out-text:result"), NO_SYSTEM,
             "no system of that id [containerd looks for this code]"),
        ]
        lines = [add(script) for _, add, _, _ in rows]
        close_system(script)
        results = self.host.replay(script)
        for (name, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)

    def test_ended_process(self):
        script = Script()
        begin_system(script, self.host.document())
        create_process(PROCESS)(script)
        script.call("HcsRegisterProcessCallback", "handle:process", "callback:process", "out-handle:ended")
        script.wait("process", PROCESS_EXITED)
        rows = [
            ("terminated", ("HcsTerminateProcess",), "0x80070005", "access denied once a process has ended [hcsshim, Process.Kill]"),
            ("signalled", ("HcsSignalProcess", text({"Signal": "CtrlC"})), NOT_FOUND, "the process is gone [hcsshim, signal results]"),
            ("modified", ("HcsModifyProcess", text({"Operation": "CloseHandle", "CloseHandle": {"Handle": "StdIn"}})), INVALID_STATE,
             "Docker ignores this code after the end [moby, containers on Windows]"),
        ]
        lines = [script.call(function, "handle:process", *arguments, "out-text:result") for _, (function, *arguments), _, _ in rows]
        script.call("HcsUnregisterProcessCallback", "handle:ended")
        script.call("HcsCloseProcess", "handle:process")
        end_system(script)
        close_system(script)
        results = self.host.replay(script)
        for (name, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)

    def test_requests_to_a_process(self):
        script = Script()
        begin_system(script, self.host.document())
        create_process({**PROCESS, "CommandLine": "tool sleep 60"})(script)
        rows = [
            ("signal by a name of Linux", ("HcsSignalProcess", text({"Signal": "SIGTERM"})), BAD_JSON, "ProcessSignal is a closed list"),
            ("unknown operation", ("HcsModifyProcess", text({"Operation": "Colour"})), BAD_JSON, "ModifyOperation is a closed list"),
            ("operation without its member", ("HcsModifyProcess", text({"Operation": "CloseHandle"})), BAD_PARAMETER,
             "the member named by Operation holds its arguments; strict reading"),
            ("unknown stream", ("HcsModifyProcess", text({"Operation": "CloseHandle", "CloseHandle": {"Handle": "Stdin"}})), BAD_JSON,
             "StdHandle is a closed list"),
            ("size without a console", ("HcsModifyProcess", text({"Operation": "ConsoleSize", "ConsoleSize": {"Height": 1, "Width": 1}})),
             BAD_PARAMETER, "EmulateConsole makes the console; strict reading"),
        ]
        lines = [script.call(function, "handle:process", *arguments, "out-text:result") for _, (function, *arguments), _, _ in rows]
        script.call("HcsCloseProcess", "handle:process")
        end_system(script)
        close_system(script)
        results = self.host.replay(script)
        for (name, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)


class OldBuildFaults(FaultTest):
    build = 17763

    def test_documents(self):
        good = self.host.document()
        self.run_rows([(name, create_system(changed(good, change)), code, fact) for name, change, code, fact in OLD_BUILD_DOCUMENTS])

    def test_network_policy(self):
        """InterfaceParameters came with schema 2.4; this host has 2.0."""
        endpoint = {"Policies": [{"Type": "InterfaceParameters", "Settings": {"Mtu": "1400"}}], "SchemaVersion": VERSION}
        script = Script()
        open_network(script)
        line = create_endpoint(endpoint)(script)
        self.judge(self.host.replay(script)[line], "0x803b000e", "a policy type unknown to this build [HNS schema, version map]")


class LayerFaults(FaultTest):
    def call(self, function, *arguments):
        return lambda script: script.call(function, *arguments)

    def test_arguments_and_order(self):
        both = (layer(DELTA), layer(BASE))
        chain = "0x80070003 when the descriptors do not fit the layers [third-party record]"
        order = "activate, prepare, unprepare, deactivate [hcsshim, mount and unmount of layers]"
        call = self.call
        self.run_rows([
            ("the other driver", call("ActivateLayer", "driver:0:", text(SPARE)), BAD_PARAMETER,
             "clients pass the filter driver, 1 [hcsshim, DriverInfo]; strict reading"),
            ("no driver", call("ActivateLayer", "null", text(SPARE)), BAD_PARAMETER, "NULL where a structure must be"),
            ("no layer", call("ActivateLayer", DRIVER, "null"), BAD_PARAMETER, "NULL where a path must be"),
            ("relative path", call("ActivateLayer", DRIVER, "text:spare"), PATH_NOT_FOUND, "the absolute directory is the id [hcsshim]"),
            ("layer that is not there", call("ActivateLayer", DRIVER, "text:C:\\L\\nosuch"), PATH_NOT_FOUND, "no such directory"),
            ("layer without a disk", call("ActivateLayer", DRIVER, text(DELTA)), FILE_NOT_FOUND, "sandbox.vhdx is what is attached"),
            ("activated twice", call("ActivateLayer", DRIVER, text(SCRATCH)), IN_USE, "the disk is attached already [0x20, still mounted]"),
            ("prepared twice", call("PrepareLayer", DRIVER, text(SCRATCH), *both), IN_USE, f"{order}; strict reading"),
            ("prepared before it is activated", call("PrepareLayer", DRIVER, text(SPARE), *both), NOT_FOUND, order),
            ("unprepared before it is activated", call("UnprepareLayer", DRIVER, text(SPARE)), NOT_FOUND, order),
            ("deactivated before it is activated", call("DeactivateLayer", DRIVER, text(SPARE)), NOT_FOUND, order),
            ("deactivated while prepared", call("DeactivateLayer", DRIVER, text(SCRATCH)), IN_USE, order),
            ("mount path before it is activated", call("GetLayerMountPath", DRIVER, text(SPARE), "out-buffer:none:49"), NOT_FOUND, order),
            ("buffer too small for the mount path", call("GetLayerMountPath", DRIVER, text(SCRATCH), "out-buffer:none:10"), "0x8007007a",
             "the first call with no buffer tells the size [hcsshim, GetLayerMountPath]"),
            ("destroyed while active", call("DestroyLayer", DRIVER, text(SCRATCH)), IN_USE, "still mounted [containerd deactivates first]"),
            ("parent destroyed while in use", call("DestroyLayer", DRIVER, text(BASE)), IN_USE, "a mounted scratch needs it; strict reading"),
            ("exported while prepared", call("ExportLayer", DRIVER, text(SCRATCH), "text:C:\\hostdata", *both), IN_USE,
             "the container is stopped and unmounted before [hcsshim, export]; strict reading"),
            ("scratch made twice", call("CreateSandboxLayer", DRIVER, text(SPARE), "null", *both), EXISTS, "a file of that name is there"),
            ("scratch without layers", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", "null", "number:0"), BAD_PARAMETER,
             "a scratch has parents; strict reading"),
            ("scratch on layers in the wrong order", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer(BASE), layer(DELTA)),
             PATH_NOT_FOUND, chain),
            ("id of another layer", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer(DELTA, UNKNOWN), layer(BASE)),
             PATH_NOT_FOUND, chain),
            ("folder that is no layer", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer("C:\\hostdata"), layer(BASE)),
             PATH_NOT_FOUND, chain),
            ("flag set in a descriptor", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer(DELTA, flags=1), layer(BASE)),
             BAD_PARAMETER, "flags are zero [hcsshim, layer descriptors]; strict reading"),
            ("base processed twice", call("ProcessBaseImage", text(BASE)), EXISTS, "it fails when Hives and layout are there [hcsshim]"),
            ("base without hives", call("ProcessBaseImage", "text:C:\\hostdata"), FILE_NOT_FOUND, "it needs the registry of a real base"),
            ("utility VM that is none", call("ProcessUtilityImage", "text:C:\\hostdata"), FILE_NOT_FOUND, "its files are below Files"),
            ("empty name", call("NameToGuid", "text:", "out-guid:none"), BAD_PARAMETER, "a name must be; strict reading"),
        ])

    def test_prepared_with_other_layers(self):
        """The scratch that was prepared with two layers is prepared with one, then unprepared twice."""
        rows = [("PrepareLayer", (layer(BASE),), PATH_NOT_FOUND, "the descriptors are not those the scratch is for [third-party record]")]
        script = Script()
        script.call("ActivateLayer", DRIVER, text(SPARE))
        script.call("PrepareLayer", DRIVER, text(SPARE), layer(DELTA), layer(BASE))
        script.call("UnprepareLayer", DRIVER, text(SPARE))
        rows.append(("UnprepareLayer", (), NOT_FOUND, "0x490: element not found, not mounted [hcsshim, errors of layers]"))
        lines = [script.call(function, DRIVER, text(SPARE), *layers) for function, layers, _, _ in rows]
        script.call("DeactivateLayer", DRIVER, text(SPARE))
        results = self.host.replay(script)
        for (name, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)
        self.assertEqual(self.host.before, self.host.leftovers())

    def test_no_home_directory(self):
        """HomeDir NULL is not refused: the DLL reads through it and the process dies [third-party record]."""
        script = Script()
        script.call("ActivateLayer", "driver:1", text(SPARE))
        with self.assertRaisesRegex(AssertionError, f"ended with {ACCESS_VIOLATION}"):
            self.host.replay(script)

    def test_imports(self):
        """Transport folders with one thing wrong."""
        rows = (
            ("bytes without streams", "Files\\app\\new.exe", b"MZ" + bytes(100), BAD_DATA, "raw bytes in place of streams [third-party record]"),
            ("cut short", "Files\\app\\new.exe", transport_file(b"0123456789")[:-1], BAD_DATA, "raw bytes in place of streams"),
            ("folder without its metadata", "Files\\app.$wcidirs$", None, FILE_NOT_FOUND, "missing .$wcidirs$ [third-party record]"),
            ("a hive that is none", "Hives\\System_Delta", b"text", "0x800703f1", "ERROR_BADDB in the merge of hives [hcsshim, PR 901]"),
        )
        script = Script()
        lines = []
        for number, (_, path, data, _, _) in enumerate(rows):
            staging = f"C:\\staging{number}"
            self.host.put_delta(staging)
            if path.startswith("Hives"):
                self.host.write(f"{staging}\\Hives.$wcidirs$", (0x10).to_bytes(4, "little"))
            if data is None:
                self.host.remove(f"{staging}\\{path}")
            else:
                self.host.write(f"{staging}\\{path}", data)
            lines.append(script.call("ImportLayer", DRIVER, f"text:C:\\L\\import{number}", text(staging), layer(BASE)))
        rows += (("staging folder not there", "", b"", PATH_NOT_FOUND, "no such directory"),
                 ("id of another layer", "", b"", PATH_NOT_FOUND, "an unrelated GUID in ImportLayer [third-party record]"))
        lines.append(script.call("ImportLayer", DRIVER, "text:C:\\L\\new", "text:C:\\nosuch", layer(BASE)))
        lines.append(script.call("ImportLayer", DRIVER, "text:C:\\L\\new", "text:C:\\staging", layer(BASE, UNKNOWN)))
        results = self.host.replay(script)
        for (name, _, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)


def open_network(script):
    script.call("HcnOpenNetwork", f"guid:{NETWORK}", "out-handle:network", "out-text:result")


def create_endpoint(settings, network="handle:network", identity=ZERO):
    return lambda script: script.call("HcnCreateEndpoint", network, f"guid:{identity}", text(settings), "out-handle:endpoint", "out-text:result")


def create_network(settings, identity=ZERO):
    return lambda script: script.call("HcnCreateNetwork", f"guid:{identity}", text(settings), "out-handle:other", "out-text:result")


def create_namespace(settings):
    return lambda script: script.call("HcnCreateNamespace", f"guid:{ZERO}", text(settings), "out-handle:other", "out-text:result")


def by_id(function, identity=UNKNOWN, *arguments):
    return lambda script: script.call(function, f"guid:{identity}", *arguments, "out-text:result")


def with_subnet(prefix, gateway=None):
    routes = [{"NextHop": gateway, "DestinationPrefix": "0.0.0.0/0"}] if gateway else []
    return {"Name": "other", "Ipams": [{"Subnets": [{"IpAddressPrefix": prefix, "Routes": routes}]}], "SchemaVersion": VERSION}


def with_policy(*policies):
    return {"Policies": list(policies), "SchemaVersion": VERSION}


def with_address(address):
    return {"IpConfigurations": [{"IpAddress": address}], "SchemaVersion": VERSION}


def modify_namespace(request):
    return lambda script: script.call("HcnModifyNamespace", "handle:namespace", text(request), "out-text:result")


def attach(endpoint, action="Add"):
    return modify_namespace({"ResourceType": "Endpoint", "RequestType": action, "Settings": {"EndpointId": endpoint}})


class NetworkFaults(FaultTest):
    def run_rows(self, rows):
        """With the network and the namespace open."""
        script = Script()
        open_network(script)
        script.call("HcnOpenNamespace", f"guid:{NAMESPACE}", "out-handle:namespace", "out-text:result")
        lines = [add(script) for _, add, _, _ in rows]
        results = self.host.replay(script)
        for (name, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)
        self.assertEqual(self.host.before, self.host.leftovers())

    def test_documents(self):
        closed = "unknown fields are refused with 0x803B001B [the case of CreateWithCompartment]"
        guid = "a text that is no GUID [HCN HRESULT values]"
        self.run_rows([
            ("field that newer PowerShell sends", create_namespace({"CreateWithCompartment": False, "SchemaVersion": VERSION}), HCN_BAD_JSON, closed),
            ("owner of an endpoint", create_endpoint({"Owner": "wrun", "SchemaVersion": VERSION}), HCN_BAD_JSON,
             "no shipping program sends Owner; strict reading"),
            ("name in lower case", create_endpoint({"name": "x", "SchemaVersion": VERSION}), HCN_BAD_JSON, closed),
            ("servers as text", create_endpoint({"Dns": {"ServerList": "1.1.1.1"}, "SchemaVersion": VERSION}), HCN_BAD_JSON,
             "ServerList is an array [HNS schema; hcsshim]"),
            ("suffix in place of domain", create_endpoint({"Dns": {"Suffix": "x"}, "SchemaVersion": VERSION}), HCN_BAD_JSON, closed),
            ("policy settings as text", create_endpoint(with_policy({"Type": "PortMapping", "Settings": "{}"})), HCN_BAD_JSON,
             "Settings is an object: ExpectedObject [third-party record]"),
            ("policy without settings", create_endpoint(with_policy({"Type": "PortMapping"})), HCN_BAD_JSON, "a policy is Type and Settings"),
            ("no schema version", create_endpoint({"Name": "x"}), HCN_BAD_JSON, "without it the document is an old one; strict reading"),
            ("schema version 3.0", create_endpoint({"SchemaVersion": {"Major": 3, "Minor": 0}}), HCN_BAD_JSON, "no such schema"),
            ("no JSON", create_endpoint("nat"), HCN_BAD_JSON, "settings are JSON"),
            ("filter as an object", lambda script: script.call("HcnEnumerateNetworks", text({"SchemaVersion": VERSION, "Filter": {"Name": "nat"}}),
                                                               "out-text:none", "out-text:result"), HCN_BAD_JSON,
             "the filter is a string that contains JSON [hcsshim]"),
            ("endpoint id that is no GUID", attach("one"), HCN_BAD_GUID, guid),
            ("endpoint id in braces", attach(f"{{{ENDPOINT}}}"), HCN_BAD_GUID, "braces are refused [third-party record]"),
            ("unknown request", modify_namespace({"ResourceType": "Endpoint", "RequestType": "Plug", "Settings": {"EndpointId": ENDPOINT}}),
             HCN_BAD_JSON, "RequestType is a closed list [HNS schema]"),
        ])

    def test_names_the_field(self):
        script = Script()
        line = create_namespace({"CreateWithCompartment": False, "SchemaVersion": VERSION})(script)
        record = json.loads(self.host.replay(script)[line]["result"])
        self.assertEqual((False, 0x803B001B), (record["Success"], record["ErrorCode"]))
        self.assertIn("{{CreateWithCompartment,UnknownField}}", record["Error"])

    def test_things_that_are_not_there(self):
        gone = "HCN HRESULT values; 0x80070490 for namespaces [hcsshim hcn tests]"
        self.run_rows([
            ("open network", by_id("HcnOpenNetwork", UNKNOWN, "out-handle:none"), "0x803b0001", gone),
            ("open endpoint", by_id("HcnOpenEndpoint", UNKNOWN, "out-handle:none"), "0x803b0002", gone),
            ("open namespace", by_id("HcnOpenNamespace", UNKNOWN, "out-handle:none"), NOT_FOUND, gone),
            ("delete network", by_id("HcnDeleteNetwork"), "0x803b0001", gone),
            ("delete endpoint", by_id("HcnDeleteEndpoint"), "0x803b0002", gone),
            ("delete namespace", by_id("HcnDeleteNamespace"), NOT_FOUND, gone),
            ("attach endpoint", attach(UNKNOWN), "0x803b0002", gone),
            ("detach endpoint that is not attached", attach(ENDPOINT, "Remove"), "0x803b0002", f"{gone}; strict reading"),
            ("endpoint on no network", create_endpoint({"SchemaVersion": VERSION}, "null"), BAD_PARAMETER,
             "an open network is needed [hcsshim, third-party record]"),
        ])

    def test_values(self):
        self.run_rows([
            ("namespace in an endpoint", create_endpoint({"HostComputeNamespace": NAMESPACE, "SchemaVersion": VERSION}), "0x803b000c",
             "the namespace is an answer, hcsshim refuses to send it; strict reading"),
            ("another network in an endpoint", create_endpoint({"HostComputeNetwork": UNKNOWN, "SchemaVersion": VERSION}), "0x803b000c",
             "it is the network of the handle; strict reading"),
            ("address outside the subnet", create_endpoint(with_address("10.1.1.1")), "0x803b001e", "HCN HRESULT values"),
            ("no address", create_endpoint(with_address("one")), "0x803b001e", "HCN HRESULT values"),
            ("the gateway's address", create_endpoint(with_address("172.28.16.1")), "0x803b002f", "moby/moby#47576"),
            ("host port that is taken", create_endpoint(with_policy(mapping(8080, 81))), "0x803b0013", "HCN HRESULT values"),
            ("container port 0", create_endpoint(with_policy(mapping(8081, 0))), "0x803b002d", "HCN HRESULT values"),
            ("address of the host in a mapping", create_endpoint(with_policy(
                {"Type": "PortMapping", "Settings": {"Protocol": 6, "InternalPort": 80, "ExternalPort": 8081, "VIP": "10.0.0.1"}})), "0x803b000d",
             "host addresses are not supported on nat [moby, port bindings]; strict reading"),
            ("unknown policy", create_endpoint(with_policy({"Type": "Colour", "Settings": {}})), "0x803b000e", "HCN HRESULT values"),
            ("policy for other networks", create_endpoint(with_policy({"Type": "SDNRoute", "Settings": {}})), "0x803b000d",
             "a policy of l2bridge and overlay [third-party record]"),
            ("endpoint id twice", create_endpoint({"SchemaVersion": VERSION}, identity=ENDPOINT), "0x80071392", "an object with that id is there"),
            ("network id twice", create_network({"Name": "x", "SchemaVersion": VERSION}, NETWORK), "0x803b0010", "WSL opens the other one then"),
            ("unknown network type", create_network({"Name": "x", "Type": "Colour", "SchemaVersion": VERSION}), "0x803b000b", "HCN HRESULT values"),
            ("prefix with host bits", create_network(with_subnet("172.30.16.5/20")), "0x803b000a", "microsoft/containers-toolkit#24"),
            ("gateway outside the subnet", create_network(with_subnet("172.30.16.0/20", "10.0.0.1")), "0x803b000a", "HCN HRESULT values"),
            ("prefix that is none", create_network(with_subnet("172.30.16.0")), "0x803b0030", "HCN HRESULT values"),
            ("subnet that overlaps", create_network(with_subnet("172.28.0.0/16")), "0x80071392", "docker/for-win#726"),
            ("network in use deleted", by_id("HcnDeleteNetwork", NETWORK), "0x803b002c", "HCN HRESULT values"),
        ])

    def test_attached_twice(self):
        script = Script()
        script.call("HcnOpenNamespace", f"guid:{NAMESPACE}", "out-handle:namespace", "out-text:result")
        lines = [attach(ENDPOINT, action)(script) for action in ("Add", "Add", "Remove")]
        results = self.host.replay(script)
        self.assertEqual([OK, "0x803b002b", OK], [results[line]["hr"] for line in lines], "HCN HRESULT values")

    def test_namespace_of_a_running_container(self):
        """0x803B0015 while containers are registered in it [microsoft/hcsshim#2155]."""
        document = self.host.document()
        document["Container"]["Networking"]["Namespace"] = NAMESPACE
        script = Script()
        begin_system(script, document)
        line = by_id("HcnDeleteNamespace", NAMESPACE)(script)
        end_system(script)
        close_system(script)
        self.judge(self.host.replay(script)[line], "0x803b0015", "containers are registered in it")

    def test_host_default_namespace(self):
        """HCS refuses the host's own namespace as a bad parameter [third-party record]."""
        script = Script()
        create_namespace({"Type": "HostDefault", "SchemaVersion": VERSION})(script)
        script.call("HcnQueryNamespaceProperties", "handle:other", text({"SchemaVersion": VERSION}), "out-text:answer", "out-text:result")
        script.call("@pick", "answer", "ID", "own")
        document = self.host.document()
        document["Container"]["Networking"]["Namespace"] = "$(own)"
        line = create_system(document)(script)
        self.judge(self.host.replay(script)[line], BAD_PARAMETER, "HostDefault is not for containers")


class Misuse(FaultTest):
    """What no return value can show must be remembered, and fail the test that did it."""

    def assert_violation(self, script, pattern, line=None):
        before = len(self.host.violations())
        results = self.host.replay(script)
        found = self.host.violations()[before:]
        self.assertEqual(1, len(found), found)
        self.assertRegex(found[0], pattern)
        if line:
            self.assertEqual(BAD_HANDLE, results[line]["hr"])

    def network(self):
        script = Script()
        open_network(script)
        return script

    def test_use_after_close(self):
        script = self.network()
        script.call("HcnCloseNetwork", "handle:network")
        line = script.call("HcnQueryNetworkProperties", "handle:network", "null", "out-text:answer", "out-text:result")
        self.assert_violation(script, "HcnQueryNetworkProperties: handle was closed before", line)

    def test_closed_twice(self):
        script = self.network()
        script.call("HcnCloseNetwork", "handle:network")
        self.assert_violation(script, "HcnCloseNetwork: handle was closed before", script.call("HcnCloseNetwork", "handle:network"))

    def test_endpoint_on_a_closed_network(self):
        script = self.network()
        script.call("HcnCloseNetwork", "handle:network")
        line = create_endpoint({"SchemaVersion": VERSION})(script)
        self.assert_violation(script, "HcnCreateEndpoint: handle was closed before", line)

    def test_handle_of_another_kind(self):
        script = self.network()
        line = script.call("HcnCloseNamespace", "handle:network")
        self.assert_violation(script, "HcnCloseNamespace: handle of another kind", line)

    def test_no_handle(self):
        script = Script()
        line = script.call("HcsStartComputeSystem", "number:4096", "text:", "out-text:result")
        self.assert_violation(script, "HcsStartComputeSystem: not a handle", line)

    def test_system_used_after_close(self):
        script = Script()
        begin_system(script, self.host.document(), started=False)
        end_system(script)
        close_system(script)
        line = script.call("HcsGetComputeSystemProperties", "handle:system", "text:{}", "out-text:answer", "out-text:result")
        self.assert_violation(script, "HcsGetComputeSystemProperties: handle was closed before", line)

    def test_callback_unregistered_twice(self):
        script = Script()
        begin_system(script, self.host.document(), started=False)
        end_system(script)
        close_system(script)
        line = script.call("HcsUnregisterComputeSystemCallback", "handle:registration")
        self.assert_violation(script, "HcsUnregisterComputeSystemCallback: handle was closed before", line)

    def test_system_callback_unregistered_as_a_process_s(self):
        script = Script()
        begin_system(script, self.host.document(), started=False)
        line = script.call("HcsUnregisterProcessCallback", "handle:registration")
        end_system(script)
        close_system(script)
        self.assert_violation(script, "HcsUnregisterProcessCallback: handle of another kind", line)

    def test_closed_with_its_callback(self):
        script = Script()
        begin_system(script, self.host.document(), started=False)
        end_system(script)
        script.call("HcsCloseComputeSystem", "handle:system")
        self.assert_violation(script, "HcsCloseComputeSystem: closed while a callback was registered")

    def test_unregistered_inside_the_callback(self):
        script = Script()
        create_system(self.host.document())(script)
        script.call("HcsRegisterComputeSystemCallback", "handle:system", "callback:system:HcsUnregisterComputeSystemCallback:registration",
                    "out-handle:registration")
        script.wait("system", CREATED)
        script.call("HcsTerminateComputeSystem", "handle:system", "text:", "out-text:result")
        script.call("@sleep", "500")
        script.call("HcsCloseComputeSystem", "handle:system")
        self.assert_violation(script, "unregistered inside a callback")

    def test_string_that_is_never_freed(self):
        """Either DLL gives strings."""
        for function in ("HcnEnumerateNetworks", "HcsEnumerateComputeSystems"):
            with self.subTest(function):
                script = Script()
                script.call(function, "null", "leak-text:answer", "out-text:result")
                self.assert_violation(script, "1 returned strings were not freed with CoTaskMemFree")

    def test_right_use_leaves_none(self):
        script = self.network()
        script.call("HcnQueryNetworkProperties", "handle:network", "null", "out-text:answer", "out-text:result")
        script.call("HcnCloseNetwork", "handle:network")
        before = self.host.violations()
        self.host.replay(script)
        self.assertEqual(before, self.host.violations())


del FaultTest, ReplayTest  # no tests of their own
if __name__ == "__main__":
    unittest.main()
