# SPDX-License-Identifier: MIT
"""What wrun calls is what is kept, and differs from what Microsoft's client called only where docs/fidelity.md says so."""
import copy
import gzip
import hashlib
import io
import re
import tarfile
import unittest

import layer_tars
import transport_oracle
from differences import EXPLAINED, compare, matches
from golden import EXPORTED, LAYERS, Scene, load
from hosted import ROOT
from image import demo
from recording import in_order, read, steps

FIDELITY = ROOT / "docs/fidelity.md"

TRANSPORT = LAYERS / "a2-transport-folder-as-passed-to-ImportLayer.tar"


def is_layer_call(step):
    return not step["fn"].startswith(("Hcs", "Hcn", "(event)"))


def is_network_call(step):
    return step["fn"].startswith("Hcn")


def is_container_call(step):
    return not is_network_call(step)


def any_call(_):
    return True


def without_digests(step):
    """The stub that recorded knew names and sizes of staged files only."""
    tree = [{key: value for key, value in each.items() if key != "sha256"} for each in step.get("sourceTree", [])]
    return {**step, "sourceTree": tree} if tree else step


# recording: its files, our golden file, and the calls that it can speak about
RECORDINGS = {
    "a1+a2": (["a1-import-base", "a2-import-delta"], "pull", any_call),
    "e1": (["e1-containerd-ctr-images-import"], "pull", any_call),
    "b2": (["b2-export-delta"], "export", any_call),
    "b2+a2": (["b2-export-delta", "a2-import-delta"], "commit", any_call),
    "b1": (["b1-wclayer-create-mount-unmount-remove"], "run", is_layer_call),
    "c1": (["c1-hcn-network-namespace-endpoint"], "run", is_network_call),
    "c3": (["c3-cni-nat-ADD-DEL"], "run", is_network_call),
    "d2": (["d2-hcs-run-v1api-vmcompute-hcsshim0.14.1"], "run", is_container_call),
    "e2": (["e2-containerd-ctr-run"], "run", any_call),
}


def comparisons():
    """recording: (our steps, recorded steps)."""
    return {name: ([without_digests(step) for step in load(golden) if about(step)],
                   steps([entry for file in files for entry in read(f"{file}.jsonl")]))
            for name, (files, golden, about) in RECORDINGS.items()}


def unexplained(recording, wrun, recorded):
    """Differences that not exactly one row speaks of."""
    found = [(difference, [row[0] for row in EXPLAINED if matches(row, recording, difference)])
             for difference in compare(wrun, recorded)]
    return [(difference.what, difference.where, rows) for difference, rows in found if len(rows) != 1]


class Recordings(unittest.TestCase):
    """What is kept, beside what Microsoft's client called."""

    maxDiff = None

    def test_every_difference_is_explained(self):
        for recording, (wrun, recorded) in comparisons().items():
            with self.subTest(recording):
                self.assertEqual(unexplained(recording, wrun, recorded), [])

    def test_every_explanation_is_of_a_difference(self):
        found = {recording: list(compare(*pair)) for recording, pair in comparisons().items()}
        for row in EXPLAINED:
            for recording in row[1].split():
                self.assertTrue(any(matches(row, recording, each) for each in found[recording]), (recording, row))

    def test_the_document_has_the_same_explanations(self):
        tables = FIDELITY.read_text(encoding="utf-8").split("\n\n")
        documented = [name for table in tables if table.lstrip().startswith("| id |")
                      for name in re.findall(r"^\| ([a-z0-9-]+) \|", table, re.MULTILINE) if name != "id"]
        self.assertEqual(sorted(documented), sorted({row[0] for row in EXPLAINED}))

    def test_another_member_call_or_order_is_noticed(self):
        wrun, recorded = comparisons()["d2"]
        self.assertEqual(unexplained("d2", wrun, recorded), [])

        def changed(change):
            other = copy.deepcopy(wrun)
            change({step["fn"]: step for step in other}, other)
            return [where for _, where, _ in unexplained("d2", other, recorded)]

        def set_member(calls, _):
            calls["HcsCreateComputeSystem"]["configuration"]["Container"]["Storage"]["Path"] = "<volume>"

        def leave_out(calls, _):
            del calls["HcsCreateComputeSystem"]["configuration"]["ShouldTerminateOnLastHandleClosed"]

        def true_as_number(calls, _):
            calls["HcsCreateProcess"]["processParameters"]["CreateStdOutPipe"] = 1

        def swap_layers(calls, _):
            calls["PrepareLayer"]["descriptors"].reverse()

        def swap_calls(calls, steps):
            first, second = steps.index(calls["UnprepareLayer"]), steps.index(calls["DeactivateLayer"])
            steps[first], steps[second] = steps[second], steps[first]

        def forget_call(calls, steps):
            steps.remove(calls["HcsCloseProcess"])

        document = "HcsCreateComputeSystem/configuration"
        self.assertEqual(changed(set_member), [f"{document}/Container/Storage/Path"])
        self.assertEqual(changed(leave_out), [f"{document}/ShouldTerminateOnLastHandleClosed"])
        self.assertEqual(changed(true_as_number), ["HcsCreateProcess <system>/processParameters/CreateStdOutPipe"])
        self.assertEqual(changed(swap_layers), [f"PrepareLayer/descriptors/{n}/{key}" for n in (0, 1) for key in ("LayerId", "Path")])
        self.assertEqual(sorted(set(changed(swap_calls))), ["UnprepareLayer"])
        self.assertEqual(changed(forget_call), ["HcsCloseProcess <process>"])

    def test_an_event_may_overtake_its_call_in_the_journal(self):
        started = {"fn": "(event)", "type": "0x00000003"}
        start, process = {"fn": "HcsStartComputeSystem"}, {"fn": "HcsCreateProcess"}
        self.assertEqual(in_order([started, start, process]), [start, started, process])
        self.assertEqual(in_order([start, process, started]), [start, process, started])
        with self.assertRaises(ValueError):
            in_order([started, process])


class Staging(unittest.TestCase):
    """The second opinion on staged bytes, before it is asked."""

    def test_the_rules_give_what_microsofts_client_staged(self):
        with open(LAYERS / "delta.tar", "rb") as file:
            self.assertEqual(transport_oracle.stage(file), recorded_transport())

    def test_another_byte_is_another_file(self):
        data = (LAYERS / "delta.tar").read_bytes()
        at = data.index(b"MSWINDOWS.fileattr=32") + len("MSWINDOWS.fileattr=3")
        other = transport_oracle.stage(io.BytesIO(data[:at] + b"3" + data[at + 1:]))
        expected = recorded_transport()
        self.assertEqual([path for path in expected if other[path] != expected[path]], [r"\Files\app\new.exe"])


def recorded_transport():
    """What Microsoft's client staged for the recorded layer: {path: bytes}, a directory is None."""
    with tarfile.open(TRANSPORT) as tar:
        return {"\\" + member.name[2:].replace("/", "\\"): tar.extractfile(member).read() if member.isreg() else None
                for member in tar if member.name != "."}


def digests(staged):
    return {path: None if data is None else hashlib.sha256(data).hexdigest() for path, data in staged.items()}


class Golden(Scene):
    """What wrun calls now."""

    def imported(self, journal):
        call = next(entry for entry in self.journals[journal] if entry["fn"] == "ImportLayer")
        return {each["path"]: each.get("sha256") for each in call["sourceTree"]}

    def test_the_pull_is_as_kept(self):
        self.assertEqual(self.steps("pull"), load("pull"))

    def test_the_run_is_as_kept(self):
        self.assertEqual(self.steps("run"), load("run"))
        self.assertEqual(self.drive("d", "hostdata", "out.txt").read_bytes(), b"from the host\r\n")
        self.assert_clean()

    def test_the_export_is_as_kept(self):
        self.assertEqual(self.steps("export"), load("export"))

    def test_the_commit_is_as_kept(self):
        self.assertEqual(self.steps("commit"), load("commit"))

    def test_the_exported_tar_is_that_of_microsofts_client(self):
        """Byte for byte, but for the times of change: those are the moment at which ExportLayer made the files."""
        self.isolated()  # elsewhere reading changes the times of last access
        made, recorded = self.drive("d", EXPORTED).read_bytes(), (LAYERS / EXPORTED).read_bytes()
        self.assertEqual(layer_tars.without_change_times(made), layer_tars.without_change_times(recorded))
        self.assertEqual(len(made) % 512, 0)

    def test_staged_bytes_of_the_commit_are_those_of_the_exported_tar(self):
        with open(LAYERS / EXPORTED, "rb") as file:
            self.assertEqual(self.imported("commit"), digests(transport_oracle.stage(file)))

    def test_staged_bytes_are_those_of_microsofts_client(self):
        self.assertEqual(self.imported("pull"), digests(recorded_transport()))

    def test_staged_bytes_of_the_demo_image(self):
        tar = gzip.decompress(demo.delta_layer().data)
        staged = transport_oracle.stage(io.BytesIO(tar))
        self.assertGreater(len(staged), 20)
        self.assertEqual(self.imported("demo"), digests(staged))

    def test_files_of_the_base_layer_are_those_of_microsofts_client(self):
        call = next(entry for entry in self.journals["pull"] if entry["fn"] == "ProcessBaseImage")
        layer = self.drive("c", *call["path"].split("\\")[4:])
        made = {"\\" + str(path.relative_to(layer)).replace("/", "\\"): path.stat().st_size if path.is_file() else 0
                for path in (layer / "Files").rglob("*")}
        links = (r"\Files\Documents and Settings", r"\Files\link.txt")
        recorded = {each["path"]: each["size"] for each in read("a1-import-base.jsonl")[-1]["tree"]
                    if each["path"].startswith("\\Files\\") and each["path"] not in links}
        recorded[r"\Files\Windows\stream.txt:Zone.Identifier"] = 26  # a stream, which is a file of its own on this disk
        self.assertEqual(made, recorded)


if __name__ == "__main__":
    unittest.main()
