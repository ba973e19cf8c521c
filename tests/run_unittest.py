#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one module of unittest cases from the current folder, as ctest wants it.

Exit code 0: passed, 1: failed, 77: every case was skipped. A skip is never silent: its name and
reason are printed, and added to the file named by WRUN_TEST_SKIPS. Where CI=true a skip is a failure,
because there everything is supposed to be present.
"""
import os
import sys
import unittest


def main():
    sys.path.insert(0, os.getcwd())
    suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    skips = [f"{case.id()}: {reason}" for case, reason in result.skipped]
    for skip in skips:
        print("skipped:", skip)
    if skips and os.environ.get("WRUN_TEST_SKIPS"):
        with open(os.environ["WRUN_TEST_SKIPS"], "a", encoding="utf-8") as log:
            log.writelines(skip.replace("\n", " ") + "\n" for skip in skips)
    if not result.wasSuccessful() or result.unexpectedSuccesses:
        return 1
    if result.testsRun == 0:
        print(f"{sys.argv[1]} has no test cases")
        return 1
    if skips and os.environ.get("CI") == "true":
        print("skipped tests are failures where CI=true")
        return 1
    return 77 if len(skips) >= result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
