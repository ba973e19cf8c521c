# SPDX-License-Identifier: MIT
"""Network objects as queries show them: schema 2 for `SchemaVersion` 2.x, the older shape for everything else.

As the service does, values that are the default are left out (Type NAT, Host and Static), and GUIDs of networks and resources are
in capitals; readers must bear both.
"""

VERSION_2 = {"Major": 2, "Minor": 0}
HNS_VERSIONS = {17763: (9, 2), 20348: (13, 3), 26100: (16, 0)}


def hns_version(build):
    return HNS_VERSIONS[max(known for known in HNS_VERSIONS if known <= build)]


def base_1(record, build):
    major, minor = hns_version(build)
    return {"ID": record["id"].upper(), "Version": major << 32 | minor, "Health": {}, "AdditionalParams": {}}


def network_2(network, _):
    routes = [{"NextHop": network["gateway"], "DestinationPrefix": "0.0.0.0/0"}]
    view = {"ID": network["id"].upper(), "Name": network["name"]}
    if network["type"] != "NAT":
        view["Type"] = network["type"]
    if network["policies"]:
        view["Policies"] = network["policies"]
    view.update({
        "MacPool": {"Ranges": [{"StartMacAddress": "00-15-5D-00-00-00", "EndMacAddress": "00-15-5D-FF-FF-FF"}]},
        "Dns": network["dns"], "Ipams": [{"Subnets": [{"IpAddressPrefix": network["prefix"], "Routes": routes}]}]})
    if network["flags"]:
        view["Flags"] = network["flags"]
    return {**view, "Health": {"Extra": {"SwitchGuid": network["id"].upper()}}, "SchemaVersion": VERSION_2}


def network_1(network, hcn):
    attached = [each for each in hcn.endpoints.values() if each["network"] == network["id"]]
    return {**base_1(network, hcn.host.build), "Name": network["name"], "Type": network["type"].lower(),
            "Subnets": [{"AddressPrefix": network["prefix"], "GatewayAddress": network["gateway"]}],
            "CurrentEndpointCount": len(attached), "Flags": network["flags"], "State": 1}


def endpoint_2(endpoint, _):
    view = {"ID": endpoint["id"], "Name": endpoint["name"], "HostComputeNetwork": endpoint["network"].upper()}
    if endpoint["namespace"]:
        view["HostComputeNamespace"] = endpoint["namespace"]
    if endpoint["policies"]:
        view["Policies"] = endpoint["policies"]
    view.update({"IpConfigurations": [{"IpAddress": endpoint["ip"], "PrefixLength": endpoint["prefix_length"]}],
                 "Dns": endpoint["dns"], "Routes": endpoint["routes"], "MacAddress": endpoint["mac"]})
    if endpoint["flags"]:
        view["Flags"] = endpoint["flags"]
    return {**view, "Health": {"Extra": {}}, "SchemaVersion": VERSION_2}


CREATED, ATTACHED = 1, 2


def endpoint_1(endpoint, hcn):
    network = hcn.networks[endpoint["network"]]
    containers = list(hcn.containers.get(endpoint["namespace"], {}).values())
    view = {**base_1(endpoint, hcn.host.build), "Name": endpoint["name"], "VirtualNetwork": network["id"].upper(),
            "VirtualNetworkName": network["name"], "Policies": [policy_1(each) for each in endpoint["policies"]],
            "MacAddress": endpoint["mac"], "IPAddress": endpoint["ip"], "PrefixLength": endpoint["prefix_length"],
            "GatewayAddress": network["gateway"], "DNSServerList": ",".join(endpoint["dns"].get("ServerList", [])),
            "DNSSuffix": endpoint["dns"].get("Domain", ""), "State": ATTACHED if containers else CREATED}
    if containers:
        view["SharedContainers"] = containers
    if endpoint["namespace"]:
        view["Namespace"] = {"ID": endpoint["namespace"]}
    return view


def policy_1(policy):
    """A port mapping is a NAT policy in the old shape."""
    settings = policy["Settings"]
    if policy["Type"] != "PortMapping":
        return {"Type": policy["Type"], **(settings if isinstance(settings, dict) else {})}
    protocol = {6: "TCP", 17: "UDP"}[settings["Protocol"]]
    ports = {name: settings[name] for name in ("InternalPort", "ExternalPort")}
    return {"Type": "NAT", "Protocol": protocol, **ports}


def resources(namespace, hcn):
    found = [{"Type": "Endpoint", "Data": {"Id": each.upper()}} for each in namespace["endpoints"]]
    containers = hcn.containers.get(namespace["id"], {}).values()
    return found + [{"Type": "Container", "Data": {"Id": each}} for each in containers]


def namespace_2(namespace, hcn):
    view = {"ID": namespace["id"]}
    if namespace["compartment"]:
        view["NamespaceId"] = namespace["compartment"]
    if namespace["type"] != "Host":
        view["Type"] = namespace["type"]
    found = resources(namespace, hcn)
    if found:
        view["Resources"] = found
    return {**view, "SchemaVersion": VERSION_2}


def namespace_1(namespace, hcn):
    return {**base_1(namespace, hcn.host.build), "IsDefault": namespace["type"] == "HostDefault", "State": 1,
            "CompartmentId": namespace["compartment"], "ResourceList": resources(namespace, hcn),
            "Containers": list(hcn.containers.get(namespace["id"], {}).values())}


VIEWS = {"network": (network_1, network_2), "endpoint": (endpoint_1, endpoint_2), "namespace": (namespace_1, namespace_2)}


def view(kind, record, hcn, version_2):
    return VIEWS[kind][version_2](record, hcn)


def matches(kind, record, hcn, wanted):
    """Whether a filter picks the record. Names are compared exactly, GUIDs whatever their case."""
    facts = {"ID": record["id"], "Name": record.get("name", "")}
    if kind == "endpoint":
        facts.update(VirtualNetwork=record["network"], VirtualNetworkName=hcn.networks[record["network"]]["name"])
    guids = ("ID", "VirtualNetwork")
    return all(facts.get(name) == (value.lower() if name in guids else value) for name, value in wanted.items())
