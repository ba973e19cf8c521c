# SPDX-License-Identifier: MIT
"""What a person, a log and a program see of a pull."""
import json
import signal
import threading

from fault_registry import answers, bodies
import pulling
from pulling import INTEGRITY, INTERRUPTED, WRUN, make_image
from screen import Terminal


class ProgressTestCase(pulling.FaultTestCase):
    def setUp(self):
        super().setUp()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def on_terminal(self, columns=132, rows=25, options=("--no-unpack",), **variables):
        environment = {**self.environment(), "TERM": "xterm", **variables}
        if "CI" not in variables:
            environment.pop("CI", None)
        terminal = Terminal([WRUN, "pull", "--root", str(self.store.root), *options, self.reference], environment,
                            columns, rows)
        self.addCleanup(terminal.close)
        return terminal

    def stall_first_layer(self, keep=20_000):
        self.registry.fault(self.layer_path(0), bodies.stalled(keep, self.go_on), times=1)

    def check_pulled(self, terminal):
        code, output = terminal.finish()
        self.assertEqual(code, 0, terminal.screen.text())
        self.assertEqual(output, f"{self.reference}@{self.image.manifest.digest}\n")
        self.check_stored(self.image)

    def size(self, number):
        return f"{len(self.image.layers[number].data) / 1000:.1f} kB"

    def short(self, number):
        return self.image.layers[number].digest.removeprefix("sha256:")[:12]


class OnATerminal(ProgressTestCase):
    def test_lines_while_it_lasts_and_a_summary_at_the_end(self):
        self.stall_first_layer()
        terminal = self.on_terminal()
        terminal.wait_for(r"20\.0 kB of 5\d\.\d kB \(39 %\)")
        terminal.wait_for(r"pull 2/3")
        lines = terminal.screen.lines()
        self.assertEqual(lines[0], f"wrun: resolving {self.reference}")
        self.assertEqual(lines[1], f"wrun: {self.reference} is {self.image.manifest.digest}")
        self.assertRegex(lines[-2], rf"^{self.short(0)} pull   \[#######\.+\] 20\.0 kB of 5\d\.\d kB \(39 %\), ")
        self.assertRegex(lines[-1], r"^pull 2/3, 7\d\.\d kB of 10\d\.\d kB, [0-9.]+ k?B/s(, .* left)?$")
        self.go_on.set()
        self.check_pulled(terminal)
        final = terminal.screen.lines()
        self.assertEqual(final[:2], lines[:2])
        self.assertRegex("\n".join(final[2:]), r"^wrun: 3 blobs fetched: 10\d\.\d kB in [0-9.]+ s \([0-9.]+ [kMG]?B/s\)$")
        self.assertEqual(terminal.screen.column, 0)

    def test_layers_are_checked_behind_the_download(self):
        self.stall_first_layer()
        terminal = self.on_terminal(options=())
        terminal.wait_for(r"20\.0 kB of 5\d\.\d kB \(39 %\)")
        terminal.wait_for(r"pull 2/3")  # the other blob may come later
        diff_id = self.image.layers[0].diff_id.removeprefix("sha256:")[:12]
        self.assertRegex(terminal.screen.text(), rf"(?m)^{diff_id} check  \[")
        self.assertRegex(terminal.screen.lines()[-1], r"^pull 2/3, .*; check 0/1, ")
        self.go_on.set()
        self.check_pulled(terminal)
        self.assertNotIn("[", "\n".join(terminal.screen.lines()))

    def test_nothing_is_left_when_it_is_interrupted(self):
        self.stall_first_layer()
        terminal = self.on_terminal()
        terminal.wait_for(r"20\.0 kB of 5\d\.\d kB \(39 %\)")
        terminal.process.send_signal(signal.SIGINT)
        code, output = terminal.finish()
        self.assertEqual((code, output), (INTERRUPTED, ""))
        self.assertEqual(len(terminal.screen.lines()), 3, terminal.screen.text())
        self.assertIn("interrupted", terminal.screen.lines()[2])

    def test_nothing_is_left_when_it_fails(self):
        self.registry.fault(self.layer_path(0), bodies.content(lambda data: data[:-1] + b"x"))
        terminal = self.on_terminal()
        code, _ = terminal.finish()
        self.assertEqual(code, INTEGRITY)
        self.assertNotIn("[", terminal.screen.text())
        self.assertIn("wrong content", terminal.screen.text())

    def test_a_wait_is_shown(self):
        self.registry.fault(self.layer_path(0), answers.status(503, **{"Retry-After": "2"}), times=1)
        terminal = self.on_terminal()
        terminal.wait_for("retry in 2 s: status 503")
        terminal.wait_for("retry in 1 s: status 503")
        self.check_pulled(terminal)
        self.assertNotIn("retry", terminal.screen.text())

    def test_a_small_terminal(self):
        self.stall_first_layer()
        terminal = self.on_terminal(columns=20, rows=3)
        terminal.wait_for("pull 2/3, 7")
        self.assertIn(self.short(0), terminal.screen.text())
        self.go_on.set()
        self.check_pulled(terminal)
        self.assertNotIn("[", "\n".join(terminal.screen.lines()))

    def test_what_is_there_draws_nothing(self):
        self.pull(self.reference)
        terminal = self.on_terminal()
        self.check_pulled(terminal)
        self.assertEqual(len(terminal.screen.lines()), 2, terminal.screen.text())
        self.assertNotIn(b"\x1b", terminal.bytes)


class OnOtherTerminals(ProgressTestCase):
    def test_a_dumb_one_gets_plain_lines(self):
        terminal = self.on_terminal(TERM="dumb")
        self.check_pulled(terminal)
        self.assertNotIn(b"\x1b", terminal.bytes)
        self.assertIn("downloaded", terminal.screen.text())

    def test_a_dumb_one_that_is_told_to_has_one_line(self):
        self.stall_first_layer()
        terminal = self.on_terminal(TERM="dumb", options=["--progress", "tty"])
        terminal.wait_for(r"pull \[#+\.+\] 2/3, 7")
        self.assertEqual(len(terminal.screen.lines()), 3, terminal.screen.text())
        self.go_on.set()
        self.check_pulled(terminal)
        self.assertNotIn(b"\x1b", terminal.bytes)
        self.assertIn("wrun: 3 blobs fetched", terminal.screen.lines()[2])

    def test_a_ci_system_gets_plain_lines(self):
        terminal = self.on_terminal(CI="true")
        self.check_pulled(terminal)
        self.assertNotIn(b"\x1b", terminal.bytes)
        self.assertIn("downloaded", terminal.screen.text())


class Elsewhere(ProgressTestCase):
    def say(self, mode, *options):
        return self.pull(self.reference, "--progress", mode, *options).stderr.splitlines()

    def test_plain_lines(self):
        lines = self.say("plain")
        self.assertEqual(lines[:2], [f"wrun: resolving {self.reference}",
                                     f"wrun: {self.reference} is {self.image.manifest.digest}"])
        for number in (0, 1):
            self.assertIn(f"wrun: {self.short(number)}: downloading ({self.size(number)})", lines)
            done = [line for line in lines if line.startswith(f"wrun: {self.short(number)}: downloaded ")]
            self.assertEqual(len(done), 1)
            self.assertRegex(done[0], rf"downloaded {self.size(number)} in [0-9.]+ s \([0-9.]+ [kMG]?B/s\)$")
        self.assertRegex(lines[-1], r"^wrun: 3 blobs fetched: 10\d\.\d kB in [0-9.]+ s \([0-9.]+ [kMG]?B/s\)$")

    def test_what_is_present_is_not_counted(self):
        self.pull(self.reference)
        second = make_image(layers=3)  # shares two layers with the first
        self.registry.put_image("a/b", second, "1")
        self.image = second
        lines = self.say("plain")
        self.assertIn(f"wrun: {self.short(0)}: present ({self.size(0)})", lines)
        self.assertRegex(lines[-1], r"^wrun: 2 blobs fetched: 5\d\.\d kB in .*, 2 present$")

    def test_json_lines(self):
        events = [json.loads(line) for line in self.say("json")]
        self.assertEqual([event["event"] for event in events[:2]], ["resolve-started", "resolved"])
        self.assertEqual(events[1]["text"], self.image.manifest.digest)
        layer = [event for event in events if event.get("subject") == self.image.layers[0].digest]
        self.assertEqual([event["event"] for event in layer if event["event"] != "blob-progress"],
                         ["blob-planned", "blob-started", "blob-done"])
        self.assertEqual(layer[-1]["total"], len(self.image.layers[0].data))
        summary = events[-1]
        self.assertEqual((summary["event"], summary["fetched"], summary["present"]), ("summary", 3, 0))
        self.assertEqual(summary["bytes"], sum(len(blob.data) for blob in [*self.image.layers, self.image.config]))
        times = [event["ms"] for event in events]
        self.assertEqual(times, sorted(times))
        for event in events:
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_none_says_nothing(self):
        self.assertEqual(self.say("none"), [])
        self.assertEqual(self.say("plain", "--quiet"), [])
