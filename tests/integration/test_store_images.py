# SPDX-License-Identifier: MIT
"""wrun images and wrun tag: what a store has, as people and programs see it."""
import json
import subprocess

from pulling import INTEGRITY, NOT_FOUND, UNSUPPORTED, USAGE, WRUN, FaultTestCase, make_image, oci


class StoreTestCase(FaultTestCase):
    def wrun(self, *arguments, code=0, timeout=60):
        command = [WRUN, arguments[0], "--root", str(self.store.root), *arguments[1:]]
        done = subprocess.run(command, capture_output=True, timeout=timeout, env=self.environment(), check=False)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, **more):
        return json.loads(self.wrun(*arguments, "--json", **more).stdout)

    def rows(self, *arguments):
        """The table's rows as lists, its first row apart."""
        lines = self.wrun(*arguments).stdout.splitlines()
        starts = [i for i, c in enumerate(lines[0]) if c != " " and (i == 0 or lines[0][i - 2:i] == "  ")]
        cut = [[line[a:b].strip() for a, b in zip(starts, starts[1:] + [None])] for line in lines]
        return cut[0], cut[1:]

    def put(self, repository, tag, **more):
        image = make_image(**more)
        self.registry.put_image(repository, image, tag)
        reference = f"{self.registry.address}/{repository}:{tag}"
        self.pull(reference)
        return image, reference


class ImagesTest(StoreTestCase):
    def test_a_store_that_is_not_there_has_none_and_is_not_made(self):
        self.assertEqual(self.json("images"), [])
        self.assertFalse(self.store.root.exists())

    def test_table(self):
        self.pull(self.reference)
        titles, rows = self.rows("images")
        self.assertEqual(titles, ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "PLATFORM"])
        size = sum(len(blob.data) for blob in [*self.image.layers, self.image.config, self.image.manifest])
        self.assertEqual(rows, [[f"{self.registry.address}/a/b", "1", self.image.manifest.digest[7:19],
                                 "2026-01-01 00:00:00", f"{size / 1000:.1f} kB",
                                 "windows/amd64 10.0.20348.2322"]])

    def test_digests_in_full(self):
        index = oci.index([self.image])
        self.registry.put_index("a/b", "2", index, [self.image])
        self.pull(f"{self.registry.address}/a/b:2")
        titles, rows = self.rows("images", "--digests", "--no-trunc")
        self.assertEqual(titles[2:4], ["DIGEST", "IMAGE ID"])
        self.assertEqual(rows[0][2:4], [index.digest, self.image.manifest.digest])

    def test_json(self):
        self.pull(self.reference)
        (image,) = self.json("images")
        fetched = image.pop("fetched")
        self.assertRegex(fetched, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(image, {
            "digest": self.image.manifest.digest, "references": [self.reference],
            "mediaType": oci.DOCKER_MANIFEST, "configDigest": self.image.config.digest,
            "created": "2026-01-01T00:00:00Z", "layers": 2,
            "size": sum(len(blob.data) for blob in [*self.image.layers, self.image.config, self.image.manifest]),
            "platform": {"os": "windows", "architecture": "amd64", "osVersion": "10.0.20348.2322"}})

    def test_selection(self):
        self.pull(self.reference)
        _, other = self.put("c/d", "2", size=10_000)
        for pattern, expected in [("*/a/b", [self.reference]), ("*:2", [other]), ("*", [self.reference, other]),
                                  (self.reference, [self.reference]), ("nothing", [])]:
            found = [name for image in self.json("images", pattern) for name in image["references"]]
            self.assertEqual(found, expected, pattern)

    def test_quiet_names_each_image_once(self):
        self.pull(self.reference)
        self.wrun("tag", self.reference, "again:1")
        self.assertEqual(self.wrun("images", "-q").stdout, self.image.manifest.digest[7:19] + "\n")
        self.assertEqual(self.wrun("images", "-q", "--no-trunc").stdout, self.image.manifest.digest + "\n")

    def test_damage_is_listed(self):
        self.pull(self.reference)
        _, other = self.put("c/d", "2", size=10_000)
        self.store.path(self.image.manifest.digest).write_bytes(b"{}")
        record = self.store.root / "refs" / ("0" * 64 + ".json")
        record.write_text("{")
        done = self.wrun("images")
        self.check_says(done, f"{self.reference} is damaged (", "'wrun rmi' removes it", "0" * 64)
        _, rows = self.rows("images")
        self.assertEqual([row[-1] for row in rows], ["damaged", "windows/amd64 10.0.20348.2322", "damaged"])
        images = self.json("images")
        self.assertIn("hashes to", images[0]["damage"])
        self.assertEqual(images[1]["references"], [other])
        self.assertEqual((images[2]["record"], images[2]["references"]), ("0" * 64, []))

    def test_the_store_of_a_newer_wrun(self):
        self.pull(self.reference)
        self.assertEqual((self.store.root / "oci-layout").read_text(), '{"imageLayoutVersion":"1.0.0"}\n')
        (self.store.root / "VERSION").write_text("2\n")
        for command in ["images"], ["tag", self.reference, "x:1"], ["pull", self.reference]:
            self.check_says(self.wrun(*command, code=UNSUPPORTED), "has format 2; this wrun knows formats up to 1",
                            "hint: use the newer wrun")


    def test_a_store_that_is_a_file(self):
        self.store.root.write_text("x")
        for command in ["images"], ["df"], ["pull", self.reference]:
            self.check_says(self.wrun(*command, code=USAGE), f"the store '{self.store.root}' is a file", "hint: name")

    def test_what_is_too_much(self):
        self.check_says(self.wrun("df", "extra", code=USAGE), "unexpected argument 'extra'", "hint: usage: wrun df\n")


class TagTest(StoreTestCase):
    def setUp(self):
        super().setUp()
        self.pull(self.reference)

    def test_a_second_name(self):
        self.assertEqual(self.wrun("tag", self.reference, "mine").stdout, "")
        (image,) = self.json("images")
        self.assertEqual(image["references"], [self.reference, "docker.io/library/mine:latest"])

    def test_by_digest_and_its_beginning(self):
        digest = self.image.manifest.digest
        for i, name in enumerate([digest, digest[7:], digest[7:19], self.image.config.digest,
                                  f"{self.registry.address}/a/b@{digest}"]):
            self.wrun("tag", name, f"mine:{i}")
        self.assertEqual(len(self.json("images")[0]["references"]), 6)

    def test_a_name_moves(self):
        other, reference = self.put("c/d", "2", size=10_000)
        self.wrun("tag", self.reference, "mine")
        self.wrun("tag", reference, "mine")
        self.assertEqual(self.json("images", "mine")[0]["digest"], other.manifest.digest)

    def test_refusals(self):
        for arguments, code, text in [
                (["nothing:1", "mine"], NOT_FOUND, "'nothing:1' is not in the store"),
                (["A", "mine"], USAGE, "A"),
                ([self.reference, "Mine"], USAGE, "Mine"),
                ([self.reference, "mine@" + self.image.manifest.digest], USAGE, "cannot stand for another image"),
                ([self.reference], USAGE, "an argument is missing")]:
            self.check_says(self.wrun("tag", *arguments, code=code), text)
        self.store.path(self.image.config.digest).unlink()
        self.check_says(self.wrun("tag", self.reference, "mine", code=INTEGRITY), "is damaged", "pull it again")
        self.assertEqual(len(self.store.references()), 1)
