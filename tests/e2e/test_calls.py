# SPDX-License-Identifier: MIT
"""Calls that are right though unusual: the simulated host must not be stricter than Windows, and must lose nothing."""

import json
import unittest

from faulting import SCRATCH, FaultTest, begin_system, close_system, create_process, end_system
from replaying import DRIVER, OK, PROCESS_EXITED, Script, text

END = 109  # ERROR_BROKEN_PIPE: the end of a stream
READ_SECONDS = "20"
LINES = "cmd /q /c for /L %i in (1,1,400) do (echo 0123456789& echo late>&2)"
PIPES = {"CreateStdInPipe": True, "CreateStdOutPipe": True, "CreateStdErrPipe": True}


def close_input(script):
    return script.call("HcsModifyProcess", "handle:process", text({"Operation": "CloseHandle", "CloseHandle": {"Handle": "StdIn"}}),
                       "out-text:result")


def read(script, stream="stdout"):
    return script.call("@read", f"information.{stream}", READ_SECONDS)


class Calls(FaultTest):
    def on_system(self, add):
        """Runs what `add` adds on a running system; the results and what `add` returned."""
        script = Script()
        begin_system(script, self.host.document())
        lines = add(script)
        end_system(script)
        close_system(script)
        results = self.host.replay(script)
        self.assertEqual(self.host.before, self.host.leftovers())
        return results, lines

    def test_streams_outlive_the_process_handle(self):
        """A caller may close the handle of the process and read on."""

        def add(script):
            lines = []
            for _ in range(6):
                create_process({"CommandLine": LINES, **PIPES})(script)
                script.call("HcsCloseProcess", "handle:process")
                script.call("@close", "information.stdin")
                lines.append((read(script), read(script, "stderr")))
            return lines

        results, lines = self.on_system(add)
        for output, errors in lines:
            self.assertEqual((400 * ["0123456789"], END), (results[output]["text"].split(), results[output]["error"]))
            self.assertEqual((400 * ["late"], END), (results[errors]["text"].split(), results[errors]["error"]))

    def test_end_of_input(self):
        """By call, by closing the pipe, and by both in either order."""

        def add(script):
            lines = []
            for name, ends in (("call", (close_input,)), ("pipe", (self.close_pipe,)), ("call, pipe", (close_input,
                                                                                                       self.close_pipe)),
                               ("pipe, call", (self.close_pipe, close_input))):
                create_process({"CommandLine": "tool cat", **PIPES})(script)
                script.call("@write", "information.stdin", f"ended by {name}")
                for end in ends:
                    end(script)
                lines.append((name, read(script)))
                script.call("HcsCloseProcess", "handle:process")
            return lines

        results, lines = self.on_system(add)
        for name, line in lines:
            with self.subTest(name):
                self.assertEqual((f"ended by {name}\n", END), (results[line]["text"], results[line]["error"]))

    @staticmethod
    def close_pipe(script):
        return script.call("@close", "information.stdin")

    def test_callback_registered_after_the_end(self):
        """The notification is not lost, and the exit code has all its 32 bits."""

        def add(script):
            create_process({"CommandLine": "cmd /c exit -1073741510", "CreateStdOutPipe": True})(script)
            read(script)
            script.call("@sleep", "300")
            script.call("HcsRegisterProcessCallback", "handle:process", "callback:process", "out-handle:ended")
            exited = script.wait("process", PROCESS_EXITED)
            properties = script.call("HcsGetProcessProperties", "handle:process", "out-text:properties", "out-text:result")
            script.call("HcsUnregisterProcessCallback", "handle:ended")
            script.call("HcsCloseProcess", "handle:process")
            return exited, properties

        results, (exited, properties) = self.on_system(add)
        self.assertEqual(OK, results[exited]["hr"])
        status = json.loads(results[properties]["properties"])
        self.assertEqual((True, 0xC000013A, 0), (status["Exited"], status["ExitCode"], status["LastWaitResult"]))

    def test_pipes_that_were_not_asked_for_are_null(self):
        results, line = self.on_system(create_process({"CommandLine": "cmd /c exit 0", "CreateStdOutPipe": True}))
        self.assertEqual((None, "handle", None), tuple(results[line][f"information.{name}"] for name in ("stdin", "stdout",
                                                                                                         "stderr")))

    def test_console_has_no_error_stream(self):
        parameters = {"CommandLine": "cmd /c echo out& echo err>&2", "EmulateConsole": True, "ConsoleSize": [25, 80], **PIPES}

        def add(script):
            return create_process(parameters)(script), read(script)

        results, (created, output) = self.on_system(add)
        self.assertIsNone(results[created]["information.stderr"])
        self.assertRegex(results[output]["text"], "(?s)out.*err")
        self.assertEqual(END, results[output]["error"])

    def test_mount_path_in_two_calls(self):
        """The length counts the NUL."""
        script = Script()
        lines = [script.call("GetLayerMountPath", DRIVER, text(SCRATCH), f"out-buffer:mount:{length}") for length in (0, 49)]
        results = self.host.replay(script)
        self.assertEqual([(OK, 49), (OK, 49)], [(results[line]["hr"], results[line]["mount.length"]) for line in lines])
        self.assertRegex(results[lines[1]]["mount"], r"^\\\\\?\\Volume\{[0-9a-f-]{36}\}$")

    def test_end_of_the_program_ends_the_system(self):
        """The document says so: ShouldTerminateOnLastHandleClosed. Nothing is closed here."""
        script = Script()
        begin_system(script, self.host.document())
        create_process({"CommandLine": "tool sleep 600"})(script)
        self.host.replay(script)
        self.host.wait_until(lambda: self.host.leftovers() == self.host.before)


del FaultTest  # no tests of its own
if __name__ == "__main__":
    unittest.main()
