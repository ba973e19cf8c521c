#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The docs name tests as `file`: `test`, `test`; each of them must exist."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(\w+_test\.c|test_\w+\.py)`: ((?:`\w+`(?:, )?)+)")


def sources(name):
    return [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob(name)]


def main():
    missing, count = [], 0
    for page in sorted((ROOT / "docs").glob("*.md")):
        for file, tests in NAMED.findall(page.read_text(encoding="utf-8")):
            texts = sources(file)
            for test in re.findall(r"\w+", tests):
                count += 1
                if not any(re.search(rf"\b{test}\b", text) for text in texts):
                    missing.append(f"{page.relative_to(ROOT)}: {file} has no {test}")
    print("\n".join(missing) or f"named tests: {count}")
    return 1 if missing or not count else 0


if __name__ == "__main__":
    sys.exit(main())
