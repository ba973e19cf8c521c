# SPDX-License-Identifier: MIT
"""The daemon's protocol side: clients, handles, the registry of API calls, replies, journal and faults.

Each connection has a thread, so a call that waits holds up nobody else.
"""

import collections
import hmac
import itertools
import json
import os
import socket
import sys
import threading
import traceback

from . import faults, frames, hresult, journal

CALLS = {}
LEFTOVERS = []
HANDLE_ARGUMENTS = ("handle", "process", "object", "network")
UNRECORDED = {("winhost", "leftovers"), ("winhost", "registry"), ("winhost", "plant")}
HELLO_SECONDS = 10


def call(dll, function):
    """Register the decorated function as the implementation of an API function."""

    def register(implementation):
        CALLS[(dll, function)] = implementation
        return implementation

    return register


def leftover(provider):
    """Register a function of the host that returns lines about what is left, each (kind, text)."""
    LEFTOVERS.append(provider)
    return provider


class Reply:
    """What a call returns when it works: strings by name, and S_OK or `hr`."""

    def __init__(self, values=None, hr=hresult.S_OK):
        self.values = values or {}
        self.hr = hr


class Refusal(Exception):
    """What a call returns when it does not: the HRESULT, and the text of the result document."""

    def __init__(self, hr, message=None, events=None):
        super().__init__(f"{hresult.text(hr)} {message or hresult.message(hr)}")
        self.hr = hr
        self.message = message or hresult.message(hr)
        self.events = events or []


Handle = collections.namedtuple("Handle", "number kind object label on_close")


class Client:
    """A Windows process that uses the API: all connections that name the same CLIENT."""

    def __init__(self, name, pid, program, host):
        self.name, self.pid, self.program, self.host = name, pid, program, host
        self.lock = threading.Lock()
        self.connections = 0
        self.handles = {}
        self.numbers = itertools.count(1)
        self.sequence = itertools.count(1)
        self.events = None  # socket of the `events` connection
        self.waiting = []  # events that came before that connection

    def open(self, kind, target, label=None, on_close=None):
        """A new handle to `target`; its number. `on_close()` runs when it is closed, by call or with the process."""
        with self.lock:
            number = next(self.numbers)
            self.handles[number] = Handle(number, kind, target, label or hex(number), on_close)
            return number

    def handle(self, number, kind=None):
        """The open handle of that number and kind, or Refusal E_HANDLE."""
        with self.lock:
            found = self.handles.get(number)
        if not found or (kind and found.kind != kind):
            raise Refusal(hresult.INVALID_HANDLE)
        return found

    def close(self, number, kind=None):
        found = self.handle(number, kind)
        with self.lock:
            if self.handles.pop(number, None) is None:
                raise Refusal(hresult.INVALID_HANDLE)
        if found.on_close:
            found.on_close()

    def close_all(self):
        """The process is gone: close what it left open, latest first."""
        for number in sorted(self.handles, reverse=True):
            try:
                self.close(number)
            except Exception:  # one bad hook must not keep the other handles open
                report_bug(self.host, f"close of handle {number} of process {self.pid}")

    def emit(self, number, kind, status=0, data=""):
        """Deliver a notification for a handle; kept until the process listens."""
        handle = self.handles.get(number)
        self.host.journal.write(self.pid, next(self.sequence), {
            "fn": "(event)", "type": hresult.text(kind), "on": handle.label if handle else hex(number),
            "hr": hresult.text(status), **({"data": journal.readable(data)} if data else {})})
        frame = [str(number), hresult.text(kind), hresult.text(status), data]
        with self.lock:
            if self.events:
                send_event(self.events, frame)
            else:
                self.waiting.append(frame)

    def listen(self, sock):
        with self.lock:
            self.events = sock
            for frame in self.waiting:
                send_event(sock, frame)
            self.waiting.clear()


def send_event(sock, frame):
    """A process that died need not be told; its connection thread sees the end too."""
    try:
        frames.send(sock, frame)
    except OSError:
        pass


class Context:
    """One call as its implementation sees it."""

    def __init__(self, host, client, dll, function, arguments):
        self.host, self.client, self.dll, self.function, self.arguments = host, client, dll, function, arguments
        self.notes = {}  # more fields for the journal

    def arg(self, name):
        """Text argument; None for NULL."""
        return self._typed(name, str)

    def number(self, name):
        """Number argument; 0 when absent."""
        return self._typed(name, int) or 0

    def _typed(self, name, kind):
        value = self.arguments.get(name)
        if value is not None and not isinstance(value, kind):
            raise frames.ProtocolError(f"{self.function}: argument {name} is not {kind.__name__}")
        return value

    def document(self, name):
        """The argument parsed as JSON; None for NULL and empty text; Refusal when it does not parse."""
        text = self.arg(name)
        if not text:
            return None
        try:
            return json.loads(text, parse_constant=bad_constant)
        except ValueError as error:
            raise Refusal(INVALID_JSON[self.dll], f"Invalid JSON document string. {error}") from None

    def open(self, kind, target, label=None, on_close=None):
        return self.client.open(kind, target, label, on_close)

    def handle(self, name, kind):
        """The object behind the handle argument, or Refusal E_HANDLE."""
        return self.client.handle(self.number(name), kind).object

    def close(self, name, kind):
        self.client.close(self.number(name), kind)

    def emit(self, handle, kind, status=0, data=""):
        self.client.emit(handle, kind, status, data)


INVALID_JSON = {"vmcompute": hresult.HCS_INVALID_JSON, "computenetwork": hresult.HCN_INVALID_JSON,
                "winhost": hresult.INVALID_ARGUMENT}


def bad_constant(name):
    raise ValueError(f"{name} is not JSON")


def hcs_result(refusal):
    document = {"Error": hresult.signed(refusal.hr), "ErrorMessage": refusal.message}
    if refusal.events:
        document["ErrorEvents"] = refusal.events
    return document


def hcn_result(refusal):
    return {"Success": False, "Error": refusal.message, "ErrorCode": refusal.hr}


RESULT_DOCUMENTS = {"vmcompute": hcs_result, "computenetwork": hcn_result, "winhost": hcs_result}


def log(text):
    sys.stderr.write(f"simhost: {text}\n")
    sys.stderr.flush()


def report_bug(host, where):
    """An exception of the simulation itself: never to be taken for an answer of Windows."""
    log(traceback.format_exc())
    host.violation(f"simhost: {where}: {traceback.format_exc(limit=-1).strip().splitlines()[-1]}")


def perform(ctx):
    """Run the call; the Reply in every case, refusals and bugs included."""
    implementation = CALLS.get((ctx.dll, ctx.function))
    try:
        if not implementation:
            raise Refusal(hresult.E_NOTIMPL, f"{ctx.dll}!{ctx.function} is not simulated")
        return implementation(ctx) or Reply()
    except Refusal as refusal:
        return refused(ctx, refusal)
    except frames.ProtocolError:
        raise
    except Exception:
        report_bug(ctx.host, ctx.function)
        return Reply(hr=hresult.E_UNEXPECTED)


def refused(ctx, refusal):
    result = RESULT_DOCUMENTS.get(ctx.dll, hcs_result)(refusal)
    return Reply({"result": json.dumps(result)}, refusal.hr)


class Connection:
    """One connection and its thread."""

    def __init__(self, server, sock):
        self.server, self.host, self.sock = server, server.host, sock
        self.client = None

    def run(self):
        try:
            self._serve()
        except frames.ProtocolError as error:
            log(f"protocol: {error}")
        except OSError:
            pass  # the process died; what it held is closed below
        finally:
            self.sock.close()
            if self.client:
                self.server.leave(self.client)

    def _serve(self):
        self.sock.settimeout(HELLO_SECONDS)
        hello = frames.receive(self.sock)
        self.sock.settimeout(None)
        if hello is None:
            return
        if len(hello) < 6 or hello[0] != "hello" or not hmac.compare_digest(hello[1].encode(), self.server.token.encode()):
            raise frames.ProtocolError("bad hello")
        kind, name, pid, program = hello[2:6]
        serve = {"call": self._calls, "events": self._events, "stream": self._stream}.get(kind)
        if not serve or not name or not pid.isdigit():
            raise frames.ProtocolError("bad hello")
        self.client = self.server.join(name, int(pid), program)
        serve(hello[6:])

    def _calls(self, _):
        while (request := frames.receive(self.sock)) is not None:
            if len(request) < 2:
                raise frames.ProtocolError("request without a function")
            dll, function, *rest = request
            arguments = {name: frames.argument(value) for name, value in frames.pairs(rest).items()}
            self._call(Context(self.host, self.client, dll, function, arguments))

    def _call(self, ctx):
        entry = self._entry(ctx)
        rule = self.host.faults.pick(ctx.function) if ctx.dll != "winhost" else None
        action = rule["do"] if rule else None
        if action:
            entry["fault"] = action
        if action in ("hang", "kill-before", "lose-power"):
            self.host.journal.write(self.client.pid, next(self.client.sequence), {**entry, **ctx.notes, "hr": None})
            self._strike_before(action, rule)
            return
        reply = self._injected(ctx, rule) if action == "fail" else perform(ctx)
        values = dict(reply.values)
        self._journal_reply(entry, ctx, reply)
        if action == "kill-after":
            values["die"] = "1"
        if action == "delay":
            values["delay_ms"] = str(rule["ms"])
        frames.send(self.sock, [hresult.text(reply.hr), *(str(text) for pair in values.items() for text in pair)])

    @staticmethod
    def _injected(ctx, rule):
        return refused(ctx, Refusal(hresult.from_name(rule["hr"]), rule.get("message")))

    def _strike_before(self, action, rule):
        if action == "kill-before":
            frames.send(self.sock, [hresult.text(hresult.E_UNEXPECTED), "die", "1"])
        elif action == "hang":
            self.sock.recv(1)  # only the end of the caller ends this
        else:
            self.server.lose_power(rule)

    def _entry(self, ctx):
        """The journal's line as far as it is known before the call."""
        entry = {"dll": ctx.dll, "fn": ctx.function}
        for name, value in ctx.arguments.items():
            handle = self.client.handles.get(value) if name in HANDLE_ARGUMENTS and isinstance(value, int) else None
            entry[name] = handle.label if handle else journal.readable(value)
        return entry

    def _journal_reply(self, entry, ctx, reply):
        entry.update(ctx.notes)
        for name, value in reply.values.items():
            if name == "attach":
                continue
            if name == "handle":
                handle = self.client.handles.get(int(value))
                name, value = ("process" if "handle" in entry else "handle"), handle.label if handle else value
            entry[name] = journal.readable(value)
        entry["hr"] = hresult.text(reply.hr)
        if (ctx.dll, ctx.function) not in UNRECORDED:
            self.host.journal.write(self.client.pid, next(self.client.sequence), entry)

    def _events(self, _):
        self.client.listen(self.sock)
        while self.sock.recv(4096):
            pass  # nothing is ever said on this connection; its end is what we wait for

    def _stream(self, rest):
        if len(rest) != 2 or rest[1] not in ("0", "1", "2"):
            raise frames.ProtocolError("bad stream hello")
        use = self.host.take_stream(rest[0], int(rest[1]))
        if not use:
            raise frames.ProtocolError("stream that nobody waits for")
        use(self.sock)


class Server:
    def __init__(self, host, token):
        self.host, self.token = host, token
        self.lock = threading.Lock()
        self.clients = {}
        self.power = lambda: os._exit(137)  # as pid 1 of its namespace: everything on the machine dies with it

    def join(self, name, pid, program):
        with self.lock:
            client = self.clients.get(name)
            if not client:
                client = self.clients[name] = Client(name, pid, program, self.host)
            client.connections += 1
            return client

    def leave(self, client):
        """One connection less; with the last one the process is gone."""
        with self.lock:
            client.connections -= 1
            gone = client.connections == 0
            if gone:
                self.clients.pop(client.name, None)
        if gone:
            client.close_all()

    def lose_power(self, rule):
        """The rule must not strike again after the reboot."""
        rules = faults.load(self.host.faults.path)
        if rule in rules:
            rules.remove(rule)
        faults.write(self.host.faults.path, rules)
        self.power()

    def serve(self, listener):
        """Accept connections until the listener is closed."""
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            if sock.family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Connection(self, sock).run, daemon=True).start()


@call("winhost", "violation")
def violation(ctx):
    """A misuse only the DLL could see."""
    ctx.host.violation(f"{ctx.client.program} ({ctx.client.pid}): {ctx.arg('text')}")


@call("winhost", "leftovers")
def leftovers(ctx):
    lines = [line for provider in LEFTOVERS for line in provider(ctx.host)]
    lines += [("violation", text) for text in ctx.host.violations()]
    return Reply({"response": json.dumps(lines)})
