# SPDX-License-Identifier: MIT
"""Layers: calls with exactly one fault each (see test_faults.py)."""

import unittest

from faulting import (BAD_DATA, BAD_PARAMETER, BASE, DELTA, EXISTS, FILE_NOT_FOUND, FaultTest, IN_USE, NOT_FOUND, PATH_NOT_FOUND,
                      SCRATCH, SPARE, UNKNOWN, transport_file)
from replaying import DRIVER, Script, layer, text

ACCESS_VIOLATION = 0xC0000005


class LayerFaults(FaultTest):
    def call(self, function, *arguments):
        return lambda script: script.call(function, *arguments)

    def test_arguments_and_order(self):
        both = (layer(DELTA), layer(BASE))
        chain = "0x80070003 when the descriptors do not fit the layers [third-party record]"
        order = "activate, prepare, unprepare, deactivate [hcsshim, mount and unmount of layers]"
        call = self.call
        self.run_rows([
            ("the other driver", call("ActivateLayer", "driver:0:", text(SPARE)), BAD_PARAMETER,
             "clients pass the filter driver, 1 [hcsshim, DriverInfo]; strict reading"),
            ("no driver", call("ActivateLayer", "null", text(SPARE)), BAD_PARAMETER, "NULL where a structure must be"),
            ("no layer", call("ActivateLayer", DRIVER, "null"), BAD_PARAMETER, "NULL where a path must be"),
            ("relative path", call("ActivateLayer", DRIVER, "text:spare"), PATH_NOT_FOUND,
             "the absolute directory is the id [hcsshim]"),
            ("layer that is not there", call("ActivateLayer", DRIVER, "text:C:\\L\\nosuch"), PATH_NOT_FOUND, "no such directory"),
            ("layer without a disk", call("ActivateLayer", DRIVER, text(DELTA)), FILE_NOT_FOUND,
             "sandbox.vhdx is what is attached"),
            ("activated twice", call("ActivateLayer", DRIVER, text(SCRATCH)), IN_USE,
             "the disk is attached already [0x20, still mounted]"),
            ("prepared twice", call("PrepareLayer", DRIVER, text(SCRATCH), *both), IN_USE, f"{order}; strict reading"),
            ("prepared before it is activated", call("PrepareLayer", DRIVER, text(SPARE), *both), NOT_FOUND, order),
            ("unprepared before it is activated", call("UnprepareLayer", DRIVER, text(SPARE)), NOT_FOUND, order),
            ("deactivated before it is activated", call("DeactivateLayer", DRIVER, text(SPARE)), NOT_FOUND, order),
            ("deactivated while prepared", call("DeactivateLayer", DRIVER, text(SCRATCH)), IN_USE, order),
            ("mount path before it is activated", call("GetLayerMountPath", DRIVER, text(SPARE), "out-buffer:none:49"), NOT_FOUND,
             order),
            ("buffer too small for the mount path", call("GetLayerMountPath", DRIVER, text(SCRATCH), "out-buffer:none:10"),
             "0x8007007a",
             "the first call with no buffer tells the size [hcsshim, GetLayerMountPath]"),
            ("destroyed while active", call("DestroyLayer", DRIVER, text(SCRATCH)), IN_USE,
             "still mounted [containerd deactivates first]"),
            ("parent destroyed while in use", call("DestroyLayer", DRIVER, text(BASE)), IN_USE,
             "a mounted scratch needs it; strict reading"),
            ("exported while prepared", call("ExportLayer", DRIVER, text(SCRATCH), "text:C:\\hostdata", *both), IN_USE,
             "the container is stopped and unmounted before [hcsshim, export]; strict reading"),
            ("scratch made twice", call("CreateSandboxLayer", DRIVER, text(SPARE), "null", *both), EXISTS,
             "a file of that name is there"),
            ("scratch without layers", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", "null", "number:0"),
             BAD_PARAMETER, "a scratch has parents; strict reading"),
            ("scratch on layers in the wrong order", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer(BASE),
                                                          layer(DELTA)),
             PATH_NOT_FOUND, chain),
            ("the base left out", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer(DELTA)), PATH_NOT_FOUND,
             chain),
            ("id of another layer", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer(DELTA, UNKNOWN),
                                         layer(BASE)),
             PATH_NOT_FOUND, chain),
            ("folder that is no layer", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer("C:\\hostdata"),
                                             layer(BASE)),
             PATH_NOT_FOUND, chain),
            ("flag set in a descriptor", call("CreateSandboxLayer", DRIVER, "text:C:\\L\\new", "null", layer(DELTA, flags=1),
                                              layer(BASE)),
             BAD_PARAMETER, "flags are zero [hcsshim, layer descriptors]; strict reading"),
            ("base processed twice", call("ProcessBaseImage", text(BASE)), EXISTS,
             "it fails when Hives and layout are there [hcsshim]"),
            ("base without hives", call("ProcessBaseImage", "text:C:\\hostdata"), FILE_NOT_FOUND,
             "it needs the registry of a real base"),
            ("utility VM that is none", call("ProcessUtilityImage", "text:C:\\hostdata"), FILE_NOT_FOUND,
             "its files are below Files"),
            ("empty name", call("NameToGuid", "text:", "out-guid:none"), BAD_PARAMETER, "a name must be; strict reading"),
        ])

    def test_prepared_with_other_layers(self):
        """The scratch that was prepared with two layers is prepared with one, then unprepared twice."""
        rows = [("PrepareLayer", (layer(BASE),), PATH_NOT_FOUND,
                 "the descriptors are not those the scratch is for [third-party record]")]
        script = Script()
        script.call("ActivateLayer", DRIVER, text(SPARE))
        script.call("PrepareLayer", DRIVER, text(SPARE), layer(DELTA), layer(BASE))
        script.call("UnprepareLayer", DRIVER, text(SPARE))
        rows.append(("UnprepareLayer", (), NOT_FOUND, "0x490: element not found, not mounted [hcsshim, errors of layers]"))
        lines = [script.call(function, DRIVER, text(SPARE), *layers) for function, layers, _, _ in rows]
        script.call("DeactivateLayer", DRIVER, text(SPARE))
        results = self.host.replay(script)
        for (name, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)
        self.assertEqual(self.host.before, self.host.leftovers())

    def test_no_home_directory(self):
        """HomeDir NULL is not refused: the DLL reads through it and the process dies [third-party record]."""
        script = Script()
        script.call("ActivateLayer", "driver:1", text(SPARE))
        with self.assertRaisesRegex(AssertionError, f"ended with {ACCESS_VIOLATION}"):
            self.host.replay(script)

    def test_imports(self):
        """Transport folders with one thing wrong."""
        rows = (
            ("bytes without streams", "Files\\app\\new.exe", b"MZ" + bytes(100), BAD_DATA,
             "raw bytes in place of streams [third-party record]"),
            ("cut short", "Files\\app\\new.exe", transport_file(b"0123456789")[:-1], BAD_DATA, "raw bytes in place of streams"),
            ("folder without its metadata", "Files\\app.$wcidirs$", None, FILE_NOT_FOUND,
             "missing .$wcidirs$ [third-party record]"),
            ("a hive that is none", "Hives\\System_Delta", b"text", "0x800703f1",
             "ERROR_BADDB in the merge of hives [hcsshim, PR 901]"),
        )
        script = Script()
        lines = []
        for number, (_, path, data, _, _) in enumerate(rows):
            staging = f"C:\\staging{number}"
            self.host.put_delta(staging)
            if path.startswith("Hives"):
                self.host.write(f"{staging}\\Hives.$wcidirs$", (0x10).to_bytes(4, "little"))
            if data is None:
                self.host.remove(f"{staging}\\{path}")
            else:
                self.host.write(f"{staging}\\{path}", data)
            lines.append(script.call("ImportLayer", DRIVER, f"text:C:\\L\\import{number}", text(staging), layer(BASE)))
        rows += (("staging folder not there", "", b"", PATH_NOT_FOUND, "no such directory"),
                 ("id of another layer", "", b"", PATH_NOT_FOUND, "an unrelated GUID in ImportLayer [third-party record]"))
        lines.append(script.call("ImportLayer", DRIVER, "text:C:\\L\\new", "text:C:\\nosuch", layer(BASE)))
        lines.append(script.call("ImportLayer", DRIVER, "text:C:\\L\\new", "text:C:\\staging", layer(BASE, UNKNOWN)))
        results = self.host.replay(script)
        for (name, _, _, code, fact), line in zip(rows, lines):
            with self.subTest(name):
                self.judge(results[line], code, fact)


del FaultTest  # no tests of its own
if __name__ == "__main__":
    unittest.main()
