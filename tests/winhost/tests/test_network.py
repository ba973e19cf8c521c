# SPDX-License-Identifier: MIT
"""Networks that carry something: a container's adapter, its way to the host and back, published ports, hot plugging."""

import json
import subprocess
import sys
import unittest

import rig
import test_containers
from rig import OK
from test_containers import Container, read_all

ZERO = "00000000-0000-0000-0000-000000000000"
NAMESPACE = "7c1f3a52-0d0b-4b0e-9f57-0c2f6c2b9e11"
ENDPOINT = "b2d94c1e-3f6a-4a57-8a7e-5d0c9e6f1a22"
V2 = {"SchemaVersion": {"Major": 2, "Minor": 0}}
ON_HOST = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as sock:
    sys.stdout.write(sock.makefile().read())
"""


def port(internal, external):
    return {"Type": "PortMapping", "Settings": {"Protocol": 6, "InternalPort": internal, "ExternalPort": external}}


class NetworkTest(test_containers.ContainerTest):
    def setUp(self):
        if self.machine.mode() != "isolated":
            self.skipTest(f"needs network namespaces ({self.machine.mode()})")
        super().setUp()
        self.network = self.made("HcnCreateNetwork", id=ZERO, settings={"Name": "nat", "Type": "NAT", **V2})
        self.space = self.made("HcnCreateNamespace", id=NAMESPACE, settings=V2)
        self.addCleanup(self.remove_all)

    def hcn(self, function, **arguments):
        texts = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in arguments.items()}
        reply = self.client.call(function, dll="computenetwork", **texts)
        self.expect(OK, reply)
        return reply[1]

    def made(self, function, **arguments):
        return int(self.hcn(function, **arguments)["handle"])

    def endpoint(self, *policies, attach=True):
        """Makes the endpoint and returns its address."""
        settings = {"Name": "e", **V2, "Policies": list(policies)}
        handle = self.made("HcnCreateEndpoint", network=self.network, id=ENDPOINT, settings=settings)
        if attach:
            self.attach()
        view = json.loads(self.hcn("HcnQueryEndpointProperties", object=handle, query=V2)["response"])
        return view["IpConfigurations"][0]["IpAddress"], view["Routes"][0]["NextHop"]

    def attach(self, request="Add"):
        self.hcn("HcnModifyNamespace", object=self.space, settings={
            "ResourceType": "Endpoint", "RequestType": request, "Settings": {"EndpointId": ENDPOINT}})

    def remove_all(self):
        network = json.loads(self.hcn("HcnQueryNetworkProperties", object=self.network, query=V2)["response"])["ID"]
        self.hcn("HcnDeleteEndpoint", id=ENDPOINT)
        self.hcn("HcnDeleteNamespace", id=NAMESPACE)
        self.hcn("HcnDeleteNetwork", id=network)

    def container(self, **options):
        container = Container(self, f"c{id(self)}", namespace=NAMESPACE, **options)
        self.addCleanup(container.stop)
        return container

    def serve(self, container, text):
        """A server in the container on port 80, for one connection."""
        reply, streams = container.spawn(f"C:\\app\\tool.exe tcpserve 80 {text}", streams="1")
        self.expect(OK, reply)
        self.assertEqual(streams[1].recv(100).strip(), b"listening")

    def fetch_on_host(self, address, number):
        """What a program of the host reads from that address."""
        return self.on_host(sys.executable, "-c", ON_HOST, address, str(number))

    def on_host(self, *command):
        """What a Linux program prints in the machine's namespaces."""
        done = subprocess.run([*self.machine.enter(), *command], capture_output=True, text=True, check=False, timeout=20)
        return done.stdout

    def test_from_the_container_to_the_host(self):
        _, gateway = self.endpoint()
        container = self.container()
        # What it has not read when it ends would reset the connection.
        script = ("import socket; s = socket.create_server(('', 8000)); print(1, flush=True); c = s.accept()[0]; c.recv(100); "
                  "c.sendall(b'from the host')")
        server = subprocess.Popen([*self.machine.enter(), sys.executable, "-c", script], stdout=subprocess.PIPE)
        server.stdout.readline()
        self.assertEqual(container.run(f"C:\\app\\tool.exe tcpget {gateway} 8000"), (0, b"from the host", b""))
        server.stdout.close()
        server.wait(10)

    def test_from_the_host_to_the_container(self):
        address, _ = self.endpoint()
        self.serve(self.container(), "here")
        self.assertEqual(self.fetch_on_host(address, 80), "here")

    def test_published_port(self):
        self.endpoint(port(80, 8080))
        self.serve(self.container(), "published")
        self.assertEqual(self.fetch_on_host("127.0.0.1", 8080), "published")

    def test_port_of_a_program_cannot_be_published(self):
        script = "import socket, time; s = socket.create_server(('', 8081)); print(1, flush=True); time.sleep(60)"
        holder = subprocess.Popen([*self.machine.enter(), sys.executable, "-c", script], stdout=subprocess.PIPE)
        holder.stdout.readline()
        settings = json.dumps({"Name": "e", **V2, "Policies": [port(80, 8081)]})
        reply = self.client.call("HcnCreateEndpoint", dll="computenetwork", network=self.network, id=ENDPOINT, settings=settings)
        self.assertEqual(reply[0], "0x80070020")
        holder.kill()
        holder.stdout.close()
        holder.wait(10)
        self.endpoint()

    def test_plugged_in_between_create_and_start(self):
        self.endpoint(attach=False)
        container = self.container(start=False)
        self.attach()
        self.assertEqual(container.call("HcsStartComputeSystem", options="")[0], rig.PENDING)
        container.client.wait_event(container.handle, test_containers.START_COMPLETED)
        self.assertEqual(self.adapters(container), ["lo", "vEthernet0"])

    def test_plugged_and_unplugged_while_it_runs(self):
        self.endpoint(attach=False)
        container = self.container()
        self.assertEqual(self.adapters(container), ["lo"])
        self.attach()
        self.assertEqual(self.adapters(container), ["lo", "vEthernet0"])
        self.attach("Remove")
        self.assertEqual(self.adapters(container), ["lo"])

    def adapters(self, container):
        """Names of the network interfaces a program in the container has."""
        pid = self.container_pid()
        text = self.on_host("cat", f"/proc/{pid}/net/dev")
        return [line.split(":")[0].strip() for line in text.splitlines()[2:]]

    def container_pid(self):
        """A process of the container, by its number on the machine."""
        return self.on_host("sh", "-c", "grep -l -- --hold /proc/[0-9]*/cmdline").split("\n")[0].split("/")[2]

    def test_a_namespace_in_use_stays(self):
        self.endpoint()
        self.container()
        self.assertEqual(self.client.call("HcnDeleteNamespace", dll="computenetwork", id=NAMESPACE)[0], "0x803b0015")


if __name__ == "__main__":
    unittest.main()
