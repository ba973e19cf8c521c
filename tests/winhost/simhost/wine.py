# SPDX-License-Identifier: MIT
"""Wine as installed by the distribution, and hand-made prefixes that start in a tenth of a second without wineboot."""

import contextlib
import ctypes
import os
import shutil

LOADER = "/usr/lib/wine/wine64"
SERVER = "/usr/lib/wine/wineserver64"
BUILTINS = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows"
SYSTEM_REG = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "system.reg")

# Windows build: product name, UBR (patch level)
BUILDS = {
    17763: ("Windows Server 2019 Datacenter", 5329),
    20348: ("Windows Server 2022 Datacenter", 2777),
    26100: ("Windows Server 2025 Datacenter", 1742),
}
TEMPLATE_BUILD = 20348

USER_REG = "WINE REGISTRY Version 2\n;; All keys relative to \\\\User\\\\{user}\n\n#arch=win64\n"
USERS = {"user.reg": "S-1-5-21-0-0-0-1000", "userdef.reg": ".Default"}

# a crash shall end a program, not start a debugger; no .NET or browser is asked for
# programs that Wine only pretends to have must come from the image: in system32 it would prefer its own
STUBS = ("arp", "certutil", "fc", "findstr", "icacls", "robocopy", "tasklist", "timeout", "where")
OVERRIDES = "mscoree,mshtml=;winedbg.exe,winemenubuilder.exe=;" + ",".join(f"{name}.exe" for name in STUBS) + "=n"


def environment(prefix):
    """The whole environment of a Wine process, the unix part only: Windows variables are simrun's business."""
    return {
        "WINEPREFIX": prefix,
        "TMPDIR": prefix,  # Debian's Wine makes the directory of its server's socket there, and never removes it
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": OVERRIDES,
        "PATH": "/usr/bin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
    }


ADDR_NO_RANDOMIZE, ASK = 0x0040000, 0xffffffff  # of personality(2)
_personality = ctypes.CDLL(None).personality


def fix_addresses():
    """This thread, and what it starts, gets its memory where it always gets it; what was before.

    One start of Wine in eight thousand ends at once otherwise, because chance has put something where every Windows process has its
    shared user data. Where the kernel does not allow it, chance stays.
    """
    before = _personality(ASK)
    _personality(before | ADDR_NO_RANDOMIZE)
    return before


@contextlib.contextmanager
def fixed_addresses():
    """fix_addresses() for what is started meanwhile."""
    before = fix_addresses()
    try:
        yield
    finally:
        _personality(before)


def fill_system32(system32):
    """Wine's own programs and libraries as symbolic links. Anything put over one must replace the link, not write through it."""
    drivers = os.path.join(system32, "drivers")
    os.makedirs(drivers, exist_ok=True)
    for name in os.listdir(BUILTINS):
        os.symlink(os.path.join(BUILTINS, name), os.path.join(drivers if name.endswith(".sys") else system32, name))


def place(source, directory, name=None):
    """Copy a file into the prefix, replacing a link of that name."""
    target = os.path.join(directory, name or os.path.basename(source))
    if os.path.lexists(target):
        os.unlink(target)
    shutil.copyfile(source, target)
    shutil.copymode(source, target)


def registry(build, services=()):
    """The text of system.reg for a Windows of that build, with keys for the named services."""
    product, revision = BUILDS[build]
    template_product, template_revision = BUILDS[TEMPLATE_BUILD]
    with open(SYSTEM_REG, encoding="utf-8") as file:
        text = file.read()
    text = text.replace(f'"{TEMPLATE_BUILD}"', f'"{build}"')
    text = text.replace(f'"UBR"=dword:{template_revision:08x}', f'"UBR"=dword:{revision:08x}')
    text = text.replace(f'"{template_product}"', f'"{product}"')
    return text + "".join(service_key(name, display) for name, display in services)


def service_key(name, display):
    """A service that is installed, to be started on demand."""
    return (f"\n[System\\\\CurrentControlSet\\\\Services\\\\{name}] 1\n"
            f'"DisplayName"="{display}"\n"ErrorControl"=dword:00000001\n'
            f'"ImagePath"="C:\\\\windows\\\\system32\\\\svchost.exe -k {name}"\n'
            '"ObjectName"="LocalSystem"\n"Start"=dword:00000003\n"Type"=dword:00000010\n')


def write_registry(prefix, build, services=()):
    """The registry files of a prefix. Copies, never links: the Wine server writes them in place."""
    files = {"system.reg": registry(build, services), ".update-timestamp": "disable\n"}
    files.update({name: USER_REG.format(user=user) for name, user in USERS.items()})
    for name, text in files.items():
        with open(os.path.join(prefix, name), "w", encoding="utf-8") as file:
            file.write(text)


def volume_name(letter):
    """What Wine reports as the volume of a drive: the letter's code is the last part of the GUID."""
    return f"volume{{00000000-0000-0000-0000-0000000000{ord(letter.upper()):02x}}}"


def link_drive(prefix, letter, target):
    """Make `target` (relative to dosdevices, or absolute) the drive, by its letter and by its volume name."""
    for name in (f"{letter}:", volume_name(letter)):
        link = os.path.join(prefix, "dosdevices", name)
        if os.path.islink(link):
            os.unlink(link)
        os.symlink(target, link)


def make_drive_c(drive_c):
    """The directories every Windows has."""
    system32 = os.path.join(drive_c, "windows", "system32")
    fill_system32(system32)
    for name in ("windows/temp", "users/Public", "ProgramData", "Program Files/Common Files"):
        os.makedirs(os.path.join(drive_c, name), exist_ok=True)
    return system32
