#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every call of a pull, a run, an export and a commit, on a fresh machine; `golden.py --update` keeps them as tests/data/golden/*.jsonl.

The pull is of the two layers that Microsoft's client was recorded with. The run asks for what the recorded containers were given, as
far as wrun has it; its process ends when its input ends, so that the order of the calls cannot vary.
"""
import argparse
import io
import json
import sys
import tarfile

from hosted import IMAGE, REGISTRY, ROOT, Hosted, control
import planted_trees
from image import demo, layertar, oci
from recording import TRACES, in_order, steps

GOLDEN = ROOT / "tests/data/golden"
RECORDED = f"{REGISTRY}/recorded/layers:latest"
UNDER = f"{REGISTRY}/recorded/under:latest"
EXPORTED = "exported-by-hcsshim.tar"
LAYERS = TRACES / "layers"
RUN = ["run", "-q", "--hostname", "myhost", "-u", "ContainerUser", "-w", r"C:\app", "-e", "FOO=bar baz", "-e",
       r"PATH=C:\Windows\System32;C:\Windows", "-v", r"d:\hostdata:C:\data", "--mount", r"type=bind,src=d:\hostro,dst=C:\ro,ro",
       "--network", "nat", IMAGE, "cmd.exe", "/c", r"findstr x & type C:\ro\in.txt > C:\data\out.txt & exit 7"]


def base_layer(data):
    """The recorded base layer, as far as it can be here.

    Its Hives folder is left out: no base layer of Microsoft's has one, ProcessBaseImage makes it. So is what the disk of the
    simulated host cannot hold: links, and the extended attributes of one file, under a name that means nothing.
    """
    data = data.replace(b" MSWINDOWS.xattr.", b" IGNORED.EAxattr.")
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = tar.getmembers()
    ends = [member.offset for member in members[1:]] + [tar.offset]
    for member, end in zip(members, ends):
        if not member.name.startswith("Hives") and not member.issym():
            out.write(data[member.offset:end])
    return out.getvalue() + bytes(2 * tarfile.BLOCKSIZE)


def publish():
    """The two layers as an image, from inside the machine."""
    base = oci.Layer(base_layer((LAYERS / "base.tar").read_bytes()))
    image = oci.Image([base, oci.Layer((LAYERS / "delta.tar").read_bytes())], os_version=demo.BASE_BUILDS[2])
    oci.Registry(REGISTRY).push_image("recorded/layers", image, "latest")
    # what the recorded export was made on: the base layer, and one that does not have what was exported
    under = oci.Image([base, oci.Layer(layertar.LayerTar().directory("Files").bytes())], os_version=demo.BASE_BUILDS[2])
    oci.Registry(REGISTRY).push_image("recorded/under", under, "latest")


class Scene(Hosted):
    """A machine on which the golden pull and the golden run happen once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.play()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def play(cls):
        cls.journals = {}
        cls.on_machine(sys.executable, "-B", __file__, "--publish")
        scene = cls()
        scene.act("demo", 0, "pull", IMAGE)
        scene.act("pull", 0, "pull", RECORDED)
        scene.mkdir("d", "hostdata")
        scene.mkdir("d", "hostro").joinpath("in.txt").write_bytes(b"from the host\r\n")
        scene.act("run", 7, *RUN)
        scene.prepare_export()
        scene.act("export", 0, "layer", "export", "exported", "-o", rf"d:\{EXPORTED}")
        scene.act("commit", 0, "layer", "commit", "exported")

    def prepare_export(self):
        """A scratch with what the recorded export has."""
        made = json.loads(self.ok("layer", "prepare", "exported", "--from", UNDER, "--json").out)
        things = planted_trees.of_tar((LAYERS / EXPORTED).read_bytes())
        control.plant(self.host.directory, made["path"], things, made["parents"])

    def act(self, name, code, *arguments):
        before = len(self.journal())
        result = self.wrun(*arguments)
        self.assertEqual(result.code, code, result)
        self.journals[name] = self.journal()[before:]

    @classmethod
    def steps(cls, name):
        return in_order(steps(cls.journals[name]))


def path(name):
    return GOLDEN / f"{name}.jsonl"


def load(name):
    with open(path(name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def store(name, entries):
    with open(path(name), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="keep what wrun does now")
    parser.add_argument("--publish", action="store_true", help="only put the recorded layers into the registry of this machine")
    arguments = parser.parse_args()
    if arguments.publish:
        publish()
        return
    Scene.setUpClass()
    try:
        for name in ("pull", "run", "export", "commit"):
            done = Scene.steps(name)
            if arguments.update:
                store(name, done)
            print(f"{path(name).relative_to(ROOT)}: {len(done)} lines,", "as kept" if load(name) == done else "DIFFERENT from what is kept")
    finally:
        Scene.tearDownClass()


if __name__ == "__main__":
    main()
