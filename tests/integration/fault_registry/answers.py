# SPDX-License-Identifier: MIT
"""Other answers than expected."""
import urllib.parse


def status(code, body=b"", **headers):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(code, body, fields)


def error(code, name, message="", **headers):
    fields = {key.replace("_", "-"): value for key, value in headers.items()}
    return lambda handler: handler.reply_error(code, name, message, fields)


def redirect(target, code=307):
    """target: a base URL to which the path is added, or a whole URL when it has a path."""
    def action(handler):
        whole = urllib.parse.urlsplit(target).path
        handler.reply(code, b"", {"Location": target if whole else target + handler.path})
    return action


def at_once(handler):
    """No answer at all: the connection is reset."""
    handler.reset()


def after(event, action=None, seconds=60):
    """Waits for the event, then answers with the action or as usual."""
    def waiting(handler):
        event.wait(seconds)
        return action(handler) if action else False
    return waiting
