# SPDX-License-Identifier: MIT
"""The demo image: a base layer and a delta layer whose programs are real Windows programs.

`python3 demo.py REGISTRY` publishes it (docker-registry speaks plain HTTP on loopback). The programs
come from Debian's wine package and from the project's own guest tool; both are copied at build time.
"""
import argparse
import functools
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from image import layertar, oci  # noqa: E402
from image.layertar import ATTR_ARCHIVE, ATTR_DIRECTORY, ATTR_HIDDEN, ATTR_READONLY, ATTR_SYSTEM  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINE = pathlib.Path("/usr/lib/x86_64-linux-gnu/wine/x86_64-windows")
TOOL = ROOT / "build/mingw/winhost/tool.exe"

REPOSITORY, TAG = "demo/nanoserver", "ltsc2022"
BASE_BUILDS = ["10.0.17763.5458", "10.0.20348.405", "10.0.20348.2322", "10.0.26100.1742"]

# Windows programs of the wine package that do real work.
WINE_PROGRAMS = ["cmd.exe", "attrib.exe", "expand.exe", "find.exe", "hostname.exe", "ipconfig.exe",
                 "net.exe", "netstat.exe", "ping.exe", "reg.exe", "sc.exe", "taskkill.exe", "whoami.exe",
                 "xcopy.exe"]
# Those that Windows has and the wine package only pretends to have: our own tool under their names.
TOOL_NAMES = ["tool.exe", "findstr.exe", "sort.exe", "more.com", "timeout.exe"]

SYSTEM32 = "Files/Windows/System32"
HIVES = ["SYSTEM", "SOFTWARE", "SAM", "SECURITY", "DEFAULT"]
DELTA_HIVES = ["System_Delta", "Software_Delta", "Sam_Delta", "Security_Delta", "DefaultUser_Delta"]
LONG_NAME = "a-name-of-two-hundred-characters-" + "x" * 163 + ".txt"
DEEP = "/".join(f"directory-number-{i:02d}-with-a-long-name" for i in range(9))

CONFIG = {
    "User": "ContainerAdministrator",
    "Env": ["DEMO=from the image", r"DEMO_HOME=C:\app"],
    "WorkingDir": "C:\\app",
    "Entrypoint": None,
    "Cmd": ["cmd", "/c", "echo hello from the image"],
    "Labels": {"org.opencontainers.image.title": "wrun demo image"},
}


@functools.cache
def stripped(path):
    """Wine's PE files carry debug information; strip keeps the signature that Wine looks for."""
    with tempfile.NamedTemporaryFile(suffix=".exe") as out:
        subprocess.run(["x86_64-w64-mingw32-strip", "-o", out.name, str(path)], check=True)
        return pathlib.Path(out.name).read_bytes()


def base_layer():
    tar = layertar.LayerTar()
    tar.directories("Files", "Files/Program Files", "Files/ProgramData", "Files/Users",
                    "Files/Users/ContainerAdministrator", "Files/Users/ContainerAdministrator/AppData",
                    "Files/Users/ContainerAdministrator/AppData/Local", "Files/Users/ContainerUser",
                    "Files/Users/Public", "Files/Windows", SYSTEM32, SYSTEM32 + "/config",
                    SYSTEM32 + "/drivers", SYSTEM32 + "/drivers/etc", "Files/Windows/Temp")
    for name in HIVES:
        tar.file(f"{SYSTEM32}/config/{name}", layertar.hive(name), ATTR_ARCHIVE, layertar.SD_INSTALLER)
    for name in WINE_PROGRAMS:
        tar.file(f"{SYSTEM32}/{name}", stripped(WINE / name), sd=layertar.SD_INSTALLER)
    for name in TOOL_NAMES:
        tar.file(f"{SYSTEM32}/{name}", TOOL.read_bytes(), sd=layertar.SD_INSTALLER)
    tar.file("Files/License.txt", b"wrun demo base layer\r\n", ATTR_READONLY | ATTR_ARCHIVE)
    tar.hard_link("Files/Windows/License-again.txt", "Files/License.txt")
    tar.file("Files/Windows/hidden.ini", b"[hidden]\r\n", ATTR_HIDDEN | ATTR_SYSTEM)
    tar.file("Files/Windows/removed-by-delta.txt", b"you should not see this\r\n")
    tar.directory("Files/Windows/removed-tree").file("Files/Windows/removed-tree/inner.txt", b"nor this\r\n")
    add_odd_names(tar)
    tar.directories("UtilityVM", "UtilityVM/Files", "UtilityVM/Files/EFI", "UtilityVM/Files/EFI/Microsoft",
                    "UtilityVM/Files/EFI/Microsoft/Boot")
    tar.file("UtilityVM/Files/EFI/Microsoft/Boot/BCD", layertar.hive("BCD"))
    tar.file("UtilityVM/Files/EFI/boot.bin", b"\0" * 1024)
    return oci.Layer(tar.bytes())


def add_odd_names(tar):
    tar.directory("Files/names")
    tar.file("Files/names/Grüße.txt", "Grüße aus dem Abbild\r\n".encode())
    tar.file("Files/names/日本語.txt", "こんにちは\r\n".encode())
    tar.file("Files/names/emoji-🐫.txt", "🐫\r\n".encode())
    tar.file("Files/names/" + LONG_NAME, b"long name\r\n")
    path = "Files/names"
    for part in DEEP.split("/"):
        path += "/" + part
        tar.directory(path)
    tar.file(path + "/deep.txt", b"deep\r\n")


def delta_layer():
    tar = layertar.LayerTar()
    tar.directories("Files", "Files/Windows", SYSTEM32, "Files/app", "Files/app/sub", "Hives")
    tar.file("Files/app/hello.cmd", b"@echo hello from a batch file, %1\r\n")
    tar.file("Files/app/readonly.txt", b"read only\r\n", ATTR_READONLY | ATTR_ARCHIVE)
    tar.file("Files/app/tool.exe", TOOL.read_bytes())
    tar.file("Files/app/with-stream.txt", b"main stream\r\n", streams={"Zone.Identifier": b"[ZoneTransfer]\r\nZoneId=3\r\n"})
    tar.file("Files/app/with-ea.txt", b"extended attributes\r\n", eas={"PROJECT": b"wrun"})
    tar.hard_link("Files/app/tool-again.exe", "Files/app/tool.exe")
    tar.hard_link("Files/Windows/cmd-hard.exe", f"{SYSTEM32}/cmd.exe")
    tar.junction("Files/Documents and Settings", r"C:\Users")
    tar.symlink("Files/app/license-link.txt", r"..\License.txt")
    tar.whiteout("Files/Windows/removed-by-delta.txt")
    tar.whiteout("Files/Windows/removed-tree")
    for name in DELTA_HIVES:
        tar.file(f"Hives/{name}", layertar.hive(name))
    return oci.Layer(tar.bytes())


@functools.cache
def layers():
    return [base_layer(), delta_layer()]


def images():
    return [oci.Image(layers(), CONFIG, os_version=version) for version in BASE_BUILDS]


def linux_image():
    tar = layertar.LayerTar()
    tar.entry("etc", "5")
    tar.entry("etc/motd", "0", b"not for Windows\n")
    return oci.Image([oci.Layer(tar.bytes())], {"Cmd": ["sh"]}, os="linux")


def attestation():
    """What buildkit adds beside an image: an entry that no host must ever choose."""
    blob = oci.Blob(b"{}", oci.DOCKER_MANIFEST)
    return {"mediaType": oci.DOCKER_MANIFEST, "size": 2, "digest": blob.digest,
            "platform": {"architecture": "unknown", "os": "unknown"}}


def publish(registry, repository=REPOSITORY, tag=TAG):
    registry.push_index(repository, tag, [linux_image(), *images()])
    registry.push_index(repository, "linux-only", [linux_image()])
    registry.push_index(repository, "too-new", [images()[3]])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", help="host:port to publish to")
    parser.add_argument("--reference-file", type=pathlib.Path)
    arguments = parser.parse_args()
    publish(oci.Registry(arguments.registry))
    reference = f"{arguments.registry}/{REPOSITORY}:{TAG}"
    if arguments.reference_file:
        arguments.reference_file.parent.mkdir(parents=True, exist_ok=True)
        arguments.reference_file.resolve().write_text(reference + "\n")
    print(reference)


if __name__ == "__main__":
    main()
