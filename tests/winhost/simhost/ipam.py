# SPDX-License-Identifier: MIT
"""Subnets, addresses and MAC addresses as the Host Network Service hands them out."""

import ipaddress
import secrets

from . import hresult
from .server import Refusal

DEFAULT_ROUTE = "0.0.0.0/0"
POOL = ipaddress.ip_network("172.16.0.0/12")
POOL_PREFIX = 20


def parse_subnet(text, taken):
    """A network's prefix: CIDR, no host bits, no overlap with the networks there are."""
    try:
        interface = ipaddress.IPv4Interface(text)
    except ValueError:
        raise Refusal(hresult.HCN_INVALID_PREFIX) from None
    if "/" not in text:
        raise Refusal(hresult.HCN_INVALID_PREFIX)
    if interface.ip != interface.network.network_address:
        raise Refusal(hresult.HCN_INVALID_NETWORK)
    if any(interface.network.overlaps(other) for other in taken):
        raise Refusal(hresult.OBJECT_ALREADY_EXISTS)
    return interface.network


def choose_subnet(taken):
    """A free /20 of 172.16/12, at random."""
    free = [each for each in POOL.subnets(new_prefix=POOL_PREFIX) if not any(each.overlaps(other) for other in taken)]
    if not free:
        raise Refusal(hresult.HCN_INVALID_SUBNET)
    return secrets.choice(free)


def gateway_of(routes, subnet):
    """The next hop of the default route; the first address when there is none."""
    for route in routes:
        if route.get("DestinationPrefix") == DEFAULT_ROUTE:
            hop = parse_address(route.get("NextHop", ""), hresult.HCN_INVALID_NETWORK)
            if hop not in subnet:
                raise Refusal(hresult.HCN_INVALID_NETWORK)
            return hop
    return subnet.network_address + 1


def parse_address(text, code):
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise Refusal(code) from None


def take_address(text, subnet, taken):
    """The address asked for: inside the subnet, not reserved, not taken (`taken` includes the gateway)."""
    address = parse_address(text, hresult.HCN_INVALID_IP)
    if address not in subnet:
        raise Refusal(hresult.HCN_INVALID_IP)
    if address in taken or address in (subnet.network_address, subnet.broadcast_address):
        raise Refusal(hresult.HCN_ADDR_INVALID_OR_RESERVED)
    return address


def choose_address(subnet, taken):
    first, size = int(subnet.network_address), subnet.num_addresses
    if size - 2 <= len(taken):
        raise Refusal(hresult.HCN_ADDR_INVALID_OR_RESERVED)
    while True:
        address = ipaddress.IPv4Address(first + 1 + secrets.randbelow(size - 2))
        if address not in taken:
            return address


def choose_mac(taken):
    """Microsoft's prefix, then three bytes at random."""
    while True:
        mac = "-".join(["00-15-5D", *(f"{byte:02X}" for byte in secrets.token_bytes(3))])
        if mac not in taken:
            return mac
