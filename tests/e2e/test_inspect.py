# SPDX-License-Identifier: MIT
"""`wrun inspect` and `wrun match` where the host itself decides what fits."""
import json

from pulled import NO_IMAGE, Pulled, make_image, oci

# The machine is a Server 2022 (10.0.20348).
BUILDS = ["10.0.17763.5458", "10.0.20348.405", "10.0.20348.2322", "10.0.26100.1742"]


class Inspect(Pulled):
    def setUp(self):
        super().setUp()
        self.registry = self.serve()
        self.images = [make_image(seed=number, os_version=version) for number, version in enumerate(BUILDS)]
        self.index = oci.index(self.images)
        self.registry.put_index("a/b", "all", self.index, self.images)
        self.reference = f"{self.registry.address}/a/b:all"

    def ask(self, verb, *options, code=0):
        result = self.wrun(verb, "--root", self.root, *options, self.reference)
        self.assertEqual(result.code, code, result)
        return result

    def test_the_host_is_known(self):
        document = json.loads(self.ask("match", "--json").out)
        self.assertEqual((document["host"]["os"], document["host"]["isolation"]), ("windows", "process"))
        self.assertRegex(document["host"]["osVersion"], r"^10\.0\.20348(\.\d+)?$")
        reasons = [(each["process"].get("reason"), each["hyperv"].get("reason")) for each in document["candidates"]]
        self.assertEqual(reasons, [("too old", None), (None, None), (None, None), ("too new", "too new")])
        chosen, = [each for each in document["candidates"] if each["chosen"]]
        self.assertIn(chosen["platform"]["osVersion"], BUILDS[1:3])
        # Neither anything of the image nor of its layers has come.
        self.assertEqual(self.store.references(), [])
        self.assertEqual(self.store.names("layers"), [])

    def test_described_before_and_after_the_pull(self):
        before = json.loads(self.ask("inspect", "--json").out)
        result = self.pull(self.reference, "--json")
        self.assertIn(f"wrun: windows/amd64 {BUILDS[0]}: too old\n", result.err)
        self.assertIn(": chosen\n", result.err)
        pulled = json.loads(result.out)
        self.registry.close()
        after = json.loads(self.ask("inspect", "--json").out)
        self.assertIsNotNone(after.pop("fetched"))
        self.assertEqual(after, before)
        for name in "ref", "digest", "platform", "size", "chainId", "config":
            self.assertEqual(pulled[name], after[name])

    def test_nothing_for_this_host(self):
        self.registry.put_index("a/b", "new", oci.index(self.images[3:]), self.images[3:])
        self.reference = self.reference.replace(":all", ":new")
        for verb in "inspect", "match":
            result = self.ask(verb, code=NO_IMAGE)
            self.assertRegex(result.out, r"windows/amd64 10\.0\.26100\.1742 +too new +too new +sha256:")
            self.assertIn("no image for windows/amd64 10.0.20348 (process isolation)", result.err)
