# SPDX-License-Identifier: MIT
"""Parts of a blob that are not the parts that were asked for."""
import fault_registry as faults
from pulling import BigFaultTestCase, FaultTestCase

# What answers each request with a range. Nothing of it makes a blob impossible to get: in one piece it is right.
FAULTS = {
    "ignored": faults.ranges_ignored,
    "a byte too late": faults.from_elsewhere(1),
    "a byte too early": faults.from_elsewhere(-1),
    "the part before": faults.from_elsewhere(-(8 << 20)),
    "the part after": faults.from_elsewhere(8 << 20),
    "another part under the right name": faults.under_false_name,
    "a larger blob": faults.wrong_total(1),
    "a smaller blob": faults.wrong_total(-1),
    "no Content-Range": faults.unlabelled_range(),
    "Content-Range without numbers": faults.unlabelled_range("bytes all of it"),
    "Content-Range with numbers beyond 64 bits": faults.unlabelled_range("bytes 0-99999999999999999999/1"),
    "Content-Range backwards": faults.unlabelled_range("bytes 9-1/10"),
    "Content-Range in other units": faults.unlabelled_range("lines 0-1/2"),
    "416": faults.refused_range,
    "multipart": faults.multipart,
}


class Ranges:
    """Range ignored (200), 206 with other start, wrong total, 416, multipart/byteranges: fall back; never corrupt."""

    def check_falls_back(self, name, times):
        """Twice is the most that may be thrown away: what came before the fault, and what came under a false name."""
        self.registry.forget()
        self.store.clear()
        self.prepare()
        self.registry.fault(self.layer_path(1), FAULTS[name], times, when=lambda request: request.range)
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertLess(self.registry.served(self.layer_path(1)), 3 * self.layer_size(1), name)
        self.registry.faults.clear()

    def test_always(self):
        for name in FAULTS:
            with self.subTest(name):
                self.check_falls_back(name, -1)

    def test_once(self):
        for name in FAULTS:
            with self.subTest(name):
                self.check_falls_back(name, 1)


class ResumedTest(Ranges, FaultTestCase):
    """The first answer is cut, and the part that is missing is asked for."""

    def prepare(self):
        self.registry.fault(self.layer_path(1), faults.truncated(20_000), times=1)


class ByRangesTest(Ranges, BigFaultTestCase):
    def prepare(self):
        pass

    def test_the_third_range_only(self):
        """The server that answers is not always the same."""
        for name in FAULTS:
            with self.subTest(name):
                self.registry.forget()
                self.store.clear()
                self.fault(FAULTS[name], 1, when=lambda request: request.range and len(self.requests()) >= 3)
                self.pull(self.reference)
                self.check_stored(self.image)
                self.registry.faults.clear()

    def test_shorter_than_asked_for(self):
        """It goes on with what is missing."""
        self.fault(faults.short_range(3 << 20))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_served(1)

    def test_much_shorter_than_asked_for(self):
        """A byte for each request is no progress: nobody waits for forty million of them."""
        self.fault(faults.short_range(1))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertLess(len(self.requests()), 200)

    def test_every_range_is_closed_and_none_is_asked_for_twice(self):
        self.pull(self.reference)
        ranges = sorted(r.range for r in self.requests())
        self.assertGreater(len(ranges), 3)
        position = 0
        for first, last in ranges:
            self.assertEqual(first, position)
            position = last + 1
        self.assertEqual(position, self.size)
