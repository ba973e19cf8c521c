# SPDX-License-Identifier: MIT
"""ExportLayer: what a scratch changed, as a transport folder."""
from . import hresult
from .server import Refusal


def export(layers, scratch, records, target):
    raise Refusal(hresult.E_NOTIMPL)
