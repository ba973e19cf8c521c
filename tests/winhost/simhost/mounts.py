# SPDX-License-Identifier: MIT
"""Mount and namespace calls that Python 3.11 does not offer."""

import ctypes
import fcntl
import os
import socket
import struct

MS_RDONLY, MS_REMOUNT, MS_NOATIME, MS_BIND, MS_REC, MS_PRIVATE = 0x1, 0x20, 0x400, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def _bytes(text):
    return None if text is None else os.fsencode(text)


def mount(source, target, kind=None, flags=0, options=None):
    call = _libc.mount(_bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags), _bytes(options))
    _check(call, f"mount {target}")


def unmount(target):
    _check(_libc.umount2(_bytes(target), 0), f"umount {target}")


def detach(target):
    """Takes a mount out of the tree at once; the kernel frees it when its last user is gone."""
    _check(_libc.umount2(_bytes(target), MNT_DETACH), f"umount {target}")


def unshare(flags):
    _check(_libc.unshare(flags), "unshare")


def prctl(option, value):
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), "prctl")


def make_private():
    mount(None, "/", None, MS_REC | MS_PRIVATE)


def bind(source, target, read_only=False):
    mount(source, target, None, MS_BIND)
    if read_only:
        mount(None, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY)


def keep_access_times(directory):
    """Reading changes no time of last access below, as it does not on a Windows server's disks."""
    mount(directory, directory, None, MS_BIND | MS_REC)
    mount(None, directory, None, MS_BIND | MS_REMOUNT | MS_NOATIME)


def _escape(path):
    """Colons and commas separate things in overlay's options."""
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def overlay(lowers, upper, work, target):
    """Lowers: topmost first. Directories of a lower layer can be renamed, as on NTFS."""
    lower = ":".join(_escape(os.path.realpath(path)) for path in lowers)
    options = f"lowerdir={lower},upperdir={_escape(upper)},workdir={_escape(work)},redirect_dir=on"
    mount("overlay", target, "overlay", MS_NOATIME, options)


def overlay_read_only(lowers, target):
    lower = ":".join(_escape(os.path.realpath(path)) for path in lowers)
    mount("overlay", target, "overlay", MS_RDONLY, f"lowerdir={lower}")


def bring_loopback_up():
    siocsifflags, up_and_running = 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, siocsifflags, struct.pack("16sh14x", b"lo", up_and_running))


def own_names(directory, hostname):
    """A hosts file that knows this host, and no name server: a look-up must never leave the machine, nor wait for an answer."""
    files = {"/etc/hosts": f"127.0.0.1 localhost {hostname}\n::1 localhost\n", "/etc/resolv.conf": "# none\n"}
    for target, text in files.items():
        source = os.path.join(directory, os.path.basename(target))
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        if os.path.exists(target):
            bind(source, target)
