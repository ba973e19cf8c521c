# SPDX-License-Identifier: MIT
"""Networks, endpoints and namespaces of the Host Compute Network service: what is there and what may be done with it.

The calls are in hcn_calls.py. Every function here is called with the host's lock held, except those under "for containers".
"""

import ipaddress
import re
import uuid

from . import hcn_documents, hresult, ipam, netns, ports, schema
from .server import Refusal, leftover

ZERO = "00000000-0000-0000-0000-000000000000"
HOST_DEFAULT = "6a4bca0e-0e0e-4f8c-9f0b-1f5f0b7f7a55"
FLAG_NON_PERSISTENT = 8
HOST_COMPARTMENT = 1
LIVE_TYPES = ("NAT", "ICS")  # do not survive a reboot, and their endpoints with them
FIRST_CLEAN_BUILD = 18362  # before it an endpoint could not be attached a second time


def parse_guid(text):
    """A GUID in the form used for keys; braces and capitals are let pass on the way in."""
    stripped = (text or "").strip("{}").lower()
    if not re.fullmatch(schema.GUID_PATTERN, stripped):
        raise Refusal(hresult.HCN_GUID_CONVERSION_FAILURE)
    return stripped


def new_id(asked):
    """The GUID asked for; a zero GUID leaves the choice to us."""
    asked = parse_guid(asked)
    return str(uuid.uuid4()) if asked == ZERO else asked


class Hcn:
    """All network objects of a host. Records are plain dictionaries, so that they can be saved."""

    def __init__(self, host):
        self.host = host
        state = host.section("hcn")
        self.networks = state.setdefault("networks", {})
        self.endpoints = state.setdefault("endpoints", {})
        self.namespaces = state.setdefault("namespaces", {})
        self.containers = {}  # namespace id -> {pid of a container's first process: container id}
        self.proxies = {}  # endpoint id -> list of proxies
        self._boot()

    def _boot(self):
        """The daemon starts when the machine does: what Windows forgets at a reboot is gone, the rest is wired up again."""
        for network in [each for each in self.networks.values() if each["type"] in LIVE_TYPES]:
            del self.networks[network["id"]]
        for endpoint in [each for each in self.endpoints.values() if each["network"] not in self.networks]:
            del self.endpoints[endpoint["id"]]
        for namespace in self.namespaces.values():
            namespace["endpoints"] = [each for each in namespace["endpoints"] if each in self.endpoints]
        for network in self.networks.values():
            self._wire(network)
        self.host.save()

    def find(self, kind, guid):
        """The record, or the Refusal Windows has for each kind."""
        table, code = {
            "network": (self.networks, hresult.HCN_NETWORK_NOT_FOUND),
            "endpoint": (self.endpoints, hresult.HCN_ENDPOINT_NOT_FOUND),
            "namespace": (self.namespaces, hresult.NOT_FOUND),
        }[kind]
        record = table.get(parse_guid(guid))
        if not record:
            raise Refusal(code)
        return record

    # --- networks

    def create_network(self, guid, settings):
        kind = hcn_documents.network_type(settings.get("Type", "NAT"), self.host.build)
        policies = settings.get("Policies", [])
        hcn_documents.check_network_policies(policies)
        guid = new_id(guid)
        if guid in self.networks:
            raise Refusal(hresult.HCN_NETWORK_ALREADY_EXISTS)
        subnet, gateway = self._subnet(settings)
        flags = settings.get("Flags", 0)
        if kind == "NAT" and self.host.build >= 20348:
            flags |= FLAG_NON_PERSISTENT
        network = {"id": guid, "name": settings.get("Name", ""), "type": kind, "prefix": str(subnet), "gateway": str(gateway),
                   "policies": policies, "dns": settings.get("Dns", {}), "flags": flags, "bridge": self._bridge_name(kind)}
        self._wire(network)
        self.networks[guid] = network
        self.host.save()
        return network

    def _subnet(self, settings):
        taken = [ipaddress.ip_network(each["prefix"]) for each in self.networks.values()]
        given = [subnet for pool in settings.get("Ipams", []) for subnet in pool.get("Subnets", [])]
        if len(given) > 1:
            raise Refusal(hresult.HCN_INVALID_SUBNET)
        if not given or given[0]["IpAddressPrefix"] == ipam.DEFAULT_ROUTE:
            subnet = ipam.choose_subnet(taken)
            return subnet, ipam.gateway_of([], subnet)
        subnet = ipam.parse_subnet(given[0]["IpAddressPrefix"], taken)
        return subnet, ipam.gateway_of(given[0].get("Routes", []), subnet)

    def _bridge_name(self, kind):
        used = {each["bridge"] for each in self.networks.values()}
        stem = kind.lower()[:10]
        return next(name for name in (f"{stem}{number}" for number in range(1000)) if name not in used)

    def _wire(self, network):
        if not self.host.reduced:
            netns.make_bridge(network["bridge"], network["gateway"], ipaddress.ip_network(network["prefix"]).prefixlen)

    def delete_network(self, guid):
        network = self.find("network", guid)
        if any(each["network"] == network["id"] for each in self.endpoints.values()):
            raise Refusal(hresult.HCN_ENTITY_HAS_REFERENCES)
        if not self.host.reduced:
            netns.remove_bridge(network["bridge"])
        del self.networks[network["id"]]
        self.host.save()

    # --- endpoints

    def create_endpoint(self, network, guid, settings):
        if network["id"] not in self.networks:
            raise Refusal(hresult.HCN_NETWORK_NOT_FOUND)  # deleted since it was opened
        self._check_endpoint(network, settings)
        guid = new_id(guid)
        if guid in self.endpoints:
            raise Refusal(hresult.OBJECT_ALREADY_EXISTS)
        subnet = ipaddress.ip_network(network["prefix"])
        routes = settings.get("Routes") or [{"NextHop": network["gateway"], "DestinationPrefix": ipam.DEFAULT_ROUTE}]
        endpoint = {
            "id": guid, "name": settings.get("Name", ""), "network": network["id"], "namespace": None, "used": False,
            "ip": str(self._address(settings, network, subnet)), "prefix_length": subnet.prefixlen, "mac": self._mac(settings),
            "routes": routes, "dns": settings.get("Dns", {}), "policies": [], "flags": settings.get("Flags", 0)}
        self._set_policies(endpoint, network, settings.get("Policies", []))
        self.endpoints[guid] = endpoint
        self.host.save()
        return endpoint

    def _check_endpoint(self, network, settings):
        """HostComputeNamespace is an answer, never a wish; hcsshim refuses to send it."""
        if "HostComputeNamespace" in settings:
            raise Refusal(hresult.HCN_INVALID_ENDPOINT)
        if parse_guid(settings.get("HostComputeNetwork", network["id"])) != network["id"]:
            raise Refusal(hresult.HCN_INVALID_ENDPOINT)
        hcn_documents.check_endpoint_policies(settings.get("Policies", []), network["type"] in LIVE_TYPES, self.host.build)

    def _address(self, settings, network, subnet):
        taken = {ipaddress.ip_address(each["ip"]) for each in self.endpoints.values() if each["network"] == network["id"]}
        taken.add(ipaddress.ip_address(network["gateway"]))
        given = settings.get("IpConfigurations", [])
        if len(given) > 1:
            raise Refusal(hresult.HCN_INVALID_ENDPOINT)
        if not given or not given[0].get("IpAddress"):
            return ipam.choose_address(subnet, taken)
        return ipam.take_address(given[0]["IpAddress"], subnet, taken)

    def _mac(self, settings):
        taken = {each["mac"] for each in self.endpoints.values()}
        return settings.get("MacAddress", "").upper() or ipam.choose_mac(taken)

    def _set_policies(self, endpoint, network, policies):
        """All of them or none: mappings get their host port, and a proxy that listens on it."""
        taken = self.published()
        mapped = []
        for policy in policies:
            if policy["Type"] == "PortMapping":
                policy = {"Type": "PortMapping", "Settings": self._mapping(policy["Settings"], network, taken)}
                taken.add((policy["Settings"]["Protocol"], policy["Settings"]["ExternalPort"]))
            mapped.append(policy)
        self._publish(endpoint, mapped)
        endpoint["policies"] += mapped

    @staticmethod
    def _mapping(settings, network, taken):
        if network["type"] not in LIVE_TYPES:
            raise Refusal(hresult.HCN_MAPPING_NOT_SUPPORTED)
        if not settings.get("InternalPort"):
            raise Refusal(hresult.HCN_INVALID_INTERNAL_PORT)
        protocol = settings.get("Protocol", 0)
        if protocol not in (ports.TCP, ports.UDP) or settings.get("VIP", "") not in ("", "0.0.0.0"):
            raise Refusal(hresult.HCN_INVALID_POLICY)
        external = settings.get("ExternalPort") or ports.choose_port({port for _, port in taken})
        if (protocol, external) in taken:
            raise Refusal(hresult.HCN_PORT_ALREADY_EXISTS)
        return {**settings, "Protocol": protocol, "ExternalPort": external}

    def published(self):
        """(protocol, host port) of every mapping there is."""
        return {(policy["Settings"]["Protocol"], policy["Settings"]["ExternalPort"])
                for endpoint in self.endpoints.values() for policy in endpoint["policies"] if policy["Type"] == "PortMapping"}

    def _publish(self, endpoint, policies):
        if self.host.reduced:
            return
        opened = []
        try:
            for policy in policies:
                settings = policy["Settings"]
                if policy["Type"] == "PortMapping" and settings["Protocol"] == ports.TCP:
                    opened.append(ports.Proxy(settings["ExternalPort"], (endpoint["ip"], settings["InternalPort"])))
        except Refusal:
            for proxy in opened:
                proxy.close()
            raise
        self.proxies.setdefault(endpoint["id"], []).extend(opened)

    def modify_endpoint(self, endpoint, request):
        """Policies are added, replaced or removed as a whole list."""
        policies = request["Settings"]["Policies"]
        network = self.networks[endpoint["network"]]
        hcn_documents.check_endpoint_policies(policies, network["type"] in LIVE_TYPES, self.host.build)
        if request["RequestType"] == "Remove":
            kept = [each for each in endpoint["policies"] if each not in policies]
        else:
            kept = endpoint["policies"] if request["RequestType"] == "Add" else []
        self._unpublish(endpoint)
        endpoint["policies"] = []
        self._set_policies(endpoint, network, kept + (policies if request["RequestType"] != "Remove" else []))
        self.host.save()

    def _unpublish(self, endpoint):
        for proxy in self.proxies.pop(endpoint["id"], []):
            proxy.close()

    def delete_endpoint(self, guid):
        """Deleting takes it out of its namespace too."""
        endpoint = self.find("endpoint", guid)
        if endpoint["namespace"]:
            self.detach(self.namespaces[endpoint["namespace"]], endpoint)
        self._unpublish(endpoint)
        del self.endpoints[endpoint["id"]]
        self.host.save()

    # --- namespaces

    def create_namespace(self, guid, settings):
        kind = hcn_documents.namespace_type(settings.get("Type", "Host"))
        if kind == "HostDefault":
            return self.host_default()
        if settings.get("Resources"):
            raise Refusal(hresult.HCN_REQUEST_UNSUPPORTED)
        guid = new_id(guid)
        if guid in self.namespaces:
            raise Refusal(hresult.OBJECT_ALREADY_EXISTS)
        namespace = {"id": guid, "type": kind, "compartment": 0, "endpoints": []}
        self.namespaces[guid] = namespace
        self.host.save()
        return namespace

    def host_default(self):
        """The host's own compartment: one, always there, under a GUID of its own."""
        made = {"id": HOST_DEFAULT, "type": "HostDefault", "compartment": HOST_COMPARTMENT, "endpoints": []}
        return self.namespaces.setdefault(HOST_DEFAULT, made)

    def delete_namespace(self, guid):
        namespace = self.find("namespace", guid)
        if namespace["type"] == "HostDefault" or self.containers.get(namespace["id"]):
            raise Refusal(hresult.HCN_REQUEST_UNSUPPORTED)
        for endpoint in namespace["endpoints"]:
            self.endpoints[endpoint]["namespace"] = None
        del self.namespaces[namespace["id"]]
        self.host.save()

    def attach(self, namespace, endpoint):
        if endpoint["namespace"]:
            raise Refusal(hresult.HCN_ENDPOINT_NAMESPACE_ALREADY_EXISTS)
        namespace["endpoints"].append(endpoint["id"])
        endpoint["namespace"] = namespace["id"]
        for pid in self.containers.get(namespace["id"], {}):
            self._plug(endpoint, pid)
        self.host.save()

    def detach(self, namespace, endpoint):
        if endpoint["id"] not in namespace["endpoints"]:
            raise Refusal(hresult.HCN_ENDPOINT_NOT_FOUND)
        if not self.host.reduced:
            netns.unplug(endpoint)
        namespace["endpoints"].remove(endpoint["id"])
        endpoint["namespace"] = None
        self.host.save()

    def _plug(self, endpoint, pid):
        if not self.host.reduced:
            netns.plug(endpoint, self.networks[endpoint["network"]]["bridge"], pid)

    # --- for containers, under the lock by themselves

    def connect(self, guid, pid, container):
        """A container joins the namespace: each endpoint becomes an adapter in the network namespace of its first process."""
        with self.host.lock:
            namespace = self.usable(guid)
            endpoints = [self.endpoints[each] for each in namespace["endpoints"]]
            if self.host.build < FIRST_CLEAN_BUILD and any(each["used"] for each in endpoints):
                raise Refusal(hresult.HCN_NAMESPACE_ATTACH_FAILED)
            namespace["compartment"] = namespace["compartment"] or self._next_compartment()
            for endpoint in endpoints:
                endpoint["used"] = True
                self._plug(endpoint, pid)
            self.containers.setdefault(namespace["id"], {})[pid] = container
            self.host.save()

    def _next_compartment(self):
        return 1 + max([HOST_COMPARTMENT, *(each["compartment"] for each in self.namespaces.values())])

    def disconnect(self, guid, pid):
        """The container is gone, and the adapters with its network namespace."""
        with self.host.lock:
            self.containers.get(parse_guid(guid), {}).pop(pid, None)

    def usable(self, guid):
        """A namespace that a container may name, or Refusal."""
        with self.host.lock:
            namespace = self.find("namespace", guid)
            if namespace["type"] == "HostDefault":
                raise Refusal(hresult.INVALID_ARGUMENT)
            return namespace


def check_namespace(host, guid):
    """Refusal when a container document may not name that namespace."""
    host.part(Hcn).usable(guid)


def connect_container(host, guid, pid, container=""):
    host.part(Hcn).connect(guid, pid, container)


def disconnect_container(host, guid, pid):
    host.part(Hcn).disconnect(guid, pid)


@leftover
def left(host):
    """Networks are meant to stay."""
    hcn = host.part(Hcn)
    with host.lock:
        lines = [("namespace", each["id"]) for each in hcn.namespaces.values() if each["type"] != "HostDefault"]
        lines += [("endpoint", f"{each['id']} {each['name']} {each['ip']}") for each in hcn.endpoints.values()]
    return lines
