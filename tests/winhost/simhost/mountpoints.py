# SPDX-License-Identifier: MIT
"""Directories and files of the host in a container: binds where there are namespaces, links elsewhere."""

import os

from . import paths


class Mount:
    """A directory or file of the host in the container: at `target` (`C:\\...`), or as a drive (`d:`)."""

    def __init__(self, source, target, read_only):
        self.source, self.target, self.read_only = source, target, read_only
        bare = len(target) == 2 or (len(target) == 3 and target[2] == "\\")
        self.drive = target[:2].lower() if bare and target[1] == ":" else None


class MountPoints:
    """The mounts of one container: `volume` is its C:, `prefix` its Wine prefix, `directory` its own on the host."""

    def __init__(self, mounts, volume, prefix, directory, isolated):
        self.mounts, self.volume, self.prefix, self.directory, self.isolated = mounts, volume, prefix, directory, isolated
        self._made = []

    def make(self):
        """Makes the mount points; the binds that are left to the container, which alone shall see them."""
        return [bind for bind in (self._drive(each) if each.drive else self._place(each) for each in self.mounts) if bind]

    def remove(self):
        """Windows' filter needs nothing below a mount, so the scratch keeps none of ours."""
        for mount in reversed(self.mounts):
            if not self.isolated and not mount.drive:
                self._unlink(mount)
        for target in reversed(self._made):
            try:
                os.rmdir(target) if os.path.isdir(target) else os.unlink(target)
            except OSError:
                pass  # something was put there, or the volume is gone
        self._made.clear()

    def _drive(self, mount):
        link = os.path.join(self.prefix, "dosdevices", mount.drive)
        if not (mount.read_only and self.isolated):
            os.symlink(mount.source, link)
            return None
        target = os.path.join(self.directory, f"drive-{mount.drive[0]}")
        os.mkdir(target)
        os.symlink(target, link)
        return self._bind(mount, target)

    def _place(self, mount):
        target = self._point(mount)
        if self.isolated:
            return self._bind(mount, target)
        os.rename(target, self._hidden(target))
        os.symlink(mount.source, target)
        return None

    @staticmethod
    def _bind(mount, target):
        return {"source": mount.source, "target": target, "read_only": mount.read_only}

    def _point(self, mount):
        """An existing directory (file, when the source is one) of the volume, made if need be."""
        _, components = paths.split(mount.target)
        target = os.path.realpath(self.volume)
        for position, component in enumerate(components):
            target = paths.find(target, component) or os.path.join(target, component)
            if os.path.exists(target):
                continue
            self._made.append(target)
            if position == len(components) - 1 and not os.path.isdir(mount.source):
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
            else:
                os.mkdir(target)
        return target

    def _hidden(self, target):
        """Where what the volume has at a mount point waits while a link is in its place."""
        return f"{target}.below-{os.path.basename(self.directory)}"

    def _unlink(self, mount):
        target = paths.under(os.path.realpath(self.volume), paths.split(mount.target)[1])
        if os.path.islink(target) and os.path.lexists(self._hidden(target)):
            os.unlink(target)
            os.rename(self._hidden(target), target)
