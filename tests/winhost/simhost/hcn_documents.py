# SPDX-License-Identifier: MIT
"""The documents of the Host Compute Network service: tables of every field, with the schema version it came with.

Field names are compared exactly. `Owner`, and `Name` of a namespace, stand in Microsoft's samples but no shipping program sends
them and no recording shows them accepted; they are refused here so that nobody depends on them.
"""

import json

from . import hresult, schema
from .schema import ANYTHING, FLAG, GUID, STRINGS, TEXT, U16, U32, U64
from .schema import Array, Either, Mismatch, Number, Object, Text, optional, required
from .server import Refusal

REFERENCE = "Microsoft HNS schema"
SHIM = "hcsshim hcn package"

# highest schema a build knows [Microsoft HNS schema, version map; 2.16 is what WSL sends on Windows 11]
SCHEMAS = {17763: (2, 0), 19041: (2, 6), 20348: (2, 11), 22000: (2, 14), 26100: (2, 16)}

NETWORK_TYPES = ("NAT", "ICS", "Transparent", "L2Bridge", "L2Tunnel", "Overlay", "Private", "Internal")
NEWER_NETWORK_TYPES = {"Mirrored": (2, 4), "Infiniband": (2, 4), "ConstrainedICS": (2, 10)}
NAMESPACE_TYPES = ("Host", "HostDefault", "Guest", "GuestDefault")
ENUM = Either((TEXT, U16))
MAC = Text(r"[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}")

VERSION = schema.version_object(f"{REFERENCE}: Version")
HEALTH = Object(f"{REFERENCE}: Health", Extra=optional(ANYTHING), Data=optional(ANYTHING))
ROUTE = Object(f"{REFERENCE}: Route", NextHop=optional(TEXT), DestinationPrefix=optional(TEXT), Metric=optional(U16))
DNS = Object(f"{REFERENCE}: Dns", Domain=optional(TEXT), Search=optional(STRINGS), ServerList=optional(STRINGS),
             Options=optional(STRINGS))
POLICY = Object(f"{REFERENCE}: Policy", Type=required(TEXT), Settings=required(ANYTHING))
MAC_POOL = Object(f"{REFERENCE}: MacPool", Ranges=optional(Array(Object(
    f"{REFERENCE}: MacRange", StartMacAddress=required(MAC), EndMacAddress=required(MAC)))))
SUBNET = Object(f"{REFERENCE}: Subnet", IpAddressPrefix=required(TEXT), Routes=optional(Array(ROUTE)),
                Policies=optional(Array(POLICY)), IpSubnets=optional(ANYTHING, (2, 3)), Flags=optional(U32, (2, 7)))
IPAM = Object(f"{REFERENCE}: Ipam", Type=optional(Either((Text(choices=("Static", "DHCP")), Number(1)))),
              Subnets=optional(Array(SUBNET)))

NETWORK = Object(
    f"{REFERENCE}: HostComputeNetwork", ID=optional(GUID), Name=optional(TEXT), Type=optional(ENUM),
    Policies=optional(Array(POLICY)), MacPool=optional(MAC_POOL), Dns=optional(DNS), Ipams=optional(Array(IPAM)), Flags=optional(U32), Health=optional(HEALTH),
    SchemaVersion=required(VERSION))

IP_CONFIGURATION = Object(f"{REFERENCE}: IpConfig", IpAddress=optional(TEXT), PrefixLength=optional(Number(128)),
                          IpSubnetId=optional(GUID, (2, 3)))

ENDPOINT = Object(
    f"{REFERENCE}: HostComputeEndpoint", ID=optional(GUID), Name=optional(TEXT), HostComputeNetwork=optional(GUID),
    HostComputeNamespace=optional(GUID), Policies=optional(Array(POLICY)), IpConfigurations=optional(Array(IP_CONFIGURATION)),
    Dns=optional(DNS), Routes=optional(Array(ROUTE)), MacAddress=optional(MAC), Flags=optional(U32), Health=optional(HEALTH),
    SchemaVersion=required(VERSION))

RESOURCE = Object(f"{REFERENCE}: NamespaceResource", Type=required(Text(choices=("Container", "Endpoint"))),
                  Data=required(ANYTHING))
NAMESPACE = Object(
    f"{REFERENCE}: HostComputeNamespace", ID=optional(GUID), NamespaceId=optional(U32), NamespaceGuid=optional(GUID),
    Type=optional(Either((Text(choices=NAMESPACE_TYPES), Number(3)))), Resources=optional(Array(RESOURCE)),
    SchemaVersion=required(VERSION))

QUERY = Object(f"{REFERENCE}: HostComputeQuery", SchemaVersion=optional(VERSION), Flags=optional(U32),
               Filter=optional(TEXT, source=f"{SHIM}: a string that contains JSON"))

REQUEST_TYPE = Text(choices=("Add", "Remove", "Update", "Refresh"))


def modify_request(choices, settings):
    return Object(f"{REFERENCE}: ModifyRequest", ResourceType=required(Text(choices=choices)), RequestType=required(REQUEST_TYPE),
                  Settings=required(settings))


NAMESPACE_ENDPOINT = Object(f"{REFERENCE}: NamespaceEndpointRequest", EndpointId=required(GUID))
NAMESPACE_CONTAINER = Object(f"{REFERENCE}: NamespaceContainerRequest", ContainerId=required(TEXT))
MODIFY_NAMESPACE = modify_request(("Container", "Endpoint"), ANYTHING)
POLICIES = Object(f"{REFERENCE}: PolicyRequest", Policies=required(Array(POLICY)))
MODIFY_ENDPOINT = modify_request(("Policy",), POLICIES)
MODIFY_NETWORK = modify_request(("Policy", "Subnet", "IPSubnet"), ANYTHING)

PORT_MAPPING = Object(f"{REFERENCE}: PortMappingPolicySetting", Protocol=optional(U32), InternalPort=optional(U16),
                      ExternalPort=optional(U16), VIP=optional(TEXT), Flags=optional(U32))
QOS = Object(f"{REFERENCE}: QosPolicySetting", MaximumOutgoingBandwidthInBytes=required(U64))
ACL = Object(f"{REFERENCE}: AclPolicySetting", Protocols=optional(TEXT), Action=required(TEXT), Direction=required(TEXT),
             LocalAddresses=optional(TEXT), RemoteAddresses=optional(TEXT), LocalPorts=optional(TEXT), RemotePorts=optional(TEXT),
             RuleType=optional(TEXT), Priority=optional(U16))
OUTBOUND_NAT = Object(f"{REFERENCE}: OutboundNatPolicySetting", VirtualIP=optional(TEXT), Exceptions=optional(STRINGS),
                      Destinations=optional(STRINGS), Flags=optional(U32))
INTERFACE_PARAMETERS = Object(f"{REFERENCE}: InterfaceParametersPolicySetting", Mtu=optional(TEXT))

# endpoint policy: its settings, the schema it came with, whether a NAT network takes it
ENDPOINT_POLICIES = {
    "PortMapping": (PORT_MAPPING, (2, 0), True),
    "QOS": (QOS, (2, 0), True),
    "ACL": (ACL, (2, 0), True),
    "OutBoundNAT": (OUTBOUND_NAT, (2, 0), True),
    "InterfaceParameters": (INTERFACE_PARAMETERS, (2, 4), True),
    "PortName": (ANYTHING, (2, 0), True),
    "SDNRoute": (ANYTHING, (2, 0), False),
    "L4Proxy": (ANYTHING, (2, 0), False),
    "PA": (ANYTHING, (2, 0), False),
    "EncapOverhead": (ANYTHING, (2, 0), False),
    "VLAN": (ANYTHING, (2, 4), False),
    "L4WFPPROXY": (ANYTHING, (2, 5), False),
    "Iov": (ANYTHING, (2, 9), False),
    "TierAcl": (ANYTHING, (2, 10), False),
}

NETWORK_POLICIES = (
    "SourceMacAddress", "NetAdapterName", "VSwitchExtension", "DrMacAddress", "AutomaticDNS", "InterfaceConstraint", "ProviderAddress",
    "RemoteSubnetRoute", "VxlanPort", "HostRoute", "SetPolicy", "NetworkL4Proxy", "LayerConstraint")

TABLES = {"Network": NETWORK, "Endpoint": ENDPOINT, "Namespace": NAMESPACE, "Query": QUERY, "ModifyNamespace": MODIFY_NAMESPACE,
          "ModifyEndpoint": MODIFY_ENDPOINT, "ModifyNetwork": MODIFY_NETWORK, "PortMapping": PORT_MAPPING, "Qos": QOS, "Acl": ACL,
          "OutBoundNat": OUTBOUND_NAT, "InterfaceParameters": INTERFACE_PARAMETERS}


def supported(build):
    return max(version for first, version in SCHEMAS.items() if first <= build)


def check(table, document, build):
    """The document against one table; Refusal HCN_E_INVALID_JSON naming the field, in the form HNS has for it."""
    try:
        table.check(document, "", supported(build))
    except Mismatch as mismatch:
        if mismatch.problem == schema.INVALID_GUID:
            raise Refusal(hresult.HCN_GUID_CONVERSION_FAILURE) from None
        raise bad_json(f"{mismatch.field},{mismatch.problem}") from None


def bad_json(what):
    return Refusal(hresult.HCN_INVALID_JSON, f"{hresult.message(hresult.HCN_INVALID_JSON)} {{{{{what}}}}}")


def check_settings(table, document, build):
    """Settings of a network, endpoint or namespace. Schema 0.0 counts as 2.0, as containerd's namespaces show."""
    check(table, document, build)
    version = schema.version_of(document)
    if version != (0, 0) and not (2, 0) <= version <= supported(build):
        raise bad_json("SchemaVersion,UnsupportedVersion")


def network_type(value, build):
    """The word for a network type, given as word or number; NAT is the default."""
    if isinstance(value, int):
        value = NETWORK_TYPES[value] if value < len(NETWORK_TYPES) else ""
    known = value in NETWORK_TYPES or NEWER_NETWORK_TYPES.get(value, (99, 0)) <= supported(build)
    if not known:
        raise Refusal(hresult.HCN_INVALID_NETWORK_TYPE)
    return value


def namespace_type(value):
    return NAMESPACE_TYPES[value] if isinstance(value, int) else value


def check_network_policies(policies):
    for policy in policies:
        if policy["Type"] not in NETWORK_POLICIES:
            raise Refusal(hresult.HCN_INVALID_POLICY_TYPE)


def check_endpoint_policies(policies, on_nat, build):
    """Each policy known, of the right shape, and possible on the network."""
    for policy in policies:
        table, since, nat = ENDPOINT_POLICIES.get(policy["Type"], (None, None, None))
        if not table or since > supported(build):
            raise Refusal(hresult.HCN_INVALID_POLICY_TYPE)
        if on_nat and not nat:
            raise Refusal(hresult.HCN_INVALID_POLICY)
        if isinstance(policy["Settings"], str):
            raise bad_json("Settings,ExpectedObject")
        check(table, policy["Settings"], build)


def query(document, build):
    """(whether version 2 answers are wanted, the filter) of a query; NULL, `{}` and 1.0 ask for the old shape."""
    document = {} if document is None else document
    check(QUERY, document, build)
    version = schema.version_of(document) or (0, 0)
    return version[0] == 2, read_filter(document.get("Filter"))


FILTERS = ("ID", "Name", "VirtualNetwork", "VirtualNetworkName")


def read_filter(text):
    if not text:
        return {}
    try:
        wanted = json.loads(text)
    except ValueError:
        raise bad_json("Filter,InvalidString") from None
    if not isinstance(wanted, dict):
        raise bad_json("Filter,ExpectedObject")
    for name, value in wanted.items():
        if name not in FILTERS or not isinstance(value, str):
            raise bad_json(f"{name},UnknownField")
    return wanted
