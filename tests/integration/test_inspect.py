# SPDX-License-Identifier: MIT
"""`wrun inspect` and `wrun match`: what is told of an image and of the entries of its index."""
import json
import subprocess

import pulling
from fault_registry import answers
from pulling import NO_IMAGE, NOT_FOUND, REGISTRY, USAGE, WRUN, make_image, oci

SERVER_2022 = "windows/amd64:10.0.20348.3000"
BUILDS = ["10.0.17763.5458", "10.0.20348.405", "10.0.20348.2322", "10.0.26100.1742"]


class InspectTestCase(pulling.FaultTestCase):
    def setUp(self):
        super().setUp()
        self.images = [make_image(version, layers=number) for number, version in enumerate(BUILDS, 1)]
        attestation = oci.Blob(b"{}", oci.DOCKER_MANIFEST).descriptor(
            platform={"os": "unknown", "architecture": "unknown"})
        linux = make_image(None, os="linux")
        self.index = oci.index([*self.images, linux], [attestation])
        self.registry.put_index("a/b", "all", self.index, self.images)
        self.all = f"{self.registry.address}/a/b:all"
        self.registry.forget()

    def wrun(self, verb, *arguments, code=0):
        done = subprocess.run([WRUN, verb, "--root", str(self.store.root), *arguments], capture_output=True,
                              text=True, timeout=60, env=self.environment(), check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def describe(self, *arguments, code=0):
        return json.loads(self.wrun("inspect", "--json", *arguments, code=code).stdout)

    def verdicts(self, document):
        """Build, process, Hyper-V, chosen of each candidate."""
        def word(verdict):
            return verdict and (True if verdict["accepted"] else verdict["reason"])
        return [(each["platform"].get("osVersion", each["platform"]["os"]), word(each.get("process")),
                 word(each.get("hyperv")), each["chosen"]) for each in document["candidates"]]


class Inspect(InspectTestCase):
    def test_the_registry_is_asked_for_documents_only(self):
        document = self.describe("--platform", SERVER_2022, self.all)
        image = self.images[2]
        self.assertEqual(document["ref"], self.all)
        self.assertEqual(document["digest"], image.manifest.digest)
        self.assertEqual(document["indexDigest"], self.index.digest)
        self.assertEqual(document["platform"], {"os": "windows", "architecture": "amd64", "osVersion": BUILDS[2]})
        self.assertEqual(document["size"], sum(len(layer.data) for layer in image.layers))
        self.assertEqual(document["config"], {"Cmd": ["cmd"]})
        self.assertNotIn("fetched", document)
        chain = None
        for told, layer in zip(document["layers"], image.layers, strict=True):
            chain = layer.diff_id if chain is None else oci.digest(f"{chain} {layer.diff_id}".encode())
            self.assertEqual(told, {"diffId": layer.diff_id, "chainId": chain, "digest": layer.digest,
                                    "mediaType": layer.media_type, "size": len(layer.data)})
        self.assertEqual(document["chainId"], chain)
        paths = [request.path for request in self.registry.requests]
        self.assertEqual(paths, ["/v2/a/b/manifests/all", f"/v2/a/b/manifests/{image.manifest.digest}",
                                 f"/v2/a/b/blobs/{image.config.digest}"])
        self.assertEqual(self.store.references(), [])

    def test_every_candidate_has_a_verdict(self):
        document = self.describe("--platform", SERVER_2022, self.all)
        self.assertEqual(self.verdicts(document), [
            (BUILDS[0], "too old", True, False), (BUILDS[1], True, True, False), (BUILDS[2], True, True, True),
            (BUILDS[3], "too new", "too new", False),
            ("linux", "not a Windows image", "not a Windows image", False), ("unknown", None, None, False)])
        self.assertEqual([each["digest"] for each in document["candidates"][:4]],
                         [image.manifest.digest for image in self.images])

    def test_what_is_stored_needs_no_registry(self):
        self.pull(self.all, "--platform", SERVER_2022)
        self.registry.fault("/v2/", answers.status(500))
        self.registry.forget()
        document = self.describe("--platform", SERVER_2022, self.all)
        self.assertEqual(self.registry.requests, [])
        self.assertEqual(document["digest"], self.images[2].manifest.digest)
        self.assertEqual(len(document["candidates"]), 6)
        self.assertRegex(document["fetched"], r"^\d{4}-\d\d-\d\dT")

    def test_remote_asks_again(self):
        self.pull(self.reference)
        newer = make_image("10.0.20348.9999", layers=1)
        self.registry.put_image("a/b", newer, "1")
        self.assertEqual(self.describe(self.reference)["digest"], self.image.manifest.digest)
        self.assertEqual(self.describe("--remote", self.reference)["digest"], newer.manifest.digest)
        self.assertEqual(self.describe(self.reference)["digest"], self.image.manifest.digest)

    def test_an_index_without_an_image_for_the_host(self):
        done = self.wrun("inspect", "--json", "--platform", "windows/amd64:10.0.14393.1", self.all, code=NO_IMAGE)
        document = json.loads(done.stdout)
        self.assertEqual(sorted(document), ["candidates", "indexDigest", "ref"])
        self.assertEqual({chosen for *_, chosen in self.verdicts(document)}, {False})
        error = json.loads(done.stderr)["error"]
        self.assertEqual(error["kind"], "mismatch")
        self.assertIn("no image for windows/amd64 10.0.14393", error["message"])

    def test_an_image_alone_is_described_whatever_it_is(self):
        linux = make_image(None, os="linux", layers=1)
        self.registry.put_image("a/b", linux, "linux")
        document = self.describe(f"{self.registry.address}/a/b:linux")
        self.assertEqual(document["platform"], {"os": "linux", "architecture": "amd64"})
        self.assertEqual(self.verdicts(document), [("linux", "not a Windows image", "not a Windows image", False)])

    def test_for_people(self):
        done = self.wrun("inspect", "--platform", SERVER_2022, self.all, self.reference)
        self.assertEqual(done.stderr, "")
        self.assertRegex(done.stdout, rf"(?m)^digest +{self.images[2].manifest.digest}$")
        self.assertRegex(done.stdout, rf"(?m)^digest +{self.image.manifest.digest}$")
        self.assertRegex(done.stdout, r"(?m)^windows/amd64 10\.0\.17763\.5458 +too old +fits +sha256:")
        self.assertRegex(done.stdout, r"(?m)^windows/amd64 10\.0\.20348\.2322 +chosen +fits +sha256:")
        self.assertRegex(done.stdout, r"(?m)^unknown/unknown +not an image +not an image +sha256:")

    def test_mistakes(self):
        self.wrun("inspect", code=USAGE)
        self.wrun("inspect", "--isolation", "both", self.all, code=USAGE)
        self.wrun("inspect", "--platform", "linux/amd64", self.all, code=USAGE)
        self.wrun("inspect", "Not A Name", code=USAGE)
        self.wrun("inspect", f"{self.registry.address}/a/b:none", code=NOT_FOUND)

    def test_hostile_text_stays_text(self):
        image = oci.Image(self.image.layers, {"Env": ["A=\x1b[2J"], "Labels": {"\x07": "\x9b1m"}},
                          os_version=BUILDS[2])
        self.registry.put_image("a/b", image, "evil")
        done = self.wrun("inspect", f"{self.registry.address}/a/b:evil")
        self.assertNotIn("\x1b", done.stdout)
        self.assertNotIn("\x07", done.stdout)
        self.assertIn("A=?[2J", done.stdout)
        self.assertEqual(self.describe(f"{self.registry.address}/a/b:evil")["config"]["Env"], ["A=\x1b[2J"])


class Match(InspectTestCase):
    def test_the_table(self):
        done = self.wrun("match", "--platform", SERVER_2022, self.all)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], f"{self.all} for windows/amd64 10.0.20348 (process isolation)")
        self.assertEqual(lines[2].split(), ["PLATFORM", "PROCESS", "HYPER-V", "DIGEST"])
        self.assertEqual(len(lines), 9)
        self.assertEqual(done.stderr, "")

    def test_isolation_decides(self):
        arguments = ["--platform", "windows/amd64:10.0.19045.1", self.all, "--json"]
        for isolation, code, chosen in (("process", NO_IMAGE, None), ("hyperv", 0, BUILDS[0])):
            document = json.loads(self.wrun("match", "--isolation", isolation, *arguments, code=code).stdout)
            self.assertEqual(document["host"], {"os": "windows", "architecture": "amd64",
                                                "osVersion": "10.0.19045.1", "isolation": isolation})
            picked = [build for build, _, _, is_chosen in self.verdicts(document) if is_chosen]
            self.assertEqual(picked, [chosen] if chosen else [])

    def test_without_an_index(self):
        self.wrun("match", "--platform", SERVER_2022, self.reference)
        self.wrun("match", "--platform", "windows/amd64:10.0.17763.1", self.reference, code=NO_IMAGE)


class Pull(InspectTestCase):
    def test_a_pull_tells_every_candidate(self):
        done = self.pull(self.all, "--platform", SERVER_2022, "--progress", "plain")
        self.check_says(done, f"wrun: windows/amd64 {BUILDS[0]}: too old\n", f"wrun: windows/amd64 {BUILDS[1]}: fits\n",
                        f"wrun: windows/amd64 {BUILDS[2]}: chosen\n", f"wrun: windows/amd64 {BUILDS[3]}: too new\n",
                        "wrun: linux/amd64: not a Windows image\n", "wrun: unknown/unknown: not an image\n")
        self.assertEqual(self.pull(self.all, "--platform", SERVER_2022, "--progress", "plain", "-q").stderr, "")

    def test_for_hyperv_an_older_image_will_do(self):
        options = ["--platform", "windows/amd64:10.0.19045.1"]
        self.pull(self.all, *options, code=NO_IMAGE)
        self.assertEqual(self.pull_json(self.all, *options, "--isolation", "hyperv")["digest"],
                         self.images[0].manifest.digest)

    def test_bytes_that_were_fetched(self):
        first = self.pull_json(self.reference)
        expected = sum(len(blob.data) for blob in [*self.image.layers, self.image.config])
        self.assertEqual(first["bytesFetched"], expected)
        self.assertEqual(self.pull_json(self.reference)["bytesFetched"], 0)


class Warnings(pulling.FaultTestCase):
    def warn(self, text):
        def action(handler):
            original = handler.end_headers

            def end_headers():
                handler.send_header("Warning", text)
                original()
            handler.end_headers = end_headers
            return False
        self.registry.fault("/v2/", action)

    def test_each_is_told_once_and_without_escapes(self):
        self.warn('299 - "this image is deprecated", 299 - "use \\"c/d\\""')
        done = self.pull(self.reference)
        self.assertEqual(done.stderr, "wrun: warning: 127.0.0.1 says: this image is deprecated\n"
                                      "wrun: warning: 127.0.0.1 says: use \"c/d\"\n")

    def test_what_is_malformed_is_not_told(self):
        self.warn('299 - deprecated')
        self.assertEqual(self.pull(self.reference).stderr, "")

    def test_a_flood_is_stopped(self):
        self.warn(", ".join(f'299 - "{number:0500}"' for number in range(20)))
        self.assertEqual(len(self.pull(self.reference).stderr.splitlines()), 8)


class Refusals(pulling.FaultTestCase):
    def test_no_access_may_mean_not_found(self):
        self.registry.fault("/manifests/", answers.error(403, "DENIED", "requested access is denied"))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "not found, or no access", "status 403", "DENIED: requested access is denied")
