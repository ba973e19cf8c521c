# SPDX-License-Identifier: MIT
"""The protocol: clients, handles, streams, events, faults, and what garbage does."""

import contextlib
import json
import os
import socket
import struct
import time
import unittest

from support import TOKEN, HostTest

from simhost import faults, frames, server
from simhost.server import Refusal, Reply, call

CLOSED = []  # of the running case: a client of the case before may be closed late, and then tells the list it was opened under


@call("vmcompute", "TestOpen")
def test_open(ctx):
    name, closed = ctx.arg("name"), CLOSED
    return Reply({"handle": ctx.open("thing", name, on_close=lambda: closed.append(name))})


@call("vmcompute", "TestClose")
def test_close(ctx):
    ctx.close("handle", "thing")


@call("vmcompute", "TestEmit")
def test_emit(ctx):
    ctx.emit(ctx.number("handle"), 0x10000, 0x80370106, '{"A":1}')


@call("vmcompute", "TestRefuse")
def test_refuse(ctx):
    raise Refusal(0x80070003, "gone", [{"Message": "m", "EventId": 1}])


@call("vmcompute", "TestBug")
def test_bug(ctx):
    raise KeyError("bug")


@call("vmcompute", "TestStream")
def test_stream(ctx):
    ctx.host.expect_streams("t1", {1: lambda sock: sock.sendall(b"out")})


class ServerTest(HostTest):
    def setUp(self):
        global CLOSED
        super().setUp()
        CLOSED = []

    def call(self, process, function, **arguments):
        return process.call("vmcompute", function, **arguments)

    def wait_for(self, condition):
        deadline = time.monotonic() + 5
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(condition())

    def closed_by_peer(self, sock):
        """Whether the daemon ended the connection, by end of file or by a reset."""
        try:
            return sock.recv(1) == b""
        except ConnectionResetError:
            return True


class ClientTest(ServerTest):
    def test_handles_close_with_the_last_connection(self):
        process = self.process()
        other = process.connect("call")
        frames.send(other, ["vmcompute", "TestRefuse"])
        frames.receive(other)  # the daemon knows the second connection now
        self.call(process, "TestOpen", name="a")
        self.call(process, "TestOpen", name="b")
        process.close()
        time.sleep(0.1)
        self.assertEqual(CLOSED, [])
        other.close()
        self.wait_for(lambda: CLOSED == ["b", "a"])

    def test_handles_are_private(self):
        one, two = self.process("a1"), self.process("b2")
        number = int(self.call(one, "TestOpen", name="a")[1]["handle"])
        self.assertEqual(self.call(two, "TestClose", handle=number)[0], 0x80070006)
        self.assertEqual(self.call(one, "TestClose", handle=number)[0], 0)
        self.assertEqual(self.call(one, "TestClose", handle=number)[0], 0x80070006)
        self.assertEqual(CLOSED, ["a"])

    def test_events_wait_for_a_listener(self):
        process = self.process()
        number = int(self.call(process, "TestOpen", name="a")[1]["handle"])
        self.call(process, "TestEmit", handle=number)
        events = process.connect("events")
        self.addCleanup(events.close)
        expected = [str(number), "0x00010000", "0x80370106", '{"A":1}']
        self.assertEqual(frames.receive(events), expected)
        self.call(process, "TestEmit", handle=number)
        self.assertEqual(frames.receive(events), expected)

    def test_streams_are_taken_once(self):
        process = self.process()
        self.call(process, "TestStream")
        with process.connect("stream", "t1", "1") as first:
            self.assertEqual(first.recv(100), b"out")
            self.assertTrue(self.closed_by_peer(first))
        with process.connect("stream", "t1", "1") as second:
            self.assertTrue(self.closed_by_peer(second))

    def test_refusal(self):
        code, values = self.call(self.process(), "TestRefuse")
        self.assertEqual(code, 0x80070003)
        self.assertEqual(json.loads(values["result"]),
                         {"Error": -2147024893, "ErrorMessage": "gone", "ErrorEvents": [{"Message": "m", "EventId": 1}]})

    def test_a_bug_is_not_an_answer(self):
        self.assertEqual(self.call(self.process(), "TestBug")[0], 0x8000FFFF)
        self.assertEqual(len(self.host.violations()), 1)
        self.assertIn("TestBug", self.host.violations()[0])

    def test_unknown_function(self):
        self.assertEqual(self.call(self.process(), "NoSuchCall")[0], 0x80004001)

    def test_violations_are_left(self):
        process = self.process()
        process.call("winhost", "violation", text="handle used after close")
        _, values = process.call("winhost", "leftovers")
        self.assertEqual(json.loads(values["response"]), [["violation", "test.exe (100): handle used after close"]])

    def test_journal(self):
        self.call(self.process(), "TestOpen", name='{"A":[1]}', other=None, count=3)
        entry = self.journal()[0]
        self.assertEqual({key: entry[key] for key in ("pid", "seq", "dll", "fn", "name", "other", "count", "handle", "hr")},
                         {"pid": 100, "seq": 1, "dll": "vmcompute", "fn": "TestOpen", "name": {"A": [1]}, "other": None, "count": 3,
                          "handle": "0x1", "hr": "0x00000000"})


class GarbageTest(ServerTest):
    """Each ends the connection and nothing else."""

    def hello(self, *strings):
        return frames.encode(["hello", TOKEN, "call", "a1", "1", "x.exe"] if not strings else strings)

    def garbage(self):
        text = lambda *strings: self.hello() + frames.encode(strings)  # noqa: E731
        return {
            "nothing like a frame": b"GET / HTTP/1.1\r\n\r\n",
            "empty frame": struct.pack("<I", 0),
            "endless frame": struct.pack("<I", 0xFFFFFFFF),
            "no final NUL": struct.pack("<I", 3) + b"abc",
            "not UTF-8": struct.pack("<I", 3) + b"\xff\xfe\0",
            "wrong token": self.hello("hello", "guess", "call", "a1", "1", "x"),
            "token not ASCII": self.hello("hello", "gu\u00e9ss", "call", "a1", "1", "x"),
            "no hello": self.hello("vmcompute", "TestOpen", "call", "a1", "1", "x"),
            "short hello": self.hello("hello", TOKEN, "call"),
            "unknown kind": self.hello("hello", TOKEN, "admin", "a1", "1", "x"),
            "pid not a number": self.hello("hello", TOKEN, "call", "a1", "one", "x"),
            "no client": self.hello("hello", TOKEN, "call", "", "1", "x"),
            "stream of nobody": self.hello("hello", TOKEN, "stream", "a1", "1", "x", "t9", "1"),
            "stream number": self.hello("hello", TOKEN, "stream", "a1", "1", "x", "t9", "7"),
            "request without function": text("vmcompute"),
            "name without value": text("vmcompute", "TestOpen", "name"),
            "value without type": text("vmcompute", "TestOpen", "name", ""),
            "value of unknown type": text("vmcompute", "TestOpen", "name", "x1"),
            "bad number": text("vmcompute", "TestOpen", "name", "u-1"),
            "number of other digits": text("vmcompute", "TestOpen", "name", "u\u0663"),
            "NULL with text": text("vmcompute", "TestOpen", "name", "nothing"),
            "argument twice": text("vmcompute", "TestOpen", "name", "sa", "name", "sb"),
            "argument of wrong type": text("vmcompute", "TestOpen", "name", "u1"),
        }

    def test_garbage(self):
        for name, data in self.garbage().items():
            with self.subTest(name), socket.create_connection(self.address) as sock:
                sock.settimeout(5)
                sock.sendall(data)
                with contextlib.suppress(OSError):  # closed already, as it should be
                    sock.shutdown(socket.SHUT_WR)
                self.assertTrue(self.closed_by_peer(sock))
        self.assertEqual(self.call(self.process(), "TestOpen", name="still here")[0], 0)

    def test_cut_in_the_middle(self):
        whole = self.hello() + frames.encode(["vmcompute", "TestOpen", "name", "scut"])
        for length in range(1, len(whole), 7):
            with socket.create_connection(self.address) as sock:
                sock.sendall(whole[:length])
        time.sleep(0.1)
        self.assertEqual(CLOSED, [])
        self.assertEqual(self.host.violations(), [])


class FaultTest(ServerTest):
    def rule(self, **rule):
        faults.add(os.path.join(self.directory, "faults.json"), rule)

    def test_fail_at_the_second(self):
        self.rule(fn="TestOpen", nth=2, do="fail", hr="0x80370106", message="broken")
        process = self.process()
        codes = [self.call(process, "TestOpen", name="a")[0] for _ in range(3)]
        self.assertEqual(codes, [0, 0x80370106, 0])
        self.assertEqual([entry.get("fault") for entry in self.journal()], [None, "fail", None])

    def test_fail_by_name_every_time(self):
        self.rule(fn="*", do="fail", hr="HCS_UNEXPECTED_EXIT")
        process = self.process()
        self.assertEqual([self.call(process, name)[0] for name in ("TestOpen", "TestClose")], [0x80370106, 0x80370106])
        self.assertEqual(process.call("winhost", "leftovers")[0], 0)

    def test_kill_before_and_after(self):
        self.rule(fn="TestOpen", nth=1, do="kill-before")
        self.rule(fn="TestOpen", nth=2, do="kill-after")
        process = self.process()
        self.assertEqual(self.call(process, "TestOpen", name="a")[1]["die"], "1")
        process.close()
        self.wait_for(lambda: not self.server.clients)
        self.assertEqual(CLOSED, [])
        process = self.process()
        self.assertEqual(self.call(process, "TestOpen", name="a")[1]["die"], "1")
        process.close()
        self.wait_for(lambda: CLOSED == ["a"])

    def test_delay(self):
        self.rule(fn="TestOpen", do="delay", ms=30)
        self.assertEqual(self.call(self.process(), "TestOpen", name="a")[1]["delay_ms"], "30")

    def test_hang_ends_with_the_caller_and_holds_up_nobody(self):
        self.rule(fn="TestOpen", nth=1, do="hang")
        process = self.process()
        process.sock.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            self.call(process, "TestOpen", name="a")
        self.assertEqual(self.call(self.process("b2"), "TestOpen", name="b")[0], 0)
        process.close()
        self.wait_for(lambda: "a1" not in self.server.clients)
        self.assertIsNone(self.journal()[0]["hr"])

    def test_power_is_lost_once(self):
        cut = []
        self.server.power = lambda: cut.append(1)
        self.rule(fn="TestOpen", nth=1, do="lose-power")
        process = self.process()
        process.sock.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            self.call(process, "TestOpen", name="a")
        self.assertEqual(cut, [1])
        self.assertEqual(faults.load(self.host.faults.path), [])

    def test_counts_start_with_the_rule(self):
        process = self.process()
        self.call(process, "TestOpen", name="a")
        self.rule(fn="TestOpen", nth=1, do="fail", hr="0x80070005")
        self.assertEqual(self.call(process, "TestOpen", name="a")[0], 0x80070005)
        self.rule(fn="TestClose", nth=1, do="fail", hr="0x80070005")
        self.assertEqual(self.call(process, "TestOpen", name="a")[0], 0)

    def test_bad_rules(self):
        for rule in ({"fn": "x", "do": "explode"}, {"do": "hang"}, {"fn": "x", "do": "fail"}, {"fn": "x", "do": "delay"},
                     {"fn": "x", "do": "hang", "n": 1}):
            with self.subTest(rule), self.assertRaises(ValueError):
                faults.check(rule)


class StateTest(ServerTest):
    def test_outlives_the_daemon(self):
        self.host.section("x")["a"] = 1
        self.host.save()
        self.start()
        self.assertEqual(self.host.section("x"), {"a": 1})


class HelloTest(ServerTest):
    def test_silent_connections_are_dropped(self):
        before, server.HELLO_SECONDS = server.HELLO_SECONDS, 0.1
        try:
            with socket.create_connection(self.address) as sock:
                sock.settimeout(5)
                self.assertTrue(self.closed_by_peer(sock))
        finally:
            server.HELLO_SECONDS = before


if __name__ == "__main__":
    unittest.main()
