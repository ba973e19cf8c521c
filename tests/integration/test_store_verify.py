# SPDX-License-Identifier: MIT
"""wrun verify: damage is found, named, and mended where a registry still has the content."""
import fault_registry as faults
from pulling import INTEGRITY, NOT_FOUND, noise_layer, oci
from test_store_removal import RemovalTestCase, needs, total


class VerifyTestCase(RemovalTestCase):
    def damage(self, blob):
        """One bit, so that the size stays."""
        path = self.store.path(blob.digest)
        path.write_bytes(bytes([blob.data[0] ^ 1]) + blob.data[1:])

    def parts(self):
        return [*self.image.layers, self.image.config, self.image.manifest]


class FindingTest(VerifyTestCase):
    def test_a_sound_store(self):
        done = self.wrun("verify")
        self.assertEqual(done.stdout, f"4 blobs, {total(self.image) / 1000:.1f} kB: all sound\n")
        self.assertEqual(self.json("verify"), {"blobs": 4, "size": total(self.image), "problems": [], "damagedRecords": []})

    def test_no_store(self):
        self.store.root = self.store.root / "nowhere"
        self.assertEqual(self.wrun("verify").stdout, "0 blobs, 0 B: all sound\n")
        self.assertFalse(self.store.root.exists())

    def test_every_kind_of_damage_is_named(self):
        for blob in self.parts():
            self.damage(blob)
            done = self.wrun("verify", code=INTEGRITY)
            self.assertEqual(done.stdout, f"damaged: {blob.digest} (needed by {self.reference})\n")
            self.check_says(done, "damaged or missing", "hint: 'wrun verify --repair' fetches blobs again")
            self.store.path(blob.digest).write_bytes(blob.data)

    def test_missing_and_cut_and_grown(self):
        first, second = self.image.layers
        self.store.path(first.digest).unlink()
        self.store.path(second.digest).write_bytes(second.data + b"!")
        self.store.path(self.image.config.digest).write_bytes(b"")
        answer = self.json("verify", code=INTEGRITY)
        self.assertEqual({item["blob"]: item["state"] for item in answer["problems"]}, {
            first.digest: "missing", second.digest: "damaged", self.image.config.digest: "damaged"})
        self.assertTrue(all(item["neededBy"] == [self.reference] for item in answer["problems"]))

    def test_what_nothing_needs(self):
        digest = self.orphan()
        self.store.path(digest).write_bytes(b"else")
        done = self.wrun("verify", code=INTEGRITY)
        self.assertEqual(done.stdout, f"damaged: {digest} (needed by nothing)\n")

    def test_some_images_only(self):
        other, reference = self.put_sharing()
        self.damage(other.layers[1])
        self.assertEqual(self.json("verify", self.reference)["blobs"], 4)
        self.assertEqual(self.json("verify", reference, code=INTEGRITY)["problems"][0]["neededBy"], [reference])
        self.wrun("verify", "not/there:1", code=NOT_FOUND)

    def test_all_that_need_it(self):
        _, reference = self.put_sharing()
        self.damage(self.image.layers[0])
        answer = self.json("verify", code=INTEGRITY)
        self.assertEqual(answer["problems"], [{"blob": self.image.layers[0].digest, "state": "damaged",
                                               "neededBy": [self.reference, reference]}])

    def test_records(self):
        (self.store.root / "refs" / ("ab" * 32 + ".json")).write_text("{")
        done = self.wrun("verify", code=INTEGRITY)
        self.assertEqual(done.stdout, f"damaged: the record of an image, {'ab' * 32}\n")
        self.wrun("verify", "--repair", code=INTEGRITY)
        self.wrun("verify", self.reference)

    def test_quiet(self):
        self.damage(self.image.config)
        self.assertEqual(self.wrun("verify", "-q", code=INTEGRITY).stdout, "")


class RepairTest(VerifyTestCase):
    def repaired(self, *arguments):
        answer = self.json("verify", "--repair", *arguments)
        self.check_store()
        self.check_stored(self.image)
        return {item["blob"]: item["state"] for item in answer["problems"]}

    def test_each_part(self):
        for blob in self.parts():
            self.damage(blob)
            self.assertEqual(self.repaired()[blob.digest], "repaired")
            self.store.path(blob.digest).unlink()
            self.assertEqual(self.repaired()[blob.digest], "repaired")
        self.assertEqual([record["reference"] for record in self.store.references()], [self.reference])

    def test_everything_at_once(self):
        for blob in self.parts():
            self.damage(blob)
        self.assertEqual(self.repaired(), {blob.digest: "repaired" for blob in self.parts()})

    def test_only_what_is_damaged_is_fetched(self):
        self.registry.requests.clear()
        self.damage(self.image.layers[1])
        self.repaired()
        self.assertEqual(self.registry.seen(self.image.layers[0].digest), [])
        self.assertEqual(len(self.registry.seen(self.image.layers[1].digest)), 1)

    def test_the_tag_has_moved_on(self):
        newer = oci.Image([noise_layer(2000)], os_version="10.0.20348.2322")
        self.registry.put_image("a/b", newer, "1")
        self.damage(self.image.layers[0])
        self.repaired()
        self.assertEqual(self.store.references()[0]["digest"], self.image.manifest.digest)

    def test_the_index(self):
        index = oci.index([self.image])
        self.registry.put_index("a/b", "2", index, [self.image])
        self.pull(f"{self.registry.address}/a/b:2")
        self.damage(index)
        self.assertEqual(self.repaired(), {index.digest: "repaired"})
        self.assertEqual(self.store.path(index.digest).read_bytes(), index.data)

    def test_from_another_reference(self):
        """The first reference's registry has lost it; the second has it."""
        other = self.start()
        other.put_image("z/z", self.image, "1")
        self.pull(f"{other.address}/z/z:1")
        self.registry.manifests.clear()
        self.registry.blobs.clear()
        self.damage(self.image.layers[0])
        self.assertEqual(self.repaired(), {self.image.layers[0].digest: "repaired"})

    def test_nobody_has_it(self):
        del self.registry.blobs[self.image.layers[0].digest]
        self.damage(self.image.layers[0])
        done = self.wrun("verify", "--repair", code=INTEGRITY)
        self.assertEqual(done.stdout, f"missing: {self.image.layers[0].digest} (needed by {self.reference})\n")
        self.check_says(done, f"cannot mend {self.reference}", "hint: pull the images again")

    def test_the_registry_is_down(self):
        self.registry.fault("/", faults.error(404, "NAME_UNKNOWN"))
        self.damage(self.image.config)
        self.check_says(self.wrun("verify", "--repair", code=INTEGRITY), f"cannot mend {self.reference}")

    def test_what_nothing_needs_is_removed(self):
        digest = self.orphan()
        self.store.path(digest).write_bytes(b"else")
        done = self.wrun("verify", "--repair")
        self.assertEqual(done.stdout.splitlines()[0], f"removed: {digest} (needed by nothing)")
        self.assertEqual(set(self.store.blobs()), needs(self.image))

    def test_damage_beside_an_image_that_cannot_be_mended_stays(self):
        """Whether the lost manifest needs the damaged layers, nobody knows."""
        self.registry.manifests.clear()
        for blob in self.image.manifest, *self.image.layers:
            self.damage(blob)
        self.wrun("verify", "--repair", code=INTEGRITY)
        for layer in self.image.layers:
            self.assertTrue(self.store.has(layer))

    def test_an_image_for_another_platform(self):
        image = oci.Image([noise_layer(1500)], os_version="10.0.14393.1", architecture="arm64")
        self.registry.put_image("c/d", image, "1")
        reference = f"{self.registry.address}/c/d:1"
        self.pull(reference, "--platform", "windows/arm64:10.0.14393.1")
        self.damage(image.layers[0])
        self.assertEqual(self.repaired(), {image.layers[0].digest: "repaired"})
