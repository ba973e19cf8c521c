# SPDX-License-Identifier: MIT
"""The wires: a bridge on the host for each network, a cable from it into a container for each endpoint.

All of it lives in the machine's network namespace and is gone with it. Nothing is done in reduced mode.
"""

import subprocess

CONTAINER_NAME = "vEthernet{}"


def run_batch(lines, pid=None):
    """Give `ip` several commands at once, on the host or in the network namespace of a process."""
    command = ["ip", "-batch", "-"]
    if pid is not None:
        command = ["nsenter", "-t", str(pid), "-n", *command]
    done = subprocess.run(command, input="\n".join(lines) + "\n", text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip: {done.stderr.strip()} in {lines}")


def make_bridge(name, gateway, prefix_length):
    run_batch([f"link add {name} type bridge", f"addr add {gateway}/{prefix_length} dev {name}", f"link set {name} up"])


def remove_bridge(name):
    run_batch([f"link del {name}"])


def cable_name(endpoint_id):
    """The host's end; interface names have 15 characters at most."""
    return "ve" + endpoint_id.replace("-", "")[:12]


def plug(endpoint, bridge, pid):
    """Put the endpoint into the network namespace of the process, as its next adapter."""
    near = cable_name(endpoint["id"])
    far = "vc" + near[2:]
    if exists(endpoint):
        unplug(endpoint)
    run_batch([f"link add {near} type veth peer name {far} netns {pid}", f"link set {near} master {bridge} up"])
    name = CONTAINER_NAME.format(count_adapters(pid))
    lines = [f"link set {far} name {name}", f"link set {name} address {endpoint['mac'].replace('-', ':')}",
             f"addr add {endpoint['ip']}/{endpoint['prefix_length']} dev {name}", f"link set {name} up"]
    for route in endpoint["routes"]:
        # Windows takes a next hop that cannot be reached, and so does `onlink`
        lines.append(f"route add {route['DestinationPrefix']} via {route['NextHop']} dev {name} onlink")
    run_batch(lines, pid)


def count_adapters(pid):
    with open(f"/proc/{pid}/net/dev", encoding="utf-8") as file:
        return sum(line.strip().startswith(CONTAINER_NAME.format("")) for line in file)


def unplug(endpoint):
    """Pull the cable if it is there; the other end goes with it. It also goes by itself a moment after its container."""
    try:
        run_batch([f"link del {cable_name(endpoint['id'])}"])
    except RuntimeError:
        if exists(endpoint):
            raise


def exists(endpoint):
    with open("/proc/self/net/dev", encoding="utf-8") as file:
        return any(line.strip().startswith(cable_name(endpoint["id"]) + ":") for line in file)
