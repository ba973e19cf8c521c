# SPDX-License-Identifier: MIT
"""What HCS checks in a container's document beyond its schema: that the things it names exist and fit together."""

import os
import re

from . import hcn, hresult
from .mountpoints import Mount
from .paths import PathError
from .server import Refusal

CONTAINER_DRIVE = re.compile(r"^[A-Za-z]:\\?$")
CONTAINER_PATH = re.compile(r"^[Cc]:\\[^\\/:*?\"<>|]+(\\[^\\/:*?\"<>|]+)*$")


def refuse(code, why):
    raise Refusal(code, f"{hresult.message(code)} ({why})")


class Plan:
    """What a checked document comes to: the scratch and its volume, host name, mounts, network."""

    def __init__(self, host, scratch, volume, hostname, mounts, namespace):
        self.host, self.scratch, self.volume = host, scratch, volume
        self.hostname, self.mounts, self.namespace = hostname, mounts, namespace

    def connect(self, pid, name):
        """Give the container of that name, whose first process is `pid`, its network."""
        if self.namespace:
            hcn.connect_container(self.host, self.namespace, pid, name)

    def disconnect(self, pid):
        if self.namespace:
            hcn.disconnect_container(self.host, self.namespace, pid)


def plan(host, layers, document):
    """Checks a Container object that fits its schema; the Plan, or Refusal."""
    scratch = check_storage(layers, document["Storage"])
    mounts = [check_mount(host, each) for each in document.get("MappedDirectories", [])]
    targets = [mount.target.rstrip("\\").lower() for mount in mounts]
    if len(targets) != len(set(targets)):
        refuse(hresult.INVALID_ARGUMENT, "two mounts at one place")
    namespace = document.get("Networking", {}).get("Namespace")
    if namespace:
        hcn.check_namespace(host, namespace)
    hostname = document.get("GuestOs", {}).get("HostName")
    mounts.sort(key=lambda mount: mount.target.count("\\"))
    return Plan(host, scratch, layers.volumes.mount_point(scratch.guid), hostname, mounts, namespace)


def check_storage(layers, storage):
    guid = storage["Path"].partition("{")[2].rstrip("}\\").lower()
    scratch = layers.by_volume(guid)
    if not scratch:
        refuse(hresult.PATH_NOT_FOUND, "Storage.Path is not the volume of a prepared layer")
    given = [(each["Id"].lower(), layers.path(each["Path"])) for each in storage["Layers"]]
    prepared = [(each["LayerId"], layers.path(each["Path"])) for each in scratch.descriptors]
    if given != prepared:
        refuse(hresult.PATH_NOT_FOUND, "Storage.Layers are not the layers given to PrepareLayer")
    if scratch.users:
        raise Refusal(hresult.SHARING_VIOLATION)
    return scratch


def check_mount(host, directory):
    target = directory["ContainerPath"]
    if not CONTAINER_DRIVE.fullmatch(target) and not CONTAINER_PATH.fullmatch(target):
        refuse(hresult.INVALID_ARGUMENT, f"ContainerPath {target}")
    source = directory["HostPath"]
    try:
        path = host.paths.host(source)
    except PathError:
        refuse(hresult.INVALID_ARGUMENT, f"HostPath {source}")
    if not os.path.exists(path):
        refuse(hresult.FILE_NOT_FOUND, f"HostPath {source}")
    return Mount(path, target, directory.get("ReadOnly", False))
