# SPDX-License-Identifier: MIT
"""Compute systems and processes: calls with exactly one fault each, which must be refused as Windows does.

Every row has the HRESULT and the fact it rests on, with where that is known from. "Strict reading" marks a row where the sources
say that a thing must not be done, but not what Windows answers. So it is in the other test_faults files.
"""

import unittest

from faulting import (BAD_JSON, BAD_PARAMETER, FILE_NOT_FOUND, FaultTest, INVALID_STATE, IN_USE, NOT_FOUND, NO_SYSTEM,
                      PATH_NOT_FOUND, SCRATCH, STOPPED, UNKNOWN, VERSION, begin_system, changed, close_system, create_endpoint,
                      create_process, create_system, drop, end_system, on_system, open_network, put, rename)
from replaying import DRIVER, OK, PENDING, PROCESS_EXITED, Script, layer, missing, text

CLOSED = "HCS refuses fields it does not know in this place and spelling [microsoft/hcsshim#2714]"
TYPES = "the schema reference gives each field one type"
MEMBERS = "hcsshim always sends it; strict reading"
NEWER = "HCS refuses fields of a schema newer than its build's [microsoft/hcsshim#2714; schema version map]"
VOLUME = "Storage.Path is a volume path with a backslash at its end [hcsshim, document composition]"
SAME_LAYERS = "layers are those given to PrepareLayer in the same order and known by NameToGuid; strict reading"
ON_C = "a destination is on C: or is a whole drive [Virtualization-Documentation#334, moby/moby#41681]"
CONTAINER, MOUNT = ("Container",), ("Container", "MappedDirectories", 0)
FIRST_LAYER = ("Container", "Storage", "Layers", 0)

def swap_layers(document):
    document["Container"]["Storage"]["Layers"].reverse()


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
    ("two mounts at one place", put((*CONTAINER, "MappedDirectories", 1), {"HostPath": "C:\\hostdata",
                                                                           "ContainerPath": "c:\\DATA"}),
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
    ("field of schema 2.2 on 17763", put((*CONTAINER, "AssignedDevices"), [{"Type": "DeviceInstance", "LocationPath": "x"}]),
     BAD_JSON, NEWER),
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
    ("variable that is a number", put(("Environment",), {"A": 1}), BAD_JSON,
     "Environment maps text to text [HCS schema reference]"),
    ("no command line", drop("CommandLine"), BAD_PARAMETER, "every Windows client sends one; strict reading"),
    ("arguments for Linux", put(("CommandArgs",), ["a"]), BAD_PARAMETER,
     "CommandArgs is only for Linux [hcsshim, command options]"),
)


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
            ("the same id again", create_system(self.host.document()), "0x8037010f",
             "an id is unique on the host [HCS HRESULT values]"),
            ("a second system on the same scratch", create_system(self.host.document(), "text:two"), IN_USE,
             "a scratch has one container; strict reading"),
            ("paused", on_system("HcsPauseComputeSystem", "text:"), "0x80070032",
             "pausing is for virtual machines; strict reading"),
            ("process that is not there", on_system("HcsOpenProcess", "number:77777", "out-handle:none"), NOT_FOUND,
             "the element is gone [collected reports of error 1168]"),
            ("unknown property", on_system("HcsGetComputeSystemProperties", text({"PropertyTypes": ["Colour"]}), "out-text:none"),
             BAD_JSON, "GetPropertyType is a closed list [HCS schema reference]"),
            ("unknown field of a query", on_system("HcsGetComputeSystemProperties", text({"Types": []}), "out-text:none"), BAD_JSON,
             CLOSED),
            ("unprepared while it runs", lambda script: script.call("UnprepareLayer", DRIVER, text(SCRATCH)), IN_USE,
             "in use until the system has exited [hcsshim waits for it]"),
            ("deactivated while it runs", lambda script: script.call("DeactivateLayer", DRIVER, text(SCRATCH)), IN_USE,
             "in use until the system has exited [hcsshim waits for it]"),
        ])

    def test_created_system(self):
        fact = "only a running system has processes and statistics [hcsshim, errors of a stopped system]; strict reading"
        self.run_on_system([
            ("process before the start", create_process(PROCESS), INVALID_STATE, fact),
            ("statistics before the start", on_system("HcsGetComputeSystemProperties", text({"PropertyTypes": ["Statistics"]}),
                                                      "out-text:none"),
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
            ("opened", lambda script: script.call("HcsOpenComputeSystem", "text:one", "out-handle:none", "out-text:result"),
             NO_SYSTEM, "no system of that id [containerd looks for this code]"),
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
            ("terminated", ("HcsTerminateProcess",), "0x80070005",
             "access denied once a process has ended [hcsshim, Process.Kill]"),
            ("signalled", ("HcsSignalProcess", text({"Signal": "CtrlC"})), NOT_FOUND,
             "the process is gone [hcsshim, signal results]"),
            ("modified", ("HcsModifyProcess", text({"Operation": "CloseHandle", "CloseHandle": {"Handle": "StdIn"}})),
             INVALID_STATE, "Docker ignores this code after the end [moby, containers on Windows]"),
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
            ("signal by a name of Linux", ("HcsSignalProcess", text({"Signal": "SIGTERM"})), BAD_JSON,
             "ProcessSignal is a closed list"),
            ("unknown operation", ("HcsModifyProcess", text({"Operation": "Colour"})), BAD_JSON,
             "ModifyOperation is a closed list"),
            ("operation without its member", ("HcsModifyProcess", text({"Operation": "CloseHandle"})), BAD_PARAMETER,
             "the member named by Operation holds its arguments; strict reading"),
            ("unknown stream", ("HcsModifyProcess", text({"Operation": "CloseHandle", "CloseHandle": {"Handle": "Stdin"}})),
             BAD_JSON, "StdHandle is a closed list"),
            ("size without a console", ("HcsModifyProcess", text({"Operation": "ConsoleSize", "ConsoleSize": {"Height": 1,
                                                                                                              "Width": 1}})),
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
        self.run_rows([(name, create_system(changed(good, change)), code, fact) for name, change, code,
                       fact in OLD_BUILD_DOCUMENTS])

    def test_network_policy(self):
        """InterfaceParameters came with schema 2.4; this host has 2.0."""
        endpoint = {"Policies": [{"Type": "InterfaceParameters", "Settings": {"Mtu": "1400"}}], "SchemaVersion": VERSION}
        script = Script()
        open_network(script)
        line = create_endpoint(endpoint)(script)
        self.judge(self.host.replay(script)[line], "0x803b000e", "a policy type unknown to this build [HNS schema, version map]")


del FaultTest  # no tests of its own
if __name__ == "__main__":
    unittest.main()
