# SPDX-License-Identifier: MIT
"""Networks, endpoints and namespaces: what is accepted, what each mistake gets, and Microsoft's own calls replayed."""

import json
import unittest

from support import HostTest, trace

ZERO = "00000000-0000-0000-0000-000000000000"
SOME = "7c1f3a52-0d0b-4b0e-9f57-0c2f6c2b9e11"
OTHER = "b2d94c1e-3f6a-4a57-8a7e-5d0c9e6f1a22"
V2 = {"SchemaVersion": {"Major": 2, "Minor": 0}}
NAT = {"Name": "nat", "Type": "NAT", **V2}


def subnet(prefix, gateway=None):
    routes = {"Routes": [{"NextHop": gateway, "DestinationPrefix": "0.0.0.0/0"}]} if gateway else {}
    return [{"Type": "Static", "Subnets": [{"IpAddressPrefix": prefix, **routes}]}]


def port(internal, external=0, protocol=6):
    return {"Type": "PortMapping", "Settings": {"Protocol": protocol, "InternalPort": internal, "ExternalPort": external}}


class HcnTest(HostTest):
    def setUp(self):
        super().setUp()
        self.hcn = self.process()

    def call(self, function, **arguments):
        return self.hcn.call("computenetwork", function, **arguments)

    def ok(self, function, **arguments):
        code, values = self.call(function, **arguments)
        self.assertEqual(code, 0, (function, values))
        return values

    def refused(self, code, function, **arguments):
        """The error record of the refusal."""
        got, values = self.call(function, **arguments)
        self.assertEqual(hex(got), hex(code), (function, values))
        record = json.loads(values["result"])
        self.assertEqual(record["ErrorCode"], code)
        self.assertIs(record["Success"], False)
        return record["Error"]

    def handle(self, function, **arguments):
        return int(self.ok(function, **arguments)["handle"])

    def view(self, noun, handle, query=None):
        values = self.ok(f"Hcn{noun}Properties".replace("Hcn", "HcnQuery", 1), object=handle, query=query or V2)
        return json.loads(values["response"])

    def network(self, guid=ZERO, **settings):
        return self.handle("HcnCreateNetwork", id=guid, settings={**NAT, **settings})

    def endpoint(self, network, guid=ZERO, **settings):
        return self.handle("HcnCreateEndpoint", network=network, id=guid, settings={"Name": "e", **V2, **settings})

    def left(self):
        return json.loads(self.hcn.call("winhost", "leftovers")[1]["response"])


class NetworkTest(HcnTest):
    def test_chooses_a_subnet_of_twenty_bits(self):
        view = self.view("Network", self.network())
        prefix = view["Ipams"][0]["Subnets"][0]
        self.assertRegex(prefix["IpAddressPrefix"], r"^172\.(1[6-9]|2\d|3[01])\.\d+\.0/20$")
        self.assertEqual(prefix["Routes"][0]["NextHop"], prefix["IpAddressPrefix"].replace(".0/20", ".1"))
        self.assertNotIn("Type", view)
        self.assertEqual(view["Flags"], 8)

    def test_old_shape_for_old_queries(self):
        handle = self.network(Ipams=subnet("172.20.0.0/16", "172.20.0.1"))
        for query in ({}, {"SchemaVersion": {"Major": 1, "Minor": 0}}):
            with self.subTest(query=query):
                values = self.ok("HcnQueryNetworkProperties", object=handle, query=query)
                view = json.loads(values["response"])
                self.assertEqual(view["Type"], "nat")
                self.assertEqual(view["Subnets"], [{"AddressPrefix": "172.20.0.0/16", "GatewayAddress": "172.20.0.1"}])
        self.assertEqual(json.loads(self.ok("HcnQueryNetworkProperties", object=handle, query=None)["response"])["Name"], "nat")

    def test_mistakes(self):
        self.network(SOME, Ipams=subnet("172.20.0.0/16"))
        cases = (
            (0x803B0010, SOME, {}),
            (0x80071392, ZERO, {"Ipams": subnet("172.20.128.0/20")}),
            (0x803B000A, ZERO, {"Ipams": subnet("172.22.16.0/16")}),
            (0x803B000A, ZERO, {"Ipams": subnet("172.21.0.0/16", "10.0.0.1")}),
            (0x803B0030, ZERO, {"Ipams": subnet("172.21.0.0")}),
            (0x803B0030, ZERO, {"Ipams": subnet("nonsense/16")}),
            (0x803B000B, ZERO, {"Type": "Nat"}),
            (0x803B000B, ZERO, {"Type": 77}),
            (0x803B000E, ZERO, {"Policies": [{"Type": "Nonsense", "Settings": {}}]}),
            (0x803B001B, ZERO, {"Owner": "wrun"}),
            (0x803B001B, ZERO, {"Flags": "8"}),
            (0x803B001B, ZERO, {"SchemaVersion": {"Major": 2, "Minor": 99}}),
            (0x803B001B, ZERO, {"Ipams": subnet("172.21.0.0/16")[0]}),
            (0x803B0019, "xyz", {}),
        )
        for code, guid, settings in cases:
            with self.subTest(settings=settings):
                self.refused(code, "HcnCreateNetwork", id=guid, settings={**NAT, **settings})
        self.refused(0x80070057, "HcnCreateNetwork", id=ZERO, settings=None)
        self.refused(0x803B001B, "HcnCreateNetwork", id=ZERO, settings="{")
        self.refused(0x803B001B, "HcnCreateNetwork", id=ZERO, settings={"Name": "nat", "Type": "NAT"})

    def test_names_the_unknown_field(self):
        text = self.refused(0x803B001B, "HcnCreateNetwork", id=ZERO, settings={**NAT, "CreateWithCompartment": False})
        self.assertEqual(text, "Invalid JSON document string. {{CreateWithCompartment,UnknownField}}")

    def test_gone(self):
        self.refused(0x803B0001, "HcnOpenNetwork", id=SOME)
        self.refused(0x803B0001, "HcnDeleteNetwork", id=SOME)
        self.network(SOME)
        opened = self.handle("HcnOpenNetwork", id=SOME.upper())
        self.ok("HcnDeleteNetwork", id=f"{{{SOME}}}")
        self.refused(0x803B0001, "HcnQueryNetworkProperties", object=opened, query=V2)
        self.ok("HcnCloseNetwork", object=opened)
        self.refused(0x80070006, "HcnCloseNetwork", object=opened)

    def test_handles_are_of_a_kind(self):
        self.refused(0x80070006, "HcnQueryNamespaceProperties", object=self.network(), query=V2)

    def test_enumerates_by_filter(self):
        self.network(SOME)
        self.network(OTHER, Name="other")
        cases = ((V2, 2), ({**V2, "Filter": json.dumps({"Name": "nat"})}, 1), ({**V2, "Filter": json.dumps({"ID": OTHER})}, 1),
                 ({**V2, "Filter": json.dumps({"Name": "none"})}, 0), (None, 2))
        for query, count in cases:
            with self.subTest(query=query):
                self.assertEqual(len(json.loads(self.ok("HcnEnumerateNetworks", query=query)["response"])), count)
        self.refused(0x803B001B, "HcnEnumerateNetworks", query={**V2, "Filter": {"Name": "nat"}})
        self.refused(0x803B001B, "HcnEnumerateNetworks", query={**V2, "Filter": "{"})

    def test_in_use(self):
        self.endpoint(self.network(SOME), OTHER)
        self.refused(0x803B002C, "HcnDeleteNetwork", id=SOME)
        self.ok("HcnDeleteEndpoint", id=OTHER)
        self.ok("HcnDeleteNetwork", id=SOME)


class EndpointTest(HcnTest):
    def setUp(self):
        super().setUp()
        self.net = self.network(SOME, Ipams=subnet("172.20.0.0/29", "172.20.0.1"))

    def test_allocates(self):
        view = self.view("Endpoint", self.endpoint(self.net, OTHER))
        self.assertEqual(view["ID"], OTHER)
        self.assertRegex(view["IpConfigurations"][0]["IpAddress"], r"^172\.20\.0\.[2-6]$")
        self.assertEqual(view["IpConfigurations"][0]["PrefixLength"], 29)
        self.assertEqual(view["Routes"], [{"NextHop": "172.20.0.1", "DestinationPrefix": "0.0.0.0/0"}])
        self.assertRegex(view["MacAddress"], "^00-15-5D(-[0-9A-F]{2}){3}$")

    def test_addresses_run_out(self):
        for _ in range(5):
            self.endpoint(self.net)
        self.refused(0x803B002F, "HcnCreateEndpoint", network=self.net, id=ZERO, settings=V2)

    def test_keeps_a_foreign_gateway(self):
        """As Windows: no error, no connectivity."""
        routes = [{"NextHop": "10.4.0.1", "DestinationPrefix": "0.0.0.0/0"}]
        self.assertEqual(self.view("Endpoint", self.endpoint(self.net, Routes=routes))["Routes"], routes)

    def test_random_host_port(self):
        view = self.view("Endpoint", self.endpoint(self.net, Policies=[port(80)]))
        self.assertGreaterEqual(view["Policies"][0]["Settings"]["ExternalPort"], 49152)

    def test_mistakes(self):
        self.endpoint(self.net, OTHER, IpConfigurations=[{"IpAddress": "172.20.0.5"}], Policies=[port(80, 8080)])
        cases = (
            (0x803B001E, {"IpConfigurations": [{"IpAddress": "172.21.0.5"}]}),
            (0x803B001E, {"IpConfigurations": [{"IpAddress": "nonsense"}]}),
            (0x803B002F, {"IpConfigurations": [{"IpAddress": "172.20.0.5"}]}),
            (0x803B002F, {"IpConfigurations": [{"IpAddress": "172.20.0.1"}]}),
            (0x803B002F, {"IpConfigurations": [{"IpAddress": "172.20.0.7"}]}),
            (0x803B0013, {"Policies": [port(90, 8080)]}),
            (0x803B0013, {"Policies": [port(90, 9090), port(91, 9090)]}),
            (0x803B002D, {"Policies": [port(0, 9090)]}),
            (0x803B000D, {"Policies": [port(80, 9090, 1)]}),
            (0x803B000E, {"Policies": [{"Type": "portmapping", "Settings": {}}]}),
            (0x803B000D, {"Policies": [{"Type": "SDNRoute", "Settings": {}}]}),
            (0x803B001B, {"Policies": [{"Type": "PortMapping", "Settings": "{}"}]}),
            (0x803B001B, {"Policies": [{"Type": "PortMapping", "InternalPort": 80}]}),
            (0x803B000C, {"HostComputeNamespace": OTHER}),
            (0x803B000C, {"HostComputeNetwork": OTHER}),
            (0x803B001B, {"MacAddress": "00:15:5D:01:02:03"}),
            (0x803B001B, {"Dns": {"ServerList": "1.1.1.1"}}),
            (0x803B001B, {"DNS": {}}),
        )
        for code, settings in cases:
            with self.subTest(settings=settings):
                self.refused(code, "HcnCreateEndpoint", network=self.net, id=ZERO, settings={**V2, **settings})
        self.refused(0x80071392, "HcnCreateEndpoint", network=self.net, id=OTHER, settings=V2)
        self.refused(0x80070057, "HcnCreateEndpoint", network=None, id=ZERO, settings=V2)
        self.assertEqual(len(self.left()), 1)

    def test_same_port_other_protocol(self):
        self.endpoint(self.net, Policies=[port(53, 5300)])
        self.endpoint(self.net, Policies=[port(53, 5300, 17)])

    def test_mapping_needs_nat(self):
        other = self.network(Type="Internal", Ipams=subnet("192.168.7.0/24"))
        self.refused(0x803B0016, "HcnCreateEndpoint", network=other, id=ZERO, settings={**V2, "Policies": [port(80, 81)]})

    def test_gone(self):
        for function in ("HcnOpenEndpoint", "HcnDeleteEndpoint"):
            self.refused(0x803B0002, function, id=OTHER)

    def test_modify_policies(self):
        endpoint = self.endpoint(self.net, Policies=[port(80, 8080)])
        request = {"ResourceType": "Policy", "RequestType": "Update", "Settings": {"Policies": [port(81, 8081)]}}
        self.ok("HcnModifyEndpoint", object=endpoint, settings=request)
        self.assertEqual([each["Settings"]["ExternalPort"] for each in self.view("Endpoint", endpoint)["Policies"]], [8081])
        request = {"ResourceType": "Port", "RequestType": "Add", "Settings": {"Policies": []}}
        self.refused(0x803B001B, "HcnModifyEndpoint", object=endpoint, settings=request)


class NamespaceTest(HcnTest):
    def setUp(self):
        super().setUp()
        self.end = self.endpoint(self.network(), OTHER)
        self.space = self.handle("HcnCreateNamespace", id=SOME, settings=V2)

    def change(self, kind, guid=OTHER):
        settings = {"ResourceType": "Endpoint", "RequestType": kind, "Settings": {"EndpointId": guid}}
        return {"object": self.space, "settings": settings}

    def test_life(self):
        self.assertEqual(self.view("Namespace", self.space), {"ID": SOME, "SchemaVersion": {"Major": 2, "Minor": 0}})
        self.ok("HcnModifyNamespace", **self.change("Add"))
        self.assertEqual(self.view("Namespace", self.space)["Resources"], [{"Type": "Endpoint", "Data": {"Id": OTHER.upper()}}])
        self.assertEqual(self.view("Endpoint", self.end)["HostComputeNamespace"], SOME)
        self.refused(0x803B002B, "HcnModifyNamespace", **self.change("Add"))
        self.ok("HcnModifyNamespace", **self.change("Remove"))
        self.refused(0x803B0002, "HcnModifyNamespace", **self.change("Remove"))
        self.assertNotIn("HostComputeNamespace", self.view("Endpoint", self.end))
        self.ok("HcnDeleteEndpoint", id=OTHER)
        self.ok("HcnDeleteNamespace", id=SOME)
        self.assertEqual(self.left(), [])

    def test_deleting_an_endpoint_detaches_it(self):
        self.ok("HcnModifyNamespace", **self.change("Add"))
        self.ok("HcnDeleteEndpoint", id=OTHER)
        self.assertNotIn("Resources", self.view("Namespace", self.space))

    def test_mistakes(self):
        self.refused(0x803B0002, "HcnModifyNamespace", **self.change("Add", SOME))
        self.refused(0x803B001B, "HcnModifyNamespace", **self.change(1))
        self.refused(0x803B0019, "HcnModifyNamespace", **self.change("Add", f"{{{OTHER}}}"))
        self.refused(0x80071392, "HcnCreateNamespace", id=SOME, settings=V2)
        self.refused(0x803B001B, "HcnCreateNamespace", id=ZERO, settings={**V2, "CreateWithCompartment": False})
        self.refused(0x803B001B, "HcnCreateNamespace", id=ZERO, settings={**V2, "Type": "host"})
        for function in ("HcnOpenNamespace", "HcnDeleteNamespace"):
            self.refused(0x80070490, function, id=ZERO)

    def test_host_default_is_one(self):
        settings = {**V2, "Type": "HostDefault"}
        made = [self.handle("HcnCreateNamespace", id=guid, settings=settings) for guid in (ZERO, OTHER)]
        ids = [self.view("Namespace", handle)["ID"] for handle in made]
        self.assertEqual(ids[0], ids[1])
        self.refused(0x803B0015, "HcnDeleteNamespace", id=ids[0])

    def test_containers_keep_it(self):
        from simhost import hcn
        hcn.connect_container(self.host, SOME, 4711, "c1")
        self.refused(0x803B0015, "HcnDeleteNamespace", id=SOME)
        self.assertEqual(self.view("Namespace", self.space)["NamespaceId"], 2)
        hcn.disconnect_container(self.host, SOME, 4711)
        self.ok("HcnDeleteNamespace", id=SOME)

    def test_reboot(self):
        self.ok("HcnModifyNamespace", **self.change("Add"))
        self.start()
        self.hcn = self.process("b2")
        self.refused(0x803B0002, "HcnOpenEndpoint", id=OTHER)
        self.assertEqual(self.left(), [["namespace", SOME]])


class OldBuildTest(NamespaceTest):
    build = 17763

    def test_an_endpoint_serves_one_container(self):
        from simhost import hcn
        from simhost.server import Refusal
        self.ok("HcnModifyNamespace", **self.change("Add"))
        hcn.connect_container(self.host, SOME, 1, "c1")
        hcn.disconnect_container(self.host, SOME, 1)
        with self.assertRaises(Refusal) as caught:
            hcn.connect_container(self.host, SOME, 2, "c2")
        self.assertEqual(caught.exception.hr, 0x803B002E)

    def test_newer_fields_are_unknown(self):
        self.refused(0x803B001B, "HcnCreateNetwork", id=ZERO, settings={**NAT, "Ipams": [{"Subnets": [
            {"IpAddressPrefix": "10.9.0.0/16", "Flags": 1}]}]})


class OldInterfaceTest(HcnTest):
    def ask(self, method, path):
        code, values = self.hcn.call("vmcompute", "HNSCall", method=method, path=path, object="")
        self.assertEqual(code, 0)
        return json.loads(values["response"])

    def test_version(self):
        self.assertEqual(self.ask("GET", "/globals/version"), {"Success": True, "Output": {"Major": 13, "Minor": 3}})

    def test_namespaces(self):
        self.handle("HcnCreateNamespace", id=SOME, settings=V2)
        self.assertEqual([each["ID"] for each in self.ask("GET", "/namespaces/")["Output"]], [SOME.upper()])
        self.assertTrue(self.ask("DELETE", f"/namespaces/{SOME}")["Success"])
        gone = self.ask("DELETE", f"/namespaces/{SOME}")
        self.assertEqual((gone["Success"], gone["ErrorCode"]), (False, 0x80070490))
        self.assertFalse(self.ask("GET", "/nonsense")["Success"])


class ReplayTest(HcnTest):
    """Calls of Microsoft's client, made again here, must all be accepted."""

    def replay(self, name):
        known, handles = {}, {}
        for entry in trace(name):
            arguments = {key: entry[key] for key in ("id", "settings", "query", "object", "network") if key in entry}
            text = json.dumps(arguments)
            for recorded, ours in known.items():
                text = text.replace(recorded, ours)
            arguments = json.loads(text)
            noun = entry["fn"].removeprefix("Hcn")
            for key in ("object", "network"):
                if key in arguments:
                    arguments[key] = handles[arguments[key]]
            values = self.ok(entry["fn"], **arguments)
            if "created(stub)" in entry:
                known[entry["created(stub)"]] = self.journal()[-1]["created"]
            if noun.startswith(("Create", "Open")):
                guid = known.get(entry.get("created(stub)"), arguments["id"])
                handles[guid] = int(values["handle"])

    def test_network_namespace_endpoint(self):
        self.replay("c1-hcn-network-namespace-endpoint.jsonl")
        self.assertEqual([kind for kind, _ in self.left()], ["namespace", "endpoint"])

    def test_journal_looks_like_the_recording(self):
        self.replay("c1-hcn-network-namespace-endpoint.jsonl")
        recorded = trace("c1-hcn-network-namespace-endpoint.jsonl")
        ours = [entry for entry in self.journal() if entry["dll"] == "computenetwork"]
        self.assertEqual([entry["fn"] for entry in ours], [entry["fn"] for entry in recorded])
        for mine, theirs in zip(ours, recorded):
            wanted = {key for key in theirs if "(" not in key}
            self.assertLessEqual(wanted, set(mine), mine["fn"])
            if mine["fn"] in ("HcnCreateNetwork", "HcnCreateNamespace"):  # the others name GUIDs, which differ
                self.assertEqual(mine["settings"], theirs["settings"])


if __name__ == "__main__":
    unittest.main()
