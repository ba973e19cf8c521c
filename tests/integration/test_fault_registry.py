# SPDX-License-Identifier: MIT
"""The registry of the tests itself: what it serves by ranges, and that it counts what it sends."""
import http.client
import unittest

import fault_registry as faults
from pulling import make_image

BLOB = bytes(range(256)) * 1000


class FaultRegistryTest(unittest.TestCase):
    def setUp(self):
        self.registry = faults.FaultRegistry()
        self.addCleanup(self.registry.close)
        self.image = make_image()
        self.registry.put_image("a/b", self.image, "1")
        self.registry.blobs["sha256:b"] = BLOB

    def get(self, range_=None):
        connection = http.client.HTTPConnection(self.registry.address, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", "/v2/a/b/blobs/sha256:b", headers={"Range": range_} if range_ else {})
        return connection.getresponse()

    def part(self, range_=None):
        answer = self.get(range_)
        return answer.status, answer.getheader("Content-Range"), answer.read()

    def test_whole_and_parts(self):
        self.assertEqual(self.part(), (200, None, BLOB))
        self.assertEqual(self.part("bytes=0-0"), (206, "bytes 0-0/256000", b"\0"))
        self.assertEqual(self.part("bytes=255000-255999"), (206, "bytes 255000-255999/256000", BLOB[255000:]))
        self.assertEqual(self.part("bytes=255999-999999"), (206, "bytes 255999-255999/256000", b"\xff"))
        self.assertEqual(self.part("bytes=256000-256001"), (416, "bytes */256000", b""))
        self.assertEqual(self.part("bytes=5-"), (200, None, BLOB))
        self.assertEqual(self.registry.served("/blobs/"), 2 * len(BLOB) + 1 + 1000 + 1)

    def test_one_bit(self):
        self.registry.fault("/blobs/", faults.flipped(700))
        self.assertEqual(self.part("bytes=699-701")[2], bytes([BLOB[699], BLOB[700] ^ 1, BLOB[701]]))

    def test_cuts(self):
        for fault, error in ((faults.truncated(1000), http.client.IncompleteRead), (faults.reset(1000), ConnectionError),
                             (faults.chunked(end=False), http.client.IncompleteRead)):
            with self.subTest(error):
                self.registry.fault("/blobs/", fault, times=1)
                with self.assertRaises(error):
                    self.part()
        self.assertEqual([r.sent for r in self.registry.requests], [1000, 1000, len(BLOB)])
        self.registry.fault("/blobs/", faults.cut_at_multiples(100), when=lambda request: request.range)
        with self.assertRaises(http.client.IncompleteRead) as caught:
            self.part("bytes=350-999")
        self.assertEqual(caught.exception.partial, BLOB[350:400])
        self.assertEqual(len(self.part("bytes=350-399")[2]), 50)

    def test_parts_that_are_not_what_was_asked_for(self):
        for fault, answer in ((faults.ranges_ignored, (200, None, BLOB)),
                              (faults.from_elsewhere(5), (206, "bytes 15-25/256000", BLOB[15:26])),
                              (faults.under_false_name, (206, "bytes 10-20/256000", BLOB[4106:4117])),
                              (faults.short_range(3), (206, "bytes 10-12/256000", BLOB[10:13])),
                              (faults.wrong_total(1), (206, "bytes 10-20/256001", BLOB[10:21])),
                              (faults.unlabelled_range(), (206, None, BLOB[10:21]))):
            with self.subTest(answer[1]):
                self.registry.fault("/blobs/", fault, times=1)
                self.assertEqual(self.part("bytes=10-20"), answer)


if __name__ == "__main__":
    unittest.main()
