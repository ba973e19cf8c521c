# SPDX-License-Identifier: MIT
"""wrun rmi, prune, df and rm on Windows: layers really leave the disk, and never those that somebody uses."""
import json
import subprocess
import unittest

from hosted import IMAGE
from pulled import NOT_FOUND, Pulled, cases, layer_names, oci

BUSY = 5


class StoreOnHost(Pulled):
    def at(self, verb, *arguments, code=0, says=()):
        result = self.wrun(verb, "--root", self.root, *arguments)
        self.assertEqual(result.code, code, result)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.err, result)
        return result

    def json(self, verb, *arguments):
        return json.loads(self.at(verb, "--json", *arguments).out)

    def two_images(self):
        """Two images on one base layer, both pulled."""
        registry = self.serve()
        images = [oci.Image([cases.base_layer(), oci.Layer(cases.top().file(f"Files/{name}", b"x").bytes())],
                            os_version=cases.VERSION) for name in ("one.txt", "two.txt")]
        references = []
        for image, name in zip(images, ("one", "two")):
            registry.put_image(name, image, "1")
            references.append(f"{registry.address}/{name}:1")
            self.pull(references[-1])
        return images, references

    def start_run(self, *options, image=IMAGE):
        """A container that lives until its input ends; its image is pulled into this store."""
        run = self.start("run", "-q", "-i", "--root", self.root, "--network", "none", *options, image, "tool", "cat",
                         stdin=subprocess.PIPE)
        run.starter.stdin.write(b"up\n")
        run.starter.stdin.flush()
        self.assertEqual(run.starter.stdout.read(3), b"up\n")
        return run

    def end_run(self, run):
        run.starter.stdin.close()
        result = self.finish(run)
        self.assertEqual(result.code, 0, result)


class Removal(StoreOnHost):
    def test_layers_go_with_the_last_image_that_needs_them(self):
        (one, two), (first, second) = self.two_images()
        base, top = layer_names(one)
        result = self.at("rmi", first)
        self.assertIn(f"Untagged: {first}\nDeleted: layer {top}\n", result.out)
        self.assertEqual(self.store.names("layers"), sorted(layer_names(two)))
        self.check_complete(two)
        journal = len(self.journal())
        self.at("rmi", second)
        self.assertEqual((self.store.names("layers"), self.store.names("blobs/sha256")), ([], []))
        self.assertEqual(self.layer_calls(journal), ["DestroyLayer", "DestroyLayer"])
        self.assertEqual(self.store.names("trash"), [])
        self.assertFalse(self.store.layer(base).exists())

    def test_what_goes_with_an_image_counts_its_layers(self):
        (one, two), (first, second) = self.two_images()
        size = {name: sum(path.lstat().st_size for path in self.store.layer(name).rglob("*") if path.is_file())
                for image in (one, two) for name in layer_names(image)}
        base, top = layer_names(one)
        before = self.json("df")
        usage = {image["reference"]: image for image in before["perImage"]}
        self.assertGreater(usage[first]["exclusive"], size[top])
        self.assertGreater(usage[first]["shared"], size[base])
        self.assertEqual(before["layers"]["size"], sum(size.values()))
        gone = json.loads(self.at("rmi", "--json", first).out)["reclaimed"]
        self.assertEqual(gone, usage[first]["exclusive"])
        self.assertEqual(self.json("df")["perImage"][0]["shared"], 0)

    def test_a_running_container_keeps_its_image(self):
        run = self.start_run("--name", "job")
        layers = self.store.names("layers")
        self.at("rmi", IMAGE, code=BUSY, says=["is used by the run 'job' (process ", "hint: wait until it ends"])
        self.at("rmi", "--force", IMAGE)
        self.assertEqual((self.store.names("layers"), self.store.names("blobs/sha256")), (layers, []))
        self.assertEqual(self.at("prune", "--all").out, "Total reclaimed space: 0 B\n")
        self.assertEqual(self.store.names("layers"), layers)
        self.end_run(run)
        self.assertIn(f"Deleted: layer {layers[0]}\n", self.at("prune").out)
        self.assertEqual(self.store.names("layers"), [])

    def test_a_kept_writable_layer_keeps_its_image(self):
        result = self.wrun("run", "-q", "--root", self.root, "--keep", "--name", "kept", "--network", "none", IMAGE,
                           "cmd", "/c", "exit 0")
        self.assertEqual(result.code, 0, result)
        self.at("rmi", IMAGE, code=BUSY, says=["the kept layer of the run 'kept'", "wrun rm kept"])
        self.at("prune", "--all")
        self.assertNotEqual(self.store.names("layers"), [])
        self.at("rm", "nothing", "kept", "nobody", code=NOT_FOUND, says=["'nothing'", "'nobody'"])
        self.at("rmi", IMAGE)
        self.assertEqual(self.store.names("layers"), [])
        self.assert_clean()

    def test_layers_that_windows_will_not_destroy_are_removed_file_by_file(self):
        self.at("pull", IMAGE)
        self.fault(fn="DestroyLayer", do="fail", hr="0x80070005")
        self.at("rmi", IMAGE)
        self.assertEqual(self.store.names("layers"), [])

    def test_a_removal_that_is_killed_is_finished_by_the_next(self):
        _, (first, second) = self.two_images()
        self.fault(fn="DestroyLayer", do="kill-before", nth=1)
        self.wrun("rmi", "--root", self.root, first)
        self.assertNotIn(first, [record["reference"] for record in self.store.references()])
        self.assertEqual([name[:3] for name in self.store.names("layers") if name.startswith("rm-")], ["rm-"])
        self.assertGreater(self.json("df")["trash"]["reclaimable"], 0)
        self.at("prune")
        self.assertEqual(len(self.store.names("layers")), 2)
        self.assertEqual(self.store.names("trash"), [])
        self.pull(second)
        self.pull(first)


class Pruning(StoreOnHost):
    def test_layers_that_no_image_needs(self):
        (one, two), (first, _) = self.two_images()
        (name,) = [path for path in (self.store.root / "refs").iterdir() if first in path.read_text()]
        name.unlink()
        top = layer_names(one)[1]
        self.assertIn(f"Would delete: layer {top}\n", self.at("prune", "--dry-run").out)
        self.assertTrue(self.store.layer(top).exists())
        before = self.json("df")
        answer = self.json("prune")
        self.assertIn({"layer": top}, answer["deleted"])
        self.assertEqual(self.store.names("layers"), sorted(layer_names(two)))
        after = self.json("df")
        self.assertEqual((before["layers"]["count"], after["layers"]["count"]), (3, 2))
        self.assertGreater(before["layers"]["reclaimable"], 0)
        self.assertEqual(after["layers"]["reclaimable"], 0)
        promised = before["layers"]["reclaimable"] + before["blobs"]["reclaimable"]
        self.assertEqual(answer["reclaimed"], promised)
        self.check_store()

    def test_images_without_their_blobs_still_run(self):
        self.at("pull", IMAGE)
        answer = self.json("prune", "--blobs")
        self.assertEqual(len([item for item in answer["deleted"] if "blob" in item]), len(self.store.names("layers")))
        result = self.wrun("run", "-q", "--root", self.root, "--pull", "never", "--network", "none", IMAGE,
                           "cmd", "/c", "exit 7")
        self.assertEqual(result.code, 7, result)
        self.assertEqual(len(self.json("images")), 1)
        self.at("verify")
        self.at("pull", IMAGE)
        self.assertEqual(self.json("prune", "--blobs")["deleted"], [])

    def test_what_a_killed_removal_left(self):
        self.at("pull", IMAGE)
        name = self.store.names("layers")[0]
        self.at("rmi", IMAGE)
        left = self.store.layer(f"rm-{name}-01234567")
        left.mkdir()
        (left / "big.bin").write_bytes(b"x" * 1000)
        self.assertEqual(self.json("df")["trash"], {"count": 0, "active": 0, "size": 1000, "reclaimable": 1000})
        self.at("prune")
        self.assertFalse(left.exists())

    def test_all(self):
        _, (first, second) = self.two_images()
        self.assertEqual(self.json("prune", "--all")["untagged"], sorted([first, second]))
        self.assertEqual((self.store.names("layers"), self.store.names("blobs/sha256")), ([], []))


if __name__ == "__main__":
    unittest.main()
