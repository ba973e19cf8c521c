# SPDX-License-Identifier: MIT
"""For tests of calls with a fault: a machine where everything is right, and the pieces of scripts they share."""

import copy
import json
import unittest

from replaying import CREATED, DRIVER, Host, OK, ReplayTest, STARTED, SYSTEM_EXITED, Script, layer, layer_id, missing, text

BAD_JSON, BAD_PARAMETER = "0x8037010d", "0x80070057"
NOT_FOUND, PATH_NOT_FOUND, FILE_NOT_FOUND = "0x80070490", "0x80070003", "0x80070002"
IN_USE, BAD_HANDLE, EXISTS, BAD_DATA = "0x80070020", "0x80070006", "0x800700b7", "0x8007000d"
INVALID_STATE, STOPPED, NO_SYSTEM = "0xc0370105", "0xc0370110", "0xc037010e"
HCN_BAD_JSON, HCN_BAD_GUID = "0x803b001b", "0x803b0019"

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


def changed(document, change):
    document = copy.deepcopy(document)
    change(document)
    return document


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
            script.call("HcnCreateNamespace", f"guid:{NAMESPACE}", text({"SchemaVersion": VERSION}), "out-handle:namespace",
                        "out-text:record"),
            script.call("HcnCreateEndpoint", "handle:network", f"guid:{ENDPOINT}", text(
                {"Name": "one", "Policies": [mapping(8080, 80)], "SchemaVersion": VERSION}), "out-handle:endpoint",
                "out-text:record"),
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
    return lambda script: script.call("HcsCreateComputeSystem", identity, text(document), "null", "out-handle:system",
                                      "out-text:result")


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
    return lambda script: script.call("HcsCreateProcess", "handle:system", text(parameters), "out-process:information",
                                      "out-handle:process",
                                      "out-text:result")


def open_network(script):
    script.call("HcnOpenNetwork", f"guid:{NETWORK}", "out-handle:network", "out-text:result")


def create_endpoint(settings, network="handle:network", identity=ZERO):
    return lambda script: script.call("HcnCreateEndpoint", network, f"guid:{identity}", text(settings), "out-handle:endpoint",
                                      "out-text:result")


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
