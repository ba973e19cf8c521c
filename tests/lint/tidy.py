#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs clang-tidy over src/ with the settings of .clang-tidy.

tidy.py [--native BUILD] [--windows BUILD] [FILE...]

BUILD is a configured build folder: the portable files are checked as the native (clang) build
compiles them, the Windows files as the mingw build does. A clean result is remembered in
build/tidy-cache under the content of the file, of all project headers it reaches and of the
settings, so a second run takes a moment.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "tidy-cache"
TIDY = "clang-tidy-14"
CLANG = "clang-14"
TARGET = "--target=x86_64-w64-mingw32"


def commands(build):
    """{file: arguments after the compiler} of the files of src/ in a build folder."""
    with open(pathlib.Path(build) / "compile_commands.json", encoding="utf-8") as database:
        entries = json.load(database)
    found = {}
    for entry in entries:
        path = pathlib.Path(entry["file"])
        if (ROOT / "src") in path.parents and path.suffix == ".c":
            found.setdefault(path, clean(shlex.split(entry["command"])))
    return found


def clean(words):
    """Keeps what decides the meaning of the code: definitions, includes, language, target, warnings."""
    kept, words = [], iter(words[1:])
    for word in words:
        if word in ("-o", "-c", "-MF", "-MT"):
            next(words)
        elif word in ("-include", "-isystem"):
            kept += [word, next(words)]
        elif word.startswith(("-D", "-I", "-std=", "-W")) and word != "-Werror":
            kept.append(word)
    return kept


def jobs(native, windows):
    """(file, arguments) of everything: Windows files are those that only the mingw build has."""
    native_files = commands(native) if native else {}
    result = list(native_files.items())
    if windows:
        # Warnings of gcc that clang does not know are no findings.
        extra = [TARGET, "-Wno-unknown-warning-option"]
        result += [(path, extra + arguments) for path, arguments in commands(windows).items()
                   if path not in native_files]
    return result


def reached(path, arguments):
    """The project files that a file includes, itself among them."""
    output = subprocess.run([CLANG, *arguments, "-MM", str(path)], check=True,
                            capture_output=True, text=True).stdout
    return sorted(output.replace("\\\n", " ").split()[1:])


def key_of(path, arguments):
    digest = hashlib.sha256(" ".join(arguments).encode())
    for file in [str(ROOT / ".clang-tidy"), __file__, *reached(path, arguments)]:
        digest.update(pathlib.Path(file).read_bytes())
    return digest.hexdigest()


def check(job):
    """(file, output, clean)"""
    path, arguments = job
    try:
        mark = CACHE / key_of(path, arguments)
    except subprocess.CalledProcessError as error:
        return path, error.stderr, False
    if mark.exists():
        return path, "", True
    run = subprocess.run([TIDY, "--quiet", str(path), "--", *arguments], cwd=ROOT, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode == 0 and not run.stdout.strip():
        mark.touch()
        return path, "", True
    return path, run.stdout or run.stderr, False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--native", help="build folder of the preset asan")
    parser.add_argument("--windows", help="build folder of the preset mingw")
    parser.add_argument("files", nargs="*", help="only these")
    options = parser.parse_args()
    wanted = {pathlib.Path(name).resolve() for name in options.files}
    work = [job for job in jobs(options.native, options.windows) if not wanted or job[0] in wanted]
    if not work:
        print("tidy: nothing to check")
        return 1
    CACHE.mkdir(parents=True, exist_ok=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, output, ok in pool.map(check, work):
            if not ok:
                bad += 1
                print(f"--- {path.relative_to(ROOT)}\n{output}", flush=True)
    print(f"tidy: {len(work)} files, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
