# SPDX-License-Identifier: MIT
"""wrun pull: what it prints, what it stores, what it does not do twice."""
import fcntl
import json
import os
import pty
import re
import struct
import termios
import time
import unittest

from hosted import EXE, IMAGE, runs
from pulled import Pulled, layer_names, make_image, oci

DIGEST = "sha256:[0-9a-f]{64}"


def slowly(piece, seconds):
    """The blob in pieces, with a pause after each."""
    def action(handler):
        blob = handler.server.registry.blobs[handler.path.rpartition("/")[2]]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(blob)))
        handler.end_headers()
        for start in range(0, len(blob), piece):
            handler.wfile.write(blob[start:start + piece])
            time.sleep(seconds)
    return action


class Output(Pulled):
    def test_the_result_is_the_reference_with_its_digest(self):
        _, image, reference = self.serve_image()
        for _ in "first", "again":
            result = self.pull(reference)
            self.assertEqual(result.out, f"{reference}@{image.manifest.digest}\n")
        pinned = f"{reference.removesuffix(':1')}@{image.manifest.digest}"
        self.assertEqual(self.pull(pinned).out, f"{pinned}\n")

    def test_quiet_prints_the_digest_and_nothing_else(self):
        _, image, reference = self.serve_image()
        for option in "-q", "--quiet":
            result = self.pull(reference, option)
            self.assertEqual((result.out, result.err), (f"{image.manifest.digest}\n", ""))

    def test_json_describes_the_image(self):
        _, image, reference = self.serve_image()
        answer = json.loads(self.pull(reference, "--json").out)
        self.assertEqual((answer["ref"], answer["digest"]), (reference, image.manifest.digest))
        self.assertEqual(answer["platform"], {"os": "windows", "architecture": "amd64", "osVersion": image.os_version})
        paths = [rf"{self.root}\layers\{name}" for name in layer_names(image)]
        base, top = image.layers
        chain = [base.diff_id, oci.digest(f"{base.diff_id} {top.diff_id}".encode())]
        self.assertEqual(answer["layers"], [{"diffId": layer.diff_id, "chainId": chain_id, "digest": layer.digest,
                                             "mediaType": layer.media_type, "size": len(layer.data), "path": path}
                                            for layer, chain_id, path in zip(image.layers, chain, paths)])
        self.assertEqual((answer["topLayer"], answer["chainId"]), (paths[-1], chain[-1]))
        self.assertEqual(answer["size"], sum(len(layer.data) for layer in image.layers))
        self.assertEqual(answer["bytesFetched"], answer["size"] + len(image.config.data))

    def test_a_log_gets_a_line_at_the_start_and_end_of_each_layer(self):
        _, image, reference = self.serve_image()
        lines = self.pull(reference).err.splitlines()
        self.assertEqual(lines[:2], [f"wrun: resolving {reference}", f"wrun: {reference} is {image.manifest.digest}"])
        for blob in [image.config, *image.layers]:
            told = [line for line in lines if line.startswith(f"wrun: {blob.digest[7:19]}: download")]
            self.assertEqual([line.split()[2] for line in told], ["downloading", "downloaded"])
        for layer in image.layers:
            told = [line for line in lines if line.startswith(f"wrun: {layer.diff_id[7:19]}: ")]
            self.assertEqual([line.split()[2] for line in told], ["unpacking", "unpacked"])
        self.assertNotRegex("\n".join(lines), "[\x1b\r]")

    def test_progress_as_json_lines(self):
        _, image, reference = self.serve_image()
        result = self.pull(reference, "--progress", "json")
        self.assertEqual(result.out, f"{reference}@{image.manifest.digest}\n")
        events = [json.loads(line) for line in result.err.splitlines()]
        self.assertEqual([(event["event"], event["subject"], event.get("text")) for event in events[:2]],
                         [("resolve-started", reference, None), ("resolved", reference, image.manifest.digest)])
        self.assertEqual(events[-1]["event"], "summary")
        for blob in [image.config, *image.layers]:
            about = [event for event in events if event.get("subject") == blob.digest]
            self.assertIn(about[0]["event"], ("blob-planned", "blob-started"))
            self.assertEqual((about[-1]["event"], about[-1]["total"]), ("blob-done", len(blob.data)))
        for layer in image.layers:
            about = [event["event"] for event in events if event.get("subject") == layer.diff_id]
            self.assertEqual((about[0], about[-1]), ("layer-started", "layer-done"))

    def test_no_progress_on_request(self):
        reference = self.serve_image()[2]
        self.assertEqual(self.pull(reference, "--progress", "none").err, "")
        self.pull(reference, "--progress", "loud", code=2, says="'loud' is not one of auto, tty, plain, json, none")


class Terminal(Pulled):
    def on_terminal(self, columns, *arguments, environment=None):
        """The exit code, and what a terminal of that width gets to see."""
        terminal, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        run = runs.Run(self.host, [str(EXE), *arguments], extra=environment).start(stdin=end, stdout=end, stderr=end)
        os.close(end)
        seen = b""
        try:
            while piece := os.read(terminal, 65536):
                seen += piece
        except OSError:
            pass  # the other end is closed
        os.close(terminal)
        return run.wait(), seen.decode()

    def screens(self, seen):
        """The last line as it was whenever the cursor came back to its start; without the console's own escapes."""
        plain = re.sub("\x1b\\[[?0-9;]*[a-zA-Z]", "", seen)
        return [part for line in plain.split("\n") for part in line.split("\r")]

    def test_a_bar_is_drawn_again_and_again_in_one_line(self):
        registry, image, reference = self.serve_image(size=1_500_000)
        registry.fault(image.layers[1].digest, slowly(150_000, 0.12))
        for columns in 100, 40:
            with self.subTest(columns):
                self.store.clear()
                code, seen = self.on_terminal(columns, "pull", "--root", self.root, reference)
                self.assertEqual(code, 0, seen)
                bars = [part for part in self.screens(seen) if "[#" in part or "[." in part]
                self.assertGreater(len({bar for bar in bars if bar.startswith("pull [")}), 4, seen)
                self.assertLess(max(map(len, bars)), columns)
                filled = [bar.count("#") for bar in bars if bar.startswith("pull [") and "MB" in bar]
                self.assertEqual(filled, sorted(filled))
                self.check_complete(image)

    def test_the_bar_is_gone_before_the_result(self):
        _, image, reference = self.serve_image()
        code, seen = self.on_terminal(200, "pull", "--root", self.root, reference)
        self.assertEqual(code, 0, seen)
        last = [part for part in self.screens(seen) if part.strip()][-1]
        self.assertEqual(last, f"{reference}@{image.manifest.digest}")

    def test_ci_and_plain_get_no_bar(self):
        reference = self.serve_image()[2]
        for options, environment in ((["--progress", "plain"], {}), ([], {"WRUN_PROGRESS": "plain"}), ([], {"CI": "true"})):
            with self.subTest(options=options, environment=environment):
                self.store.clear()
                code, seen = self.on_terminal(200, "pull", "--root", self.root, *options, reference, environment=environment)
                self.assertEqual(code, 0, seen)
                self.assertNotIn("[#", seen)
                self.assertIn("unpacked", seen)


class Stored(Pulled):
    def test_the_layout_on_disk(self):
        _, image, reference = self.serve_image()
        self.pull(reference)
        self.assertEqual({path.name for path in self.store.root.iterdir()} - {"runs", "scratch", "names"},
                         {"blobs", "ingest", "layers", "locks", "refs", "tmp", "trash", "oci-layout", "VERSION"})
        self.assertEqual(self.store.names("runs") + self.store.names("scratch"), [])
        self.check_complete(image)
        blobs = [image.manifest, image.config, *image.layers]
        self.assertEqual(self.store.names("blobs/sha256"), sorted(blob.digest[7:] for blob in blobs))
        record, = self.store.references()
        self.assertEqual((record["reference"], record["digest"], record["mediaType"], record["size"]),
                         (reference, image.manifest.digest, oci.DOCKER_MANIFEST, len(image.manifest.data)))
        base, top = layer_names(image)
        self.assertEqual(self.store.names("layers"), sorted([base, top]))
        self.assertEqual((self.store.record(base)["diffId"], self.store.record(base)["parents"]), (image.layers[0].diff_id, []))
        self.assertEqual((self.store.record(top)["diffId"], self.store.record(top)["parents"]), (image.layers[1].diff_id, [base]))
        self.assertEqual(self.store.layer(base).joinpath("Files/License.txt").read_bytes(), b"license\r\n")

    def test_the_utility_vm_is_left_out(self):
        result = json.loads(self.pull(IMAGE, "--json").out)
        base = self.store.layer(result["layers"][0]["path"].rpartition("\\")[2])
        self.assertTrue(base.joinpath("Files/Windows").exists())
        self.assertFalse(base.joinpath("UtilityVM").exists())

    def test_a_second_pull_does_no_work(self):
        registry, image, reference = self.serve_image()
        self.pull(reference)
        registry.forget()
        before = len(self.journal())
        result = self.pull(reference)
        self.assertEqual([request.path for request in registry.requests], ["/v2/a/b/manifests/1"])
        self.assertEqual(self.layer_calls(before), [])
        self.assertNotIn("download", result.err)
        self.check_complete(image)

    def test_a_digest_that_is_there_needs_no_network(self):
        registry, image, reference = self.serve_image()
        self.pull(reference)
        pinned = f"{registry.address}/a/b@{image.manifest.digest}"
        self.pull(pinned)
        registry.close()
        before = len(self.journal())
        self.assertEqual(self.pull(pinned).out, f"{pinned}\n")
        self.assertEqual(self.layer_calls(before), [])
        self.pull(reference, code=7, says="hint: check that the registry is running")

    def test_a_moved_tag_fetches_what_is_new(self):
        registry, image, reference = self.serve_image()
        self.pull(reference)
        newer = make_image(size=1000, seed=5)
        registry.put_image("a/b", newer, "1")
        registry.forget()
        before = len(self.journal())
        self.pull(reference)
        self.check_complete(newer)
        self.assertEqual(registry.seen(image.layers[0].digest), [])
        self.assertEqual(self.layer_calls(before), ["ImportLayer"])
        self.assertEqual([record["digest"] for record in self.store.references()], [newer.manifest.digest])

    def test_two_at_once_share_the_work(self):
        registry, image, reference = self.serve_image(size=1_000_000)
        registry.fault(image.layers[1].digest, slowly(250_000, 0.1))
        before = len(self.journal())
        pulls = [self.start("pull", "--root", self.root, reference) for _ in range(2)]
        for run in pulls:
            result = self.finish(run)
            self.assertEqual((result.code, result.out), (0, f"{reference}@{image.manifest.digest}\n"), result)
        self.check_store()
        self.check_complete(image)
        for blob in [image.config, *image.layers]:
            self.assertEqual(len(registry.seen(blob.digest)), 1)
        self.assertEqual(self.layer_calls(before), ["ProcessBaseImage", "ImportLayer"])

    def test_a_dry_run_makes_the_store_as_private_as_a_pull(self):
        reference = self.serve_image()[2]
        self.pull(reference)
        folders = ["", "layers", "locks", "tmp"]
        modes = [self.store.root.joinpath(name).stat().st_mode for name in folders]
        self.assertNotEqual(modes[0], self.drive("d").stat().st_mode)
        self.store.clear()
        self.ok("run", "--root", self.root, "--dry-run", reference, "cmd")
        self.assertEqual([self.store.root.joinpath(name).stat().st_mode for name in folders], modes)
        self.assertEqual((self.store.names("layers"), self.store.names("refs")), ([], []))


class Platform(Pulled):
    def serve_index(self, *images):
        registry = self.serve()
        registry.put_index("a/b", "1", oci.index(images), images)
        return registry, f"{registry.address}/a/b:1"

    def check_not_for_this_host(self, images, says, hint):
        registry, reference = self.serve_index(*images)
        for command, code in (["pull"], 8), (["run"], 125), (["run", "--dry-run"], 125):
            self.refused(code, *command, "--root", self.root, reference, says=[*says, hint])
        self.assertEqual(registry.seen("/blobs/"), [])
        self.assertEqual((self.store.references(), self.store.names("layers")), ([], []))
        return registry

    def test_what_is_there_is_told_before_a_layer_is_fetched(self):
        linux = oci.Image(make_image().layers, os="linux")
        arm = oci.Image(make_image().layers, architecture="arm64", os_version="10.0.20348.1")
        newer, older = make_image(os_version="10.0.26100.1742"), make_image(os_version="10.0.17763.5458")
        mine = "no image for windows/amd64 10.0.20348"
        build = "hint: pick a tag whose Windows build fits this host"
        for images, shown, hint in (
                ([linux], ["linux/amd64 (not a Windows image)"], "hint: pick an image that is made for Windows"),
                ([newer], ["windows/amd64 10.0.26100.1742 (too new)"], build),
                ([linux, older, newer],
                 ["linux/amd64", "windows/amd64 10.0.17763.5458 (", "windows/amd64 10.0.26100.1742 ("], build),
                ([arm], ["windows/arm64 10.0.20348.1 ("], build)):
            with self.subTest(shown):
                self.check_not_for_this_host(images, [mine, *shown], hint)

    def test_an_image_without_an_index_is_judged_by_its_configuration(self):
        registry, newer = self.serve(), make_image(os_version="10.0.26100.1")
        registry.put_image("a/b", newer, "1")
        self.pull(f"{registry.address}/a/b:1", code=8, says="10.0.26100.1 (too new)")
        self.assertEqual([request.path.rpartition("/")[2] for request in registry.seen("/blobs/")], [newer.config.digest])

    def test_the_newest_image_of_the_own_build_is_taken(self):
        self.assertEqual(json.loads(self.pull(IMAGE, "--json").out)["platform"]["osVersion"], "10.0.20348.2322")


class OnBuild:
    """The demo image on another Windows."""
    expected = None

    def test_the_demo_image_has_an_entry_for_it(self):
        answer = json.loads(self.pull(IMAGE, "--json").out)
        self.assertEqual(answer["platform"]["osVersion"], self.expected)
        result = self.run_image("--root", self.root, IMAGE)
        self.assertEqual((result.code, result.out), (0, "hello from the image\n"), result)

    def test_an_image_of_a_later_build_is_too_new(self):
        registry, image = self.serve(), make_image(os_version=f"10.0.{self.build + 1}.1")
        registry.put_index("a/b", "1", oci.index([image]), [image])
        self.pull(f"{registry.address}/a/b:1", code=8, says=[f"10.0.{self.build + 1}.1 (too new)", f"10.0.{self.build}"])


class On17763(OnBuild, Pulled):
    build, expected = 17763, "10.0.17763.5458"


class On26100(OnBuild, Pulled):
    build, expected = 26100, "10.0.26100.1742"


if __name__ == "__main__":
    unittest.main()
