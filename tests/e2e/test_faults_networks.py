# SPDX-License-Identifier: MIT
"""Networks, endpoints and namespaces: calls with exactly one fault each (see test_faults.py)."""

import json
import subprocess
import sys
import unittest

from faulting import (BAD_PARAMETER, ENDPOINT, FaultTest, HCN_BAD_GUID, HCN_BAD_JSON, IN_USE, NAMESPACE, NETWORK, NOT_FOUND,
                      UNKNOWN, VERSION, attach, begin_system, by_id, close_system, create_endpoint, create_namespace,
                      create_network, create_system, end_system, mapping, modify_namespace, open_network, with_address,
                      with_policy, with_subnet)
from replaying import OK, Script, text


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
            ("field that newer PowerShell sends", create_namespace({"CreateWithCompartment": False, "SchemaVersion": VERSION}),
             HCN_BAD_JSON, closed),
            ("owner of an endpoint", create_endpoint({"Owner": "wrun", "SchemaVersion": VERSION}), HCN_BAD_JSON,
             "no shipping program sends Owner; strict reading"),
            ("name in lower case", create_endpoint({"name": "x", "SchemaVersion": VERSION}), HCN_BAD_JSON, closed),
            ("servers as text", create_endpoint({"Dns": {"ServerList": "1.1.1.1"}, "SchemaVersion": VERSION}), HCN_BAD_JSON,
             "ServerList is an array [HNS schema; hcsshim]"),
            ("suffix in place of domain", create_endpoint({"Dns": {"Suffix": "x"}, "SchemaVersion": VERSION}), HCN_BAD_JSON,
             closed),
            ("policy settings as text", create_endpoint(with_policy({"Type": "PortMapping", "Settings": "{}"})), HCN_BAD_JSON,
             "Settings is an object: ExpectedObject [third-party record]"),
            ("policy without settings", create_endpoint(with_policy({"Type": "PortMapping"})), HCN_BAD_JSON,
             "a policy is Type and Settings"),
            ("no schema version", create_endpoint({"Name": "x"}), HCN_BAD_JSON,
             "without it the document is an old one; strict reading"),
            ("schema version 3.0", create_endpoint({"SchemaVersion": {"Major": 3, "Minor": 0}}), HCN_BAD_JSON, "no such schema"),
            ("no JSON", create_endpoint("nat"), HCN_BAD_JSON, "settings are JSON"),
            ("filter as an object", lambda script: script.call("HcnEnumerateNetworks", text({"SchemaVersion": VERSION,
                                                                                             "Filter": {"Name": "nat"}}),
                                                               "out-text:none", "out-text:result"), HCN_BAD_JSON,
             "the filter is a string that contains JSON [hcsshim]"),
            ("endpoint id that is no GUID", attach("one"), HCN_BAD_GUID, guid),
            ("endpoint id in braces", attach(f"{{{ENDPOINT}}}"), HCN_BAD_GUID, "braces are refused [third-party record]"),
            ("unknown request", modify_namespace({"ResourceType": "Endpoint", "RequestType": "Plug",
                                                  "Settings": {"EndpointId": ENDPOINT}}),
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
            ("namespace in an endpoint", create_endpoint({"HostComputeNamespace": NAMESPACE, "SchemaVersion": VERSION}),
             "0x803b000c",
             "the namespace is an answer, hcsshim refuses to send it; strict reading"),
            ("another network in an endpoint", create_endpoint({"HostComputeNetwork": UNKNOWN, "SchemaVersion": VERSION}),
             "0x803b000c",
             "it is the network of the handle; strict reading"),
            ("address outside the subnet", create_endpoint(with_address("10.1.1.1")), "0x803b001e", "HCN HRESULT values"),
            ("no address", create_endpoint(with_address("one")), "0x803b001e", "HCN HRESULT values"),
            ("the gateway's address", create_endpoint(with_address("172.28.16.1")), "0x803b002f", "moby/moby#47576"),
            ("host port that is taken", create_endpoint(with_policy(mapping(8080, 81))), "0x803b0013", "HCN HRESULT values"),
            ("container port 0", create_endpoint(with_policy(mapping(8081, 0))), "0x803b002d", "HCN HRESULT values"),
            ("address of the host in a mapping", create_endpoint(with_policy(
                {"Type": "PortMapping", "Settings": {"Protocol": 6, "InternalPort": 80, "ExternalPort": 8081, "VIP": "10.0.0.1"}})),
                "0x803b000d",
             "host addresses are not supported on nat [moby, port bindings]; strict reading"),
            ("unknown policy", create_endpoint(with_policy({"Type": "Colour", "Settings": {}})), "0x803b000e",
             "HCN HRESULT values"),
            ("policy for other networks", create_endpoint(with_policy({"Type": "SDNRoute", "Settings": {}})), "0x803b000d",
             "a policy of l2bridge and overlay [third-party record]"),
            ("endpoint id twice", create_endpoint({"SchemaVersion": VERSION}, identity=ENDPOINT), "0x80071392",
             "an object with that id is there"),
            ("network id twice", create_network({"Name": "x", "SchemaVersion": VERSION}, NETWORK), "0x803b0010",
             "WSL opens the other one then"),
            ("unknown network type", create_network({"Name": "x", "Type": "Colour", "SchemaVersion": VERSION}), "0x803b000b",
             "HCN HRESULT values"),
            ("prefix with host bits", create_network(with_subnet("172.30.16.5/20")), "0x803b000a",
             "microsoft/containers-toolkit#24"),
            ("gateway outside the subnet", create_network(with_subnet("172.30.16.0/20", "10.0.0.1")), "0x803b000a",
             "HCN HRESULT values"),
            ("prefix that is none", create_network(with_subnet("172.30.16.0")), "0x803b0030", "HCN HRESULT values"),
            ("subnet that overlaps", create_network(with_subnet("172.28.0.0/16")), "0x80071392", "docker/for-win#726"),
            ("network in use deleted", by_id("HcnDeleteNetwork", NETWORK), "0x803b002c", "HCN HRESULT values"),
        ])

    def test_host_port_of_another_program(self):
        """HNS answers that the file is in use [docker/for-win#1745]."""
        if self.host.machine.mode() != "isolated":
            self.skipTest("ports are published only where the host has a network of its own")
        code = "import socket, sys; s = socket.create_server(('0.0.0.0', 8090)); print(flush=True); sys.stdin.read()"
        listener = [sys.executable, "-c", code]
        with subprocess.Popen([*self.host.machine.enter(), *listener], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            program.stdout.readline()
            self.run_rows([("port in use", create_endpoint(with_policy(mapping(8090, 80))), IN_USE,
                            "another program has the port")])
            program.stdin.close()

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
        script.call("HcnQueryNamespaceProperties", "handle:other", text({"SchemaVersion": VERSION}), "out-text:answer",
                    "out-text:result")
        script.call("@pick", "answer", "ID", "own")
        document = self.host.document()
        document["Container"]["Networking"]["Namespace"] = "$(own)"
        line = create_system(document)(script)
        self.judge(self.host.replay(script)[line], BAD_PARAMETER, "HostDefault is not for containers")


del FaultTest  # no tests of its own
if __name__ == "__main__":
    unittest.main()
