#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks who includes whom in src/ (docs/architecture.md has the picture).

- A module includes only itself and the modules below it; siblings never include each other.
- Portable files reach neither a system's own headers nor src/win32, directly or through others; they
  see the C library and the module's third-party libraries.
- A third-party library has its home (libarchive has two: tar files in one, compression in the other).
- Every .c file stands in exactly one list of its folder's CMakeLists.txt, includes its own header
  first, and every file begins with the SPDX line.
- There is no goto.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

BELOW = {
    "base": set(),
    "win32": {"base"},
    "registry": {"base"},
    "layers": {"base", "win32"},
    "hcn": {"base", "win32"},
    "hcs": {"base", "win32"},
    "runner": {"base", "win32", "registry", "layers", "hcn", "hcs"},
}

C_LIBRARY = set(
    "assert.h ctype.h errno.h float.h inttypes.h limits.h locale.h math.h setjmp.h signal.h stdalign.h "
    "stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h time.h wchar.h".split()
)
# Of the compiler, for the hash instructions; both systems have them.
COMPILER = {"cpuid.h", "immintrin.h"}

THIRD_PARTY = {
    "base": ("yajl/",),
    "registry": ("curl/", "archive.h", "archive_entry.h"),
    "layers": ("archive.h", "archive_entry.h", "isa-l.h", "isa-l/", "zlib.h", "zstd.h"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')


def read_lists(folder):
    """{file name: PORTABLE | POSIX | WINDOWS} of the folder's CMakeLists.txt."""
    text = re.sub(r"#.*", "", (folder / "CMakeLists.txt").read_text(encoding="utf-8"))
    lists, problems = {}, []
    for call in re.findall(r"wrun_(?:module|executable)\(([^)]*)\)", text):
        kind = None
        for word in call.split()[1:]:
            if word.isupper():
                kind = word
            elif kind in ("PORTABLE", "POSIX", "WINDOWS"):
                if word in lists:
                    problems.append(f"{folder / word}: stands in two lists of CMakeLists.txt")
                lists[word] = kind
    return lists, problems


class Sources:
    def __init__(self):
        self.problems = []
        self.kind = {}
        self.includes = {}
        for module in BELOW:
            self.read_module(module)

    def report(self, path, text):
        self.problems.append(f"{path.relative_to(ROOT)}: {text}")

    def read_module(self, module):
        folder = SRC / module
        lists, problems = read_lists(folder)
        self.problems += problems
        for name in sorted(set(lists) - {path.name for path in folder.glob("*.c")}):
            self.report(folder / name, "is in CMakeLists.txt but does not exist")
        for path in sorted(folder.glob("*.[ch]")):
            text = path.read_text(encoding="utf-8")
            self.check_text(path, text)
            found = INCLUDE.findall(text)
            self.includes[path] = [(quoted, angled) for quoted, angled in found]
            if path.suffix == ".c":
                self.kind[path] = lists.get(path.name)
                if path.name not in lists:
                    self.report(path, "is in no list of CMakeLists.txt")
                own = path.with_suffix(".h")
                if own.exists() and (not found or found[0][0] != f"{module}/{own.name}"):
                    self.report(path, "does not include its own header first")

    def check_text(self, path, text):
        if not text.startswith("/* SPDX-License-Identifier: MIT */\n"):
            self.report(path, "does not begin with the SPDX line")
        if path.suffix == ".h" and "\n#pragma once\n" not in text:
            self.report(path, "has no #pragma once")
        code = STRING.sub('""', COMMENT.sub(" ", text))
        if re.search(r"\bgoto\b", code):
            self.report(path, "uses goto")

    def check_arrows(self):
        for path, includes in self.includes.items():
            module = path.parent.name
            for quoted, angled in includes:
                if quoted:
                    self.check_project_include(path, module, quoted)
                else:
                    self.check_home(path, module, angled)

    def check_project_include(self, path, module, name):
        if not (SRC / name).exists():
            self.report(path, f'includes "{name}", which is not in src/')
            return
        target = name.split("/")[0]
        if target != module and target not in BELOW[module]:
            self.report(path, f'{module} must not include "{name}"')

    def check_home(self, path, module, name):
        for home, names in THIRD_PARTY.items():
            if name.startswith(names) and not name.startswith(THIRD_PARTY.get(module, ())):
                self.report(path, f"<{name}> belongs to {home}")

    def check_portable(self):
        for path, kind in self.kind.items():
            if kind == "PORTABLE":
                self.walk(path, path, [], set())

    def walk(self, start, path, chain, seen):
        """Everything 'path' reaches must be portable; 'chain' says how 'start' got here."""
        if path in seen or path not in self.includes:
            return
        seen.add(path)
        via = " through " + ", ".join(chain) if chain else ""
        third_party = THIRD_PARTY.get(path.parent.name, ())
        for quoted, angled in self.includes[path]:
            if quoted.startswith("win32/"):
                self.report(start, f'is portable but includes "{quoted}"{via}')
            elif quoted:
                self.walk(start, SRC / quoted, chain + [quoted], seen)
            elif angled not in C_LIBRARY | COMPILER and not angled.startswith(third_party or "\0"):
                self.report(start, f"is portable but includes <{angled}>{via}")


def main():
    sources = Sources()
    sources.check_arrows()
    sources.check_portable()
    for problem in sources.problems:
        print(problem)
    print(f"includes: {len(sources.includes)} files, {len(sources.problems)} problems")
    return 1 if sources.problems else 0


if __name__ == "__main__":
    sys.exit(main())
