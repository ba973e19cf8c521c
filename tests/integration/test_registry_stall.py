# SPDX-License-Identifier: MIT
"""A transfer that stands still. It takes 30 seconds to be sure of that, so it has a file of its own."""
import threading
import time

import fault_registry as faults
from pulling import FaultTestCase


class StallTest(FaultTestCase):
    def test_a_stalled_transfer_is_made_again(self):
        event = threading.Event()
        self.addCleanup(event.set)
        self.registry.fault(self.layer_path(), faults.stalled(20_000, event), times=1)
        started = time.monotonic()
        self.pull(self.reference, timeout=90)
        self.assertGreater(time.monotonic() - started, 25)
        self.assertEqual(len(self.registry.seen(self.layer_path())), 2)
        self.check_stored(self.image)
