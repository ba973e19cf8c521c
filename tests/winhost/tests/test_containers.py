# SPDX-License-Identifier: MIT
"""Containers that really run: a machine, a base layer with programs, and the calls as the DLLs make them."""

import json
import os
import shutil
import tempfile
import threading
import time
import unittest

import rig
from rig import OK, PENDING, chain
from simhost import machine

CREATE_COMPLETED, START_COMPLETED, SYSTEM_EXITED, PROCESS_EXITED = 2, 3, 1, 0x10000
BASE = "C:\\L\\base"
REDUCED = os.environ.get("WINHOST_REDUCED") and "asked for"


class Container:
    """A running container of one client."""

    def __init__(self, test, name, mounts=(), namespace=None, start=True, **more):
        self.test, self.name, self.client = test, name, test.client
        self.scratch = f"C:\\L\\{name}"
        test.expect(OK, self.client.layer("CreateSandboxLayer", id=self.scratch, parent=None, descriptors=chain(BASE)))
        test.expect(OK, self.client.layer("ActivateLayer", id=self.scratch))
        test.expect(OK, self.client.layer("PrepareLayer", id=self.scratch, descriptors=chain(BASE)))
        self.volume = self.client.layer("GetLayerMountPath", id=self.scratch)[1]["mount"] + "\\"
        self.document = document(self.volume, mounts, namespace=namespace, **more)
        reply = self.client.call("HcsCreateComputeSystem", id=name, configuration=json.dumps(self.document), identity=None)
        test.expect(PENDING, reply)
        self.handle = reply[1]["handle"]
        self.status = self.client.wait_event(self.handle, CREATE_COMPLETED)[2]
        test.assertEqual(OK, self.status)
        if start:
            test.expect(PENDING, self.call("HcsStartComputeSystem", options=""))
            test.assertEqual(OK, self.client.wait_event(self.handle, START_COMPLETED)[2])

    def call(self, function, **arguments):
        return self.client.call(function, handle=int(self.handle), **arguments)

    def spawn(self, command, streams="012", **parameters):
        """(reply, {number: connection}) of HcsCreateProcess."""
        names = ("CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe")
        parameters = {"CommandLine": command, "WorkingDirectory": "C:\\", **parameters}
        parameters.update({names[int(number)]: True for number in streams})
        reply = self.call("HcsCreateProcess", processParameters=json.dumps(parameters))
        if reply[0] != OK:
            return reply, {}
        return reply, {int(number): self.client.stream(reply[1]["attach"], number) for number in streams}

    def run(self, command, given=b"", **parameters):
        """(exit code, stdout, stderr) of a whole run."""
        reply, streams = self.spawn(command, **parameters)
        self.test.expect(OK, reply)
        feeder = threading.Thread(target=feed, args=(streams[0], given))
        feeder.start()
        outputs = {}
        errors = threading.Thread(target=lambda: outputs.update(err=read_all(streams[2])))
        errors.start()
        output = read_all(streams[1])
        errors.join()
        feeder.join()
        code = self.wait(reply[1]["handle"])
        self.test.expect(OK, self.client.call("HcsCloseProcess", handle=int(reply[1]["handle"])))
        return code, output, outputs["err"]

    def wait(self, process):
        self.client.wait_event(process, PROCESS_EXITED)
        properties = json.loads(self.client.call("HcsGetProcessProperties", process=int(process))[1]["response"])
        self.test.assertTrue(properties["Exited"])
        return properties["ExitCode"]

    def stop(self, function="HcsTerminateComputeSystem"):
        self.test.expect(PENDING, self.call(function, options=""))
        event = self.client.wait_event(self.handle, SYSTEM_EXITED)
        self.test.assertEqual(OK, event[2])
        self.test.expect(OK, self.call("HcsCloseComputeSystem"))
        self.release()
        return json.loads(event[3])["ExitType"]

    def release(self):
        for verb in ("Unprepare", "Deactivate", "Destroy"):
            self.test.expect(OK, self.client.layer(f"{verb}Layer", id=self.scratch))


def document(volume, mounts=(), owner="test", hostname="builder", die_with_handles=True, namespace=None):
    layer = rig.descriptor(BASE)
    network = {"Networking": {"AllowUnqualifiedDnsQuery": True, "Namespace": namespace}} if namespace else {}
    return {
        "Owner": owner, "SchemaVersion": {"Major": 2, "Minor": 1}, "ShouldTerminateOnLastHandleClosed": die_with_handles,
        "Container": {
            "GuestOs": {"HostName": hostname},
            "Storage": {"Layers": [{"Id": layer["LayerId"], "Path": layer["Path"]}], "Path": volume},
            "MappedDirectories": [
                {"HostPath": host, "ContainerPath": inside, **({"ReadOnly": True} if more else {})} for host, inside, *more in mounts],
            **network,
        },
    }


def feed(sock, data):
    try:
        sock.sendall(data)
        sock.shutdown(1)
    except OSError:
        pass


def read_all(sock):
    data = bytearray()
    while chunk := sock.recv(1 << 20):
        data += chunk
    return bytes(data)


class ContainerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = machine.Machine(tempfile.mkdtemp(prefix="winhost-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.machine.directory)
        programs = rig.guest_programs()
        cls.machine.create(20348, programs)
        rig.make_base_files(os.path.join(cls.machine.drive_c, "L", "base"), ("cmd.exe",), more=[("app/hello.txt", b"hello\r\n")])
        shutil.copy(programs["tool.exe"], os.path.join(cls.machine.drive_c, "L", "base", "Files", "app", "tool.exe"))
        cls.machine.start(REDUCED)
        cls.addClassCleanup(cls.machine.stop)
        first = rig.Client(cls.machine.directory)
        code, values = first.call("ProcessBaseImage", path=f"\\\\?\\{BASE}")
        assert code == OK, values
        first.die()

    def setUp(self):
        self.client = rig.Client(self.machine.directory)
        self.addCleanup(self.client.die)

    def tearDown(self):
        with open(self.machine.path("simhost.log"), encoding="utf-8") as file:
            self.assertNotIn("Traceback", file.read())

    def disk(self, *parts):
        return os.path.join(self.machine.drive_c, *parts)

    def expect(self, code, reply):
        self.assertEqual(code, reply[0], reply[1])

    def leftovers(self):
        return json.loads(self.client.call("leftovers", dll="winhost")[1]["response"])


class Programs(ContainerTest):
    def setUp(self):
        super().setUp()
        self.container = Container(self, f"c{id(self)}")
        self.addCleanup(self.container.stop)

    def test_output_and_exit_codes(self):
        run = self.container.run
        self.assertEqual((7, b"hello\r\n", b""), run("cmd /c echo hello& exit 7"))
        self.assertEqual((0, b"", b"oops \r\n"), run("cmd /c echo oops >&2"))
        self.assertEqual((0xC000013A, b"", b""), run("C:\\app\\tool.exe exit 0xC000013A"))
        self.assertEqual((1603, b"", b""), run("C:\\app\\tool.exe exit 1603"))

    def test_command_line_is_passed_as_it_is(self):
        self.assertEqual(b'"a b"  \\"c\\\\ "\r\n', self.container.run('cmd /c echo "a b"  \\"c\\\\ "')[1])

    def test_input(self):
        self.assertEqual((0, b"one\r\ntwo", b""), self.container.run("C:\\app\\tool.exe cat", b"one\r\ntwo"))

    def test_much_output(self):
        size = 100 << 20
        code, output, _ = self.container.run(f"C:\\app\\tool.exe spew {size}")
        self.assertEqual((0, size), (code, len(output)))
        for at in (0, 65535, 65536, 1_000_003, size - 1):
            self.assertEqual((at * 7 + at // 251) & 0xFF, output[at], at)

    def test_much_input_comes_back(self):
        data = os.urandom(1 << 20) * 16
        code, output, _ = self.container.run("C:\\app\\tool.exe cat", data)
        self.assertEqual((0, True), (code, data == output))

    def test_a_caller_that_does_not_read_stops_the_program(self):
        reply, streams = self.container.spawn("C:\\app\\tool.exe spew 50000000", "1")
        time.sleep(0.5)
        with self.assertRaises(AssertionError):
            self.client.wait_event(reply[1]["handle"], PROCESS_EXITED, 0.1)
        self.assertEqual(50_000_000, len(read_all(streams[1])))
        self.assertEqual(0, self.container.wait(reply[1]["handle"]))

    def test_closing_the_input_by_call(self):
        reply, streams = self.container.spawn("C:\\app\\tool.exe cat", "01")
        streams[0].sendall(b"last words")
        close = json.dumps({"Operation": "CloseHandle", "CloseHandle": {"Handle": "StdIn"}})
        self.expect(OK, self.client.call("HcsModifyProcess", process=int(reply[1]["handle"]), settings=close))
        self.assertEqual(b"last words", read_all(streams[1]))

    def test_start_errors(self):
        cases = {
            "no such program": ("0x80070002", "nosuch.exe", {}),
            "no such directory": ("0x8007010b", "cmd /c exit", {"WorkingDirectory": "C:\\nowhere"}),
            "a file as directory": ("0x8007010b", "cmd /c exit", {"WorkingDirectory": "C:\\app\\hello.txt"}),
            "no such user": ("0x8007052e", "cmd /c exit", {"User": "NT AUTHORITY\\SYSTEM"}),
            "no command": ("0x80070057", "", {}),
            "an unknown field": ("0x8037010d", "cmd /c exit", {"Colour": "blue"}),
        }
        for name, (code, command, parameters) in cases.items():
            with self.subTest(name):
                self.expect(code, self.container.spawn(command, **parameters)[0])
        self.assertEqual(0, self.container.run("cmd /c exit 0")[0])

    def test_environment_and_user(self):
        run = self.container.run
        self.assertEqual(b"ContainerAdministrator BUILDER\r\n", run("cmd /c echo %USERNAME% %COMPUTERNAME%")[1])
        user = run("cmd /c echo %USERNAME% %USERPROFILE%", User="containeruser")[1]
        self.assertEqual(b"ContainerUser C:\\Users\\ContainerUser\r\n", user)
        self.assertEqual(b"bar baz\r\n", run("cmd /c echo %FOO%", Environment={"foo": "bar baz"})[1])
        mine = run("cmd /c echo %PATH%", Environment={"PATH": "C:\\mine"}, WorkingDirectory="C:\\windows\\system32")[1]
        self.assertEqual(b"C:\\mine\r\n", mine)
        self.assertEqual(b"C:\\app\r\n", run("cmd /c cd", WorkingDirectory="C:\\app")[1])

    @unittest.skipIf(REDUCED, "without isolation the host's name is everybody's")
    def test_host_name(self):
        self.assertEqual(b"builder\r\n", self.container.run("hostname")[1].lower())

    def test_terminate(self):
        reply, _ = self.container.spawn("C:\\app\\tool.exe sleep 60000", "")
        process = int(reply[1]["handle"])
        self.expect(OK, self.client.call("HcsTerminateProcess", process=process))
        self.assertEqual(1067, self.container.wait(reply[1]["handle"]))
        self.expect("0x80070005", self.client.call("HcsTerminateProcess", process=process))

    def test_control_c(self):
        reply, _ = self.container.spawn("C:\\app\\tool.exe sleep 60000", "")
        time.sleep(0.3)
        self.expect(OK, self.client.call("HcsSignalProcess", process=int(reply[1]["handle"]), options='{"Signal":"CtrlC"}'))
        self.assertEqual(0xC000013A, self.container.wait(reply[1]["handle"]))
        self.expect("0x80070490", self.client.call(
            "HcsSignalProcess", process=int(reply[1]["handle"]), options='{"Signal":"CtrlC"}'))

    def type_until(self, streams, text, wanted):
        """Types again and again, as Wine throws away what is typed before the program reads; the output up to `wanted`."""
        output = b""
        deadline = time.monotonic() + 30
        streams[1].settimeout(1)
        while wanted not in output:
            self.assertLess(time.monotonic(), deadline, output)
            try:
                output += streams[1].recv(1000)
            except TimeoutError:
                streams[0].sendall(text)
        streams[1].settimeout(30)
        return output

    def test_console(self):
        command = "cmd /c echo hi& echo err>&2& set /p X=& set X"
        reply, streams = self.container.spawn(command, "01", EmulateConsole=True, ConsoleSize=[30, 100])
        self.assertEqual((OK, "0"), (reply[0], reply[1]["stderr"]))
        process = int(reply[1]["handle"])
        resize = '{"Operation":"ConsoleSize","ConsoleSize":{"Height":40,"Width":120}}'
        self.expect(OK, self.client.call("HcsModifyProcess", process=process, settings=resize))
        output = self.type_until(streams, b"typed\r", b"X=typed") + read_all(streams[1])
        for text in (b"hi", b"err", b"X=typed"):
            self.assertIn(text, output)
        self.assertEqual(0, self.container.wait(reply[1]["handle"]))
        reply, _ = self.container.spawn("C:\\app\\tool.exe sleep 60000", "")
        self.expect("0x80070057", self.client.call("HcsModifyProcess", process=int(reply[1]["handle"]), settings=resize))

    def test_second_handles(self):
        reply, _ = self.container.spawn("C:\\app\\tool.exe sleep 60000", "")
        other = rig.Client(self.machine.directory)
        self.addCleanup(other.die)
        code, values = other.call("HcsOpenComputeSystem", id=self.container.name)
        self.assertEqual(OK, code)
        code, opened = other.call("HcsOpenProcess", handle=int(values["handle"]), pid=int(reply[1]["pid"]))
        self.assertEqual((OK, reply[1]["pid"]), (code, opened["pid"]))
        self.expect(OK, other.call("HcsTerminateProcess", process=int(opened["handle"])))
        other.wait_event(opened["handle"], PROCESS_EXITED)
        self.client.wait_event(reply[1]["handle"], PROCESS_EXITED)
        self.expect("0x80070490", other.call("HcsOpenProcess", handle=int(values["handle"]), pid=int(reply[1]["pid"])))

    def test_properties(self):
        reply, _ = self.container.spawn("C:\\app\\tool.exe sleep 60000", "")
        query = '{"PropertyTypes":["ProcessList","Statistics"]}'
        found = json.loads(self.container.call("HcsGetComputeSystemProperties", propertyQuery=query)[1]["response"])
        self.assertEqual("Running", found["State"])
        self.assertEqual([(int(reply[1]["pid"]), "tool.exe")], [(each["ProcessId"], each["ImageName"]) for each in found["ProcessList"]])
        self.assertGreater(found["Statistics"]["Uptime100ns"], 0)
        for query, names in (('{"Owners":["TEST"]}', [self.container.name]), ('{"Owners":["wrun"]}', []), ("{}", [self.container.name]),
                             (json.dumps({"Ids": [self.container.name]}), [self.container.name]), ('{"Ids":["other"]}', [])):
            found = json.loads(self.client.call("HcsEnumerateComputeSystems", query=query)[1]["response"])
            self.assertEqual(names, [each["Id"] for each in found], query)
        self.expect("0x8037010d", self.client.call("HcsEnumerateComputeSystems", query='{"Owner":"wrun"}'))


class Mounts(ContainerTest):
    def test_mounts(self):
        os.makedirs(self.disk("data", "sub"))
        rig.write(self.disk("data", "in.txt"), b"from the host")
        shutil.copy(rig.guest_programs()["tool.exe"], self.disk("data", "mine.exe"))
        self.addCleanup(shutil.rmtree, self.disk("data"))
        mounts = [("C:\\data", "C:\\deep\\Data"), ("C:\\data", "C:\\ro", True), ("C:\\DATA\\sub", "E:"),
                  ("C:\\data\\in.txt", "C:\\app\\one.txt")]
        container = Container(self, "mounted", mounts)
        self.assertEqual(b"from the host", container.run("cmd /c type C:\\DEEP\\data\\in.txt")[1])
        self.assertEqual(b"from the host", container.run("cmd /c type C:\\app\\one.txt")[1])
        self.assertEqual(5, container.run("C:\\deep\\data\\mine.exe exit 5")[0])
        container.run("cmd /c echo out>C:\\deep\\data\\out.txt& echo drive>E:\\e.txt")
        with open(self.disk("data", "out.txt"), "rb") as file:
            self.assertEqual(b"out\r\n", file.read())
        self.assertTrue(os.path.exists(self.disk("data", "sub", "e.txt")))
        container.run("cmd /c echo x>C:\\ro\\no.txt")
        if not REDUCED:
            self.assertFalse(os.path.exists(self.disk("data", "no.txt")))
        volume = self.machine.path("vhd")
        container.run("cmd /c echo kept>C:\\kept.txt")
        self.assertEqual("ForcedExit", container.stop())
        self.assertEqual([], os.listdir(volume))
        self.assertTrue(os.path.exists(self.disk("data", "in.txt")))

    def test_a_mount_below_a_mount(self):
        for name in ("outer", "inner"):
            rig.write(self.disk(name, f"{name}.txt"), name.encode())
            self.addCleanup(shutil.rmtree, self.disk(name))
        container = Container(self, "nested", [("C:\\inner", "C:\\o\\i"), ("C:\\outer", "C:\\o")])
        self.assertEqual(b"outer", container.run("cmd /c type C:\\o\\outer.txt")[1])
        self.assertEqual(b"inner", container.run("cmd /c type C:\\o\\i\\inner.txt")[1])
        container.stop()
        self.assertEqual(["inner.txt"], os.listdir(self.disk("inner")))

    def test_mount_points_leave_no_trace(self):
        os.makedirs(self.disk("data"))
        self.addCleanup(shutil.rmtree, self.disk("data"))
        container = Container(self, "traces", [("C:\\data", "C:\\a\\b")])
        container.call("HcsTerminateComputeSystem", options="")
        self.client.wait_event(container.handle, SYSTEM_EXITED)
        guid = container.volume.partition("{")[2][:36]
        upper = self.machine.path("vhd", guid, "merged" if REDUCED else "upper")
        self.assertFalse(os.path.exists(os.path.join(upper, "a")))
        self.expect(OK, container.call("HcsCloseComputeSystem"))
        container.release()

    def test_refused(self):
        container = Container(self, "refused", start=False)
        volume = container.volume
        container.call("HcsTerminateComputeSystem", options="")
        self.client.wait_event(container.handle, SYSTEM_EXITED)
        os.makedirs(self.disk("there"), exist_ok=True)
        cases = {
            "no source": ("0x80070002", [("C:\\nowhere", "C:\\x")]),
            "a relative source": ("0x80070057", [("there", "C:\\x")]),
            "forward slashes": ("0x80070057", [("C:/there", "C:\\x")]),
            "forward slashes inside": ("0x80070057", [("C:\\there", "C:/x")]),
            "below another drive": ("0x80070057", [("C:\\there", "D:\\x")]),
            "C: itself": ("0x80070057", [("C:\\there", "C:\\")]),
            "a relative target": ("0x80070057", [("C:\\there", "x")]),
            "the same place twice": ("0x80070057", [("C:\\there", "C:\\x"), ("C:\\there", "c:\\X")]),
        }
        for name, (code, mounts) in cases.items():
            with self.subTest(name):
                self.expect(code, self.client.call("HcsCreateComputeSystem", id="x", configuration=json.dumps(document(volume, mounts))))
        self.expect(OK, container.call("HcsCloseComputeSystem"))
        container.release()


class Life(ContainerTest):
    def test_states(self):
        container = Container(self, "states", start=False)
        self.expect("0xc0370105", container.spawn("cmd /c exit")[0])
        self.expect("0xc0370105", container.call("HcsShutdownComputeSystem", options=""))
        self.expect("0x8037010f", self.client.call(
            "HcsCreateComputeSystem", id="states", configuration=json.dumps(container.document)))
        self.expect("0x80070020", self.client.call(
            "HcsCreateComputeSystem", id="other", configuration=json.dumps(container.document)))
        for verb in ("Unprepare", "Deactivate", "Destroy"):
            self.expect("0x80070020", self.client.layer(f"{verb}Layer", id=container.scratch))
        self.expect(PENDING, container.call("HcsStartComputeSystem", options=""))
        self.expect("0xc0370105", container.call("HcsStartComputeSystem", options=""))
        self.assertEqual(OK, self.client.wait_event(container.handle, START_COMPLETED)[2])
        self.expect(PENDING, container.call("HcsShutdownComputeSystem", options=""))
        self.assertEqual("GracefulExit", json.loads(self.client.wait_event(container.handle, SYSTEM_EXITED)[3])["ExitType"])
        self.expect("0xc0370110", container.call("HcsShutdownComputeSystem", options=""))
        self.expect("0xc0370110", container.call("HcsTerminateComputeSystem", options=""))
        self.expect("0xc0370105", container.spawn("cmd /c exit")[0])
        self.expect("0xc037010e", self.client.call("HcsOpenComputeSystem", id="states"))
        self.expect(OK, container.call("HcsCloseComputeSystem"))
        self.expect("0x80070006", container.call("HcsCloseComputeSystem"))
        container.release()
        self.assertFalse([each for each in self.leftovers() if "states" in each[1]])

    def test_documents(self):
        container = Container(self, "documents", start=False)
        container.call("HcsTerminateComputeSystem", options="")
        self.client.wait_event(container.handle, SYSTEM_EXITED)
        self.expect(OK, container.call("HcsCloseComputeSystem"))

        def storage(**changes):
            changed = json.loads(json.dumps(container.document))
            changed["Container"]["Storage"].update(changes)
            return changed

        right = container.document["Container"]["Storage"]
        layer = right["Layers"][0]
        cases = {
            "no backslash": ("0x80070057", storage(Path=right["Path"][:-1])),
            "a drive": ("0x80070057", storage(Path="C:\\L\\documents\\")),
            "another volume": ("0x80070003", storage(Path="\\\\?\\Volume{57c5c9fc-457a-11e6-b901-9f8c073a0421}\\")),
            "no layers": ("0x80070057", storage(Layers=[])),
            "the base twice": ("0x80070003", storage(Layers=[layer, layer])),
            "another id": ("0x80070003", storage(Layers=[{**layer, "Id": "6f0d2a0b-8a3c-4d0e-9c57-0c7c5e0b2f11"}])),
            "another path": ("0x80070003", storage(Layers=[{**layer, "Path": "C:\\L"}])),
            "not JSON": ("0x8037010d", None),
            "a namespace that is not there": ("0x80070490", {
                **container.document, "Container": {**container.document["Container"], "Networking": {
                    "Namespace": "59b1057a-e526-415a-b840-b61662558067"}}}),
        }
        for name, (code, changed) in cases.items():
            with self.subTest(name):
                text = json.dumps(changed) if changed else "{,}"
                self.expect(code, self.client.call("HcsCreateComputeSystem", id="x", configuration=text))
        container.release()

    def test_the_container_dies_with_its_creator(self):
        creator = rig.Client(self.machine.directory)
        mine, self.client = self.client, creator
        container = Container(self, "orphan")
        container.spawn("C:\\app\\tool.exe sleep 60000", "01")
        container.spawn("C:\\app\\tool.exe spew 100000000", "1")
        creator.die()
        self.client = mine
        self.assertTrue(machine.wait_until(lambda: not [each for each in self.leftovers() if each[0] == "system"], 10))
        self.assertIn(["layer", "C:\\L\\orphan (prepared)"], self.leftovers())
        self.assertEqual([], os.listdir(self.machine.path("cont")))
        container.client = mine
        container.release()
        self.assertFalse([each for each in self.leftovers() if "orphan" in each[1]])

    def test_a_container_outlives_its_creator_when_told_so(self):
        creator = rig.Client(self.machine.directory)
        mine, self.client = self.client, creator
        container = Container(self, "survivor", die_with_handles=False)
        creator.die()
        self.client = container.client = mine
        code, values = mine.call("HcsOpenComputeSystem", id="survivor")
        self.assertEqual(OK, code)
        container.handle = values["handle"]
        self.assertEqual(3, container.run("cmd /c exit 3")[0])
        container.stop()

    def test_output_is_complete_when_the_container_is_stopped(self):
        container = Container(self, "cut")
        reply, streams = container.spawn("cmd /c echo before& C:\\app\\tool.exe sleep 60000", "1")
        output = b""
        while not output.endswith(b"\r\n"):
            output += streams[1].recv(100)
        self.expect(PENDING, container.call("HcsTerminateComputeSystem", options=""))
        self.assertEqual(b"", read_all(streams[1]))
        self.client.wait_event(reply[1]["handle"], PROCESS_EXITED)
        self.client.wait_event(container.handle, SYSTEM_EXITED)
        self.expect(OK, container.call("HcsCloseComputeSystem"))
        container.release()

    def test_changes_are_kept_in_the_scratch(self):
        container = Container(self, "keep")
        container.run("cmd /c echo one>C:\\app\\hello.txt& del C:\\app\\tool.exe& echo two>C:\\new.txt")
        self.expect(PENDING, container.call("HcsShutdownComputeSystem", options=""))
        self.client.wait_event(container.handle, SYSTEM_EXITED)
        self.expect(OK, container.call("HcsCloseComputeSystem"))
        second = json.dumps(container.document)
        reply = self.client.call("HcsCreateComputeSystem", id="keep", configuration=second)
        self.expect(PENDING, reply)
        container.handle = reply[1]["handle"]
        self.client.wait_event(container.handle, CREATE_COMPLETED)
        self.expect(PENDING, container.call("HcsStartComputeSystem", options=""))
        self.client.wait_event(container.handle, START_COMPLETED)
        with open(self.disk("L", "base", "Files", "app", "hello.txt"), "rb") as file:
            self.assertEqual(b"hello\r\n", file.read())
        self.assertTrue(os.path.exists(self.disk("L", "base", "Files", "app", "tool.exe")))
        self.expect("0x80070002", container.spawn("C:\\app\\tool.exe exit 0")[0])
        self.assertEqual(b"two\r\n", container.run("cmd /c type C:\\new.txt")[1])
        container.stop()


if __name__ == "__main__":
    unittest.main()
