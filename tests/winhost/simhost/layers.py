# SPDX-License-Identifier: MIT
"""Layers and scratches: what is where, and what may be done with it. The calls are in layer_calls.py.

A scratch goes through: directory with a sandbox.vhdx -> activated (attached as a volume) -> prepared (the volume shows the merged
layers) -> unprepared -> deactivated. Sources: hcsshim's internal/wclayer and internal/layers, moby's windows graph driver,
containerd's windows snapshotter, and the issues they cite; what none of them shows stands in docs/simulation.md.
"""

import contextlib
import os
import shutil
import threading

from . import exporter, hresult, layertree, metadata, mounts, planter, vhd, wine
from .layerstore import LayerRecord, Records, name_to_guid
from .paths import PathError, find
from .server import Refusal, leftover

BASE_HIVES = {"System": "SYSTEM", "Software": "SOFTWARE", "Sam": "SAM", "Security": "SECURITY", "DefaultUser": "DEFAULT"}
BOOT_CONFIGURATION = ("EFI", "Microsoft", "Boot", "BCD")
SANDBOX, TEMPLATE, TEMPLATE_BASE, LAYOUT = "sandbox.vhdx", "blank.vhdx", "blank-base.vhdx", "layout"


class Scratch:
    """An activated scratch layer."""

    def __init__(self, path, name, guid):
        self.path, self.name, self.guid = path, name, guid
        self.descriptors = None  # as given to PrepareLayer; None while not prepared
        self.users = set()  # ids of the compute systems on it


class Layers:
    """The layer state of a host; `lock` serialises every layer call."""

    def __init__(self, host):
        self.host = host
        self.lock = threading.RLock()
        self.records = Records(host)
        self.volumes = vhd.Volumes(host)
        self.scratches = {}  # directory -> Scratch
        if host.reduced is None and not same_disk(host.directory, wine.BUILTINS):
            mounts.bind(wine.BUILTINS, wine.BUILTINS, read_only=True)  # merged trees have links to them

    # --- paths and chains -----------------------------------------------------------------------------------------------------

    def path(self, text):
        """The directory a layer argument names; Refusal when it is no absolute path."""
        if not text:
            raise Refusal(hresult.INVALID_ARGUMENT)
        try:
            return self.host.paths.host(text)
        except PathError as error:
            raise Refusal(hresult.PATH_NOT_FOUND, f"The system cannot find the path specified. ({error})") from None

    def directory(self, text):
        path = self.path(text)
        if not os.path.isdir(path):
            raise Refusal(hresult.PATH_NOT_FOUND)
        return path

    def chain(self, descriptors):
        """The records of a descriptor array: topmost first, the base last, each on exactly those that follow it."""
        if not descriptors:
            raise Refusal(hresult.INVALID_ARGUMENT)
        records = [self._described(each) for each in descriptors]
        if records[-1].kind != "base":
            raise chain_refusal(f"{descriptors[-1]['Path']} is not a base layer")
        for position, record in enumerate(records):
            if record.parents != [below.path for below in records[position + 1:]]:
                raise chain_refusal(f"{descriptors[position]['Path']} was not imported on the layers that follow it")
        return records

    def _described(self, descriptor):
        path = descriptor["Path"]
        name = path.rstrip("\\").rpartition("\\")[2]
        if descriptor["LayerId"] != name_to_guid(name):
            raise chain_refusal(f"{descriptor['LayerId']} is not the id of {path}, which is {name_to_guid(name)}")
        directory = self.path(path)
        if not os.path.isdir(directory):
            raise chain_refusal(f"{path} does not exist")
        record = self.records.get(directory)
        if not record:
            raise chain_refusal(f"{path} is not a layer")
        return record

    def users_of(self, path):
        """Scratches whose merged view contains the layer."""
        return [scratch for scratch in self.scratches.values()
                if scratch.descriptors and path in (self.path(each["Path"]) for each in scratch.descriptors)]

    # --- scratches -------------------------------------------------------------------------------------------------------------

    def active(self, text):
        scratch = self.scratches.get(self.path(text))
        if not scratch:
            raise Refusal(hresult.NOT_FOUND, "Element not found. (The layer is not activated.)")
        return scratch

    def by_volume(self, guid):
        """The prepared scratch of a volume, or None."""
        return next((each for each in self.scratches.values() if each.guid == guid and each.descriptors), None)

    def activate(self, text):
        path = self.directory(text)
        if path in self.scratches:
            raise Refusal(hresult.SHARING_VIOLATION)
        disk = os.path.join(path, SANDBOX)
        if not os.path.isfile(disk):
            raise Refusal(hresult.FILE_NOT_FOUND)
        self.scratches[path] = Scratch(path, text, self.volumes.attach(disk))

    def deactivate(self, text):
        scratch = self.active(text)
        if scratch.descriptors or scratch.users:
            raise Refusal(hresult.SHARING_VIOLATION)
        self.volumes.detach(scratch.guid)
        del self.scratches[scratch.path]

    def prepare(self, text, descriptors):
        scratch = self.active(text)
        if scratch.descriptors:
            raise Refusal(hresult.SHARING_VIOLATION)
        records = self.chain(descriptors)
        self._check_disk(scratch, descriptors, records[-1])
        self.show(scratch, records)
        scratch.descriptors = descriptors

    def _check_disk(self, scratch, descriptors, base):
        """The disk's file system holds placeholders for the layers it was first prepared with, and for the base it was made from."""
        ids = [each["LayerId"] for each in descriptors]
        known = self.volumes.layers_of(scratch.guid)
        parent = vhd.read_header(os.path.join(scratch.path, SANDBOX))["parent"]
        if parent and os.path.dirname(self.path(parent)) != base.path:
            raise chain_refusal("the scratch was not made from the base layer given")
        if known not in (None, ids):
            raise chain_refusal("the scratch was prepared with other layers before")
        self.volumes.remember_layers(scratch.guid, ids)

    def merged(self, records):
        """The directory with the merged layers; made once for a chain as it is now."""
        tree = layertree.with_system(layertree.merge(records))
        target = os.path.join(self.host.directory, "chain", layertree.fingerprint(tree))
        if not os.path.isdir(target):
            make_directory(tree, target, layertree.share)
        return target

    def show(self, scratch, records):
        """Put the merged view where the volume is."""
        point = self.volumes.mount_point(scratch.guid)
        if self.host.reduced is None:
            upper, work = (self.volumes.directory(scratch.guid, name) for name in ("upper", "work"))
            mounts.overlay([self.merged(records)], upper, work, point)
            return
        merged = self.volumes.directory(scratch.guid, "merged")
        if not os.path.isdir(merged):
            make_directory(layertree.with_system(layertree.merge(records)), merged, layertree.copy)
        os.rmdir(point)
        os.symlink(merged, point)

    def unprepare(self, text):
        scratch = self.active(text)
        if not scratch.descriptors:
            raise Refusal(hresult.NOT_FOUND, "Element not found. (The layer is not prepared.)")
        if scratch.users:
            raise Refusal(hresult.SHARING_VIOLATION)
        self.hide(scratch)
        scratch.descriptors = None

    def hide(self, scratch):
        """The volume without the merged view; fails while somebody has a file of it open."""
        point = self.volumes.mount_point(scratch.guid)
        if self.host.reduced is not None:
            os.unlink(point)
            os.mkdir(point)
            return
        try:
            mounts.unmount(point)
        except OSError:
            raise Refusal(hresult.SHARING_VIOLATION) from None

    @contextlib.contextmanager
    def shown(self, scratch, records):
        """The merged view for a moment: (view, what the disk itself holds or None where that is not kept apart)."""
        self.show(scratch, records)
        try:
            yield (self.volumes.mount_point(scratch.guid),
                   self.volumes.directory(scratch.guid, "upper") if self.host.reduced is None else None)
        finally:
            self.hide(scratch)

    def export(self, scratch, records, folder):
        """What the scratch changed; its registry's changes are as old as its disk."""
        hives = exporter.hives_in(self.volumes.directory(scratch.guid, "hives"))
        with self.shown(scratch, records) as (volume, disk):
            planted = metadata.Planted(self.volumes.directory(scratch.guid))
            exporter.ScratchExporter(records, volume, disk, planted, folder).run(
                hives or exporter.empty_hives(exporter.times_of(os.path.join(scratch.path, SANDBOX))))

    def plant(self, text, parents, things):
        """As if a container had made them; the scratch may be mounted or not. `parents` are needed before its first use."""
        path = self.directory(text)
        scratch = self.scratches.get(path)
        if scratch and scratch.descriptors:
            records = self.chain(scratch.descriptors)
            disk = self.volumes.directory(scratch.guid, "upper") if self.host.reduced is None else None
            self._plant(scratch, records, self.volumes.mount_point(scratch.guid), disk, things)
            return
        descriptors = [{"LayerId": name_to_guid(each.rpartition("\\")[2]), "Flags": 0, "Path": each} for each in parents]
        if not scratch:
            self.activate(text)
        try:
            self.prepare(text, descriptors)
            try:
                self.plant(text, parents, things)
            finally:
                self.unprepare(text)
        finally:
            if not scratch:
                self.deactivate(text)

    def _plant(self, scratch, records, volume, disk, things):
        tree = layertree.with_system(layertree.merge(records))
        planter.Planter(volume, disk, self.volumes.directory(scratch.guid), tree).run(things)

    def destroy(self, text):
        path = self.directory(text)
        if path in self.scratches or self.users_of(path):
            raise Refusal(hresult.SHARING_VIOLATION)
        disk = os.path.join(path, SANDBOX)
        if os.path.isfile(disk):
            guid = vhd.read_header(disk)["guid"]
            if guid:
                self.volumes.delete(guid)
        self.records.remove(path)
        shutil.rmtree(path)

    # --- base layers -------------------------------------------------------------------------------------------------------------

    def process_base(self, text):
        path = self.directory(text)
        config = self._file(path, "Files", "Windows", "System32", "config")
        if any(self._file(path, name) for name in ("Hives", LAYOUT)):
            raise Refusal(hresult.ALREADY_EXISTS)
        hives = {name: self._file(config, file) if config else None for name, file in BASE_HIVES.items()}
        if not all(hives.values()):
            raise Refusal(hresult.FILE_NOT_FOUND)
        os.mkdir(os.path.join(path, "Hives"))
        for name, source in hives.items():
            os.link(source, os.path.join(path, "Hives", f"{name}_Base"))
        base = os.path.join(path, TEMPLATE_BASE)
        vhd.create(base)
        vhd.create(os.path.join(path, TEMPLATE), plain(text) + "\\" + TEMPLATE_BASE)
        with open(os.path.join(path, LAYOUT), "w", encoding="ascii", newline="") as file:
            file.write("vhd-with-hives\n")
        self.records.put(LayerRecord(path, "base"))

    def process_utility(self, text):
        """The disks that a utility VM starts from; its boot configuration is changed to start from them."""
        path = self.directory(text)
        configuration = self._file(path, "Files", *BOOT_CONFIGURATION)
        if not configuration or not os.path.isfile(configuration):
            raise Refusal(hresult.FILE_NOT_FOUND)
        for name in ("SystemTemplateBase.vhdx", "SystemTemplate.vhdx"):
            if self._file(path, name):
                raise Refusal(hresult.ALREADY_EXISTS)
        with open(configuration, "ab") as file:
            file.write(b"\nsimhost: boots from SystemTemplate.vhdx\n")
        vhd.create(os.path.join(path, "SystemTemplateBase.vhdx"))
        vhd.create(os.path.join(path, "SystemTemplate.vhdx"), plain(text) + "\\SystemTemplateBase.vhdx")

    @staticmethod
    def _file(directory, *names):
        """The file of those names below the directory, as Windows compares them; None when it is not there."""
        for name in names:
            directory = directory and find(directory, name)
        return directory


def make_directory(tree, target, place):
    """All of it or nothing."""
    temporary = target + ".new"
    shutil.rmtree(temporary, ignore_errors=True)
    layertree.materialise(tree, temporary, place)
    os.rename(temporary, target)


def same_disk(one, other):
    return os.stat(one).st_dev == os.stat(other).st_dev


def plain(text):
    return text.removeprefix("\\\\?\\").rstrip("\\")


def chain_refusal(why):
    return Refusal(hresult.PATH_NOT_FOUND, f"The system cannot find the path specified. ({why})")


@leftover
def active_layers(host):
    layers = host.part(Layers)
    state = {True: "prepared", False: "activated"}
    return [("layer", f"{each.name} ({state[bool(each.descriptors)]})") for each in list(layers.scratches.values())]
