# SPDX-License-Identifier: MIT
"""Misuse that no return value can show: it must be remembered, and fail the test that did it."""

import unittest

from faulting import (BAD_HANDLE, FaultTest, VERSION, begin_system, close_system, create_endpoint, create_system, end_system,
                      open_network)
from replaying import CREATED, Script, text


class Misuse(FaultTest):
    """What no return value can show must be remembered, and fail the test that did it."""

    def assert_violation(self, script, pattern, line=None):
        before = len(self.host.violations())
        results = self.host.replay(script)
        found = self.host.violations()[before:]
        self.assertEqual(1, len(found), found)
        self.assertRegex(found[0], pattern)
        if line:
            self.assertEqual(BAD_HANDLE, results[line]["hr"])

    def network(self):
        script = Script()
        open_network(script)
        return script

    def test_use_after_close(self):
        script = self.network()
        script.call("HcnCloseNetwork", "handle:network")
        line = script.call("HcnQueryNetworkProperties", "handle:network", "null", "out-text:answer", "out-text:result")
        self.assert_violation(script, "HcnQueryNetworkProperties: handle was closed before", line)

    def test_closed_twice(self):
        script = self.network()
        script.call("HcnCloseNetwork", "handle:network")
        self.assert_violation(script, "HcnCloseNetwork: handle was closed before", script.call("HcnCloseNetwork", "handle:network"))

    def test_endpoint_on_a_closed_network(self):
        script = self.network()
        script.call("HcnCloseNetwork", "handle:network")
        line = create_endpoint({"SchemaVersion": VERSION})(script)
        self.assert_violation(script, "HcnCreateEndpoint: handle was closed before", line)

    def test_handle_of_another_kind(self):
        script = self.network()
        line = script.call("HcnCloseNamespace", "handle:network")
        self.assert_violation(script, "HcnCloseNamespace: handle of another kind", line)

    def test_no_handle(self):
        script = Script()
        line = script.call("HcsStartComputeSystem", "number:4096", "text:", "out-text:result")
        self.assert_violation(script, "HcsStartComputeSystem: not a handle", line)

    def test_system_used_after_close(self):
        script = Script()
        begin_system(script, self.host.document(), started=False)
        end_system(script)
        close_system(script)
        line = script.call("HcsGetComputeSystemProperties", "handle:system", "text:{}", "out-text:answer", "out-text:result")
        self.assert_violation(script, "HcsGetComputeSystemProperties: handle was closed before", line)

    def test_callback_unregistered_twice(self):
        script = Script()
        begin_system(script, self.host.document(), started=False)
        end_system(script)
        close_system(script)
        line = script.call("HcsUnregisterComputeSystemCallback", "handle:registration")
        self.assert_violation(script, "HcsUnregisterComputeSystemCallback: handle was closed before", line)

    def test_system_callback_unregistered_as_a_process_s(self):
        script = Script()
        begin_system(script, self.host.document(), started=False)
        line = script.call("HcsUnregisterProcessCallback", "handle:registration")
        end_system(script)
        close_system(script)
        self.assert_violation(script, "HcsUnregisterProcessCallback: handle of another kind", line)

    def test_closed_with_its_callback(self):
        script = Script()
        begin_system(script, self.host.document(), started=False)
        end_system(script)
        script.call("HcsCloseComputeSystem", "handle:system")
        self.assert_violation(script, "HcsCloseComputeSystem: closed while a callback was registered")

    def test_unregistered_inside_the_callback(self):
        script = Script()
        create_system(self.host.document())(script)
        script.call("HcsRegisterComputeSystemCallback", "handle:system",
                    "callback:system:HcsUnregisterComputeSystemCallback:registration",
                    "out-handle:registration")
        script.wait("system", CREATED)
        script.call("HcsTerminateComputeSystem", "handle:system", "text:", "out-text:result")
        script.call("@sleep", "500")
        script.call("HcsCloseComputeSystem", "handle:system")
        self.assert_violation(script, "unregistered inside a callback")

    def test_string_that_is_never_freed(self):
        """Either DLL gives strings."""
        for function in ("HcnEnumerateNetworks", "HcsEnumerateComputeSystems"):
            with self.subTest(function):
                script = Script()
                script.call(function, "null", "leak-text:answer", "out-text:result")
                self.assert_violation(script, "1 returned strings were not freed with CoTaskMemFree")

    def test_right_use_leaves_none(self):
        script = self.network()
        script.call("HcnQueryNetworkProperties", "handle:network", "null", "out-text:answer", "out-text:result")
        script.call("HcnCloseNetwork", "handle:network")
        before = self.host.violations()
        self.host.replay(script)
        self.assertEqual(before, self.host.violations())


del FaultTest  # no tests of its own
if __name__ == "__main__":
    unittest.main()
