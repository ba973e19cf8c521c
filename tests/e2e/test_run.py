# SPDX-License-Identifier: MIT
"""wrun run, from the first pull to the last trace."""
import hashlib
import json
import os
import re
import subprocess
import time
import unittest

from hosted import IMAGE, Hosted


class Run(Hosted):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls().ok("pull", IMAGE)

    def tearDown(self):
        self.assert_clean()

    # ---- the main job ----

    def test_bind_mount_exit_code_and_nothing_left(self):
        cache = self.mkdir("d", "cache")
        result = self.wrun("run", "--rm", "--mount", r"type=bind,src=d:\cache,dst=C:\cache", IMAGE, "cmd", "/c",
                           r"echo hi> C:\cache\f & exit 7")
        self.assertEqual(result.code, 7, result)
        self.assertEqual((cache / "f").read_bytes().rstrip(), b"hi")

    def test_the_image_says_what_to_run(self):
        result = self.run_image(IMAGE)
        self.assertEqual((result.code, result.out), (0, "hello from the image\n"), result)

    def test_all_32_bits_of_the_exit_code(self):
        for text, code in (("0", 0), ("255", 255), ("256", 256), ("0x7fffffff", 0x7FFFFFFF), ("0xC000013A", 0xC000013A),
                           ("0xffffffff", 0xFFFFFFFF)):
            with self.subTest(text):
                result = self.run_image(IMAGE, "tool", "exit", text)
                self.assertEqual(result.code, code, result)

    def test_a_pull_happens_when_the_image_is_missing(self):
        self.mkdir("d", "other-root")
        result = self.wrun("run", "--root", r"d:\other-root", IMAGE)
        self.assertEqual((result.code, result.out), (0, "hello from the image\n"), result)
        self.assertIn("downloaded", result.err)
        result = self.wrun("run", "--root", r"d:\other-root", "--pull", "never", IMAGE)
        self.assertNotIn("download", result.err)

    # ---- streams ----

    def test_output_and_error_are_separate_and_untouched(self):
        result = self.run_image(IMAGE, "tool", "both", "to output", "to error")
        self.assertEqual((result.bytes, result.err), (b"to output", "to error"))

    def test_input_passes_through_findstr(self):
        result = self.run_image("-i", IMAGE, "findstr", "x", data=b"data\r\nxray\r\nbox\r\n")
        self.assertEqual((result.code, result.bytes), (0, b"xray\r\nbox\r\n"), result)
        result = self.run_image("-i", IMAGE, "findstr", "x", data=b"data\n")
        self.assertEqual((result.code, result.bytes), (1, b""), result)

    def test_a_hundred_megabytes_arrive_byte_for_byte(self):
        data = os.urandom(1 << 20) * 100
        result = self.run_image("-i", IMAGE, "tool", "cat", data=data)
        self.assertEqual(result.code, 0)
        self.assertEqual(hashlib.sha256(result.bytes).hexdigest(), hashlib.sha256(data).hexdigest())

    def test_end_of_input_is_delivered_at_once(self):
        for arguments, data in ((["-i"], b""), ([], None)):
            result = self.run_image(*arguments, IMAGE, "tool", "count", data=data)
            self.assertEqual((result.code, result.out), (0, "0 0\n"), result)

    def test_input_that_nobody_reads_holds_nothing_up(self):
        result = self.run_image("-i", IMAGE, "tool", "exit", "3", data=b"x" * (4 << 20))
        self.assertEqual(result.code, 3, result)

    def test_input_is_not_read_without_i(self):
        result = self.run_image(IMAGE, "tool", "count", data=b"not for the container")
        self.assertEqual((result.code, result.out), (0, "0 0\n"), result)

    def test_the_last_output_before_the_end_is_not_lost(self):
        result = self.run_image(IMAGE, "tool", "spew", "3000000")
        self.assertEqual(len(result.bytes), 3000000)
        self.assertEqual(result.bytes[-3:], bytes((i * 7 + i // 251) & 255 for i in range(2999997, 3000000)))

    def test_a_reader_that_goes_away_is_no_disaster(self):
        run = self.start("run", "-q", IMAGE, "tool", "spew", "50000000")
        run.starter.stdout.read(1000)
        run.starter.stdout.close()
        run.starter.stderr.read()
        self.assertIsNotNone(run.wait())

    # ---- the process ----

    def test_arguments_arrive_as_they_were_given(self):
        arguments = ["plain", "with space", 'quote"inside', "back\\slash", "end\\", "space end\\", "", "a&b|c>d^e%f%", "ü🐫"]
        result = self.run_image(IMAGE, "tool", "args", *arguments)
        self.assertEqual(result.out.splitlines()[:8], [f"[{a}]" for a in arguments[:8]], result)

    def test_a_raw_command_line(self):
        result = self.run_image("--cmdline", 'tool args "a b"  c', IMAGE)
        self.assertEqual(result.out, "[a b]\n[c]\n", result)

    def test_environment(self):
        env_file = self.drive("d", "env.txt")
        env_file.write_bytes(b"# comment\r\nFROM_FILE=1 2\r\nDEMO=file\r\n")
        result = self.run_image("--env-file", r"d:\env.txt", "-e", "demo=flag", "-e", "COPIED", "-e", "UNSET", "-e", "EMPTY=",
                                IMAGE, "tool", "env", environment={"COPIED": "from the host"})
        lines = result.out.splitlines()
        for line in ("FROM_FILE=1 2", r"DEMO_HOME=C:\app", "COPIED=from the host"):
            self.assertIn(line, lines, result)
        self.assertEqual([line for line in lines if line.lower().startswith("demo=")], ["demo=flag"])
        self.assertFalse([line for line in lines if line.startswith("UNSET")])

    def test_working_directory(self):
        for arguments, directory in (([], r"C:\app"), (["-w", r"C:\Users\Public"], r"C:\Users\Public"),
                                     (["-w", "C:/Users"], r"C:\Users")):
            result = self.run_image(*arguments, IMAGE, "tool", "cwd")
            self.assertEqual(result.out.strip().lower(), directory.lower(), result)

    def test_user_and_hostname(self):
        result = self.run_image("-u", "ContainerUser", "--hostname", "builder", IMAGE, "cmd", "/c",
                                "echo %USERNAME% %COMPUTERNAME%")
        self.assertEqual(result.out.strip().lower(), "containeruser builder", result)

    def test_entrypoint(self):
        result = self.run_image("--entrypoint", "tool", IMAGE, "args", "x y")
        self.assertEqual(result.out, "[x y]\n", result)

    # ---- mounts ----

    def test_a_read_only_mount_refuses_writes(self):
        self.isolated()  # a link in place of a mount cannot be read-only
        self.mkdir("d", "ro").joinpath("there.txt").write_bytes(b"content\r\n")
        result = self.run_image("--mount", r"src=d:\ro,dst=C:\ro,ro", IMAGE, "tool", "write", r"C:\ro\new.txt", "x")
        self.assertNotEqual(result.code, 0, result)
        self.assertFalse(self.drive("d", "ro", "new.txt").exists())
        result = self.run_image("-v", r"d:\ro:C:\ro:ro", IMAGE, "cmd", "/c", r"type C:\ro\there.txt")
        self.assertEqual(result.out, "content\n", result)

    def test_a_whole_drive_as_destination(self):
        self.mkdir("d", "src").joinpath("file.txt").write_bytes(b"on a drive\r\n")
        result = self.run_image("--mount", r"src=d:\src,dst=E:", IMAGE, "cmd", "/c", r"type E:\file.txt")
        self.assertEqual(result.out, "on a drive\n", result)

    def test_names_with_spaces_and_umlauts(self):
        self.mkdir("d", "Grüße an alle").joinpath("ü.txt").write_bytes(b"ja\r\n")
        result = self.run_image("-v", r"d:\Grüße an alle:C:\Grüße", IMAGE, "cmd", "/c", r"dir /b C:\Grüße")
        self.assertEqual(result.code, 0, result)
        self.assertIn(".txt", result.out)

    def test_a_lock_file_on_a_mounted_directory(self):
        self.mkdir("d", "opam")
        result = self.run_image("-v", r"d:\opam:C:\opam", IMAGE, "tool", "lock", r"C:\opam\config.lock")
        self.assertEqual((result.code, result.out), (0, "locked, renamed, deleted\n"), result)

    # ---- what the image holds ----

    def test_the_layers_are_what_the_container_sees(self):
        script = " & ".join([
            r"type C:\License.txt", r"type C:\Windows\License-again.txt", r"type C:\app\readonly.txt",
            r"type C:\app\license-link.txt", r"(if exist C:\Windows\removed-by-delta.txt echo LEFT)",
            r"(if exist C:\Windows\removed-tree echo LEFT)", r"call C:\app\hello.cmd you",
            r'if exist "C:\Documents and Settings\Public" echo junction works'])
        result = self.run_image("--cmdline", f"cmd /c {script}", IMAGE)
        self.assertEqual(result.out.splitlines(), [
            "wrun demo base layer", "wrun demo base layer", "read only", "wrun demo base layer",
            "hello from a batch file, you", "junction works"], result)

    def test_what_a_container_writes_is_gone_with_it(self):
        self.assertEqual(self.run_image(IMAGE, "cmd", "/c", r"(echo x)> C:\app\new.txt & type C:\app\new.txt").out, "x\n")
        result = self.run_image(IMAGE, "cmd", "/c", r"if exist C:\app\new.txt (echo LEFT) else echo gone")
        self.assertEqual(result.out, "gone\n", result)

    # ---- network ----

    def test_nat_gives_an_address_and_reaches_the_host(self):
        self.isolated()
        result = self.run_image(IMAGE, "ipconfig")
        self.assertRegex(result.out, r"IPv4 address.*: 172\.", result)

    def test_no_network_is_none(self):
        self.isolated()
        result = self.run_image("--network", "none", IMAGE, "ipconfig")
        self.assertNotRegex(result.out, r"172\.", result)

    # ---- names, keeping ----

    def test_kept_and_removed(self):
        result = self.wrun("run", "--keep", "--name", "kept", IMAGE, "cmd", "/c", "exit 0")
        self.assertEqual(result.code, 0, result)
        self.assertEqual([kind for kind, _ in self.leftovers()], ["scratch"])
        self.assertEqual(self.run_image(IMAGE).code, 0)
        self.assertEqual([kind for kind, _ in self.leftovers()], ["scratch"])
        result = self.wrun("run", "--name", "KEPT", IMAGE)
        self.assertEqual(result.code, 125, result)
        self.assertIn("was kept", result.err)
        self.assertEqual(self.ok("rm", "kept").out, "kept\n")
        result = self.wrun("rm", "--json", "kept")
        self.assertEqual(result.code, 4, result)
        failed, = json.loads(result.out)["failed"]
        self.assertEqual((failed["name"], failed["error"]), ("kept", "not-found"))

    def test_a_kept_run_without_a_name_can_be_found(self):
        result = self.wrun("run", "--keep", IMAGE, "cmd", "/c", "exit 3")
        self.assertEqual(result.code, 3, result)
        name = re.search(r"^wrun: kept as (wrun-\w+); 'wrun rm' removes it$", result.err, re.M).group(1)
        row, = [row for row in json.loads(self.ok("layer", "ls", "--all", "--json").out) if row["state"] == "kept"]
        self.assertEqual((row["run"], row["from"], row["parent"]), (name, IMAGE, IMAGE))
        self.assertGreater(row["exclusive"], 1000)
        self.assertIn(name, self.ok("layer", "ls", "-aq").out.splitlines())
        self.assertNotIn(name, self.ok("layer", "ls", "-q").out)
        self.assertEqual(json.loads(self.ok("rm", "--json", name).out), {"removed": [name], "failed": []})
        self.assertNotIn(name, self.ok("layer", "ls", "-aq").out)

    def test_a_name_belongs_to_one_run_at_a_time(self):
        first = self.start("run", "-q", "-i", "--name", "one", IMAGE, "tool", "cat", stdin=subprocess.PIPE)
        first.starter.stdin.write(b"up\n")
        first.starter.stdin.flush()
        self.assertEqual(first.starter.stdout.read(3), b"up\n")
        result = self.wrun("run", "--name", "one", IMAGE)
        self.assertEqual(result.code, 125, result)
        self.assertIn("a run named 'one' exists", result.err)
        first.starter.stdin.close()
        first.starter.stdout.read()
        self.assertEqual(first.wait(), 0)

    # ---- the plan ----

    def test_a_dry_run_shows_every_document_and_does_nothing(self):
        self.mkdir("d", "cache")
        before = len(self.journal())
        result = self.ok("run", "--json", "--dry-run", "-v", r"d:\cache:C:\cache", "--hostname", "h", IMAGE, "cmd", "/c", "ver")
        plan = json.loads(result.out)
        documents = [step["document"] for step in plan["steps"] if "document" in step]
        container = next(d for d in documents if "Container" in d)["Container"]
        self.assertEqual(container["GuestOs"], {"HostName": "h"})
        self.assertEqual(container["MappedDirectories"][0]["ContainerPath"], r"C:\cache")
        self.assertEqual(len(container["Storage"]["Layers"]), 2)
        self.assertTrue(any(d.get("CommandLine") == "cmd /c ver" for d in documents))
        self.assertLessEqual(set(self.calls(before)), {"NameToGuid"})  # which computes and changes nothing
        text = self.ok("run", "--dry-run", IMAGE).out
        self.assertIn("HcsCreateComputeSystem", text)

    # ---- failures ----

    def test_failures_have_docker_codes_and_a_remedy(self):
        cases = [
            (127, ["run", IMAGE, "nosuch.exe"], ["nosuch.exe", "0x80070002", "hint:"]),
            (126, ["run", "-w", r"C:\nope", IMAGE], ["working directory", "0x8007010B"]),
            (126, ["run", "-u", "nobody", IMAGE], ["ContainerUser", "0x8007052E"]),
            (125, ["run", "-v", r"d:\nope:C:\x", IMAGE], [r"d:\nope", "must exist"]),
            (125, ["run", "--mount", r"src=c:\windows,dst=D:\x", IMAGE], ["must be on C: or be a whole drive", "dst=D:"]),
            (125, ["run", "--no-such-flag", IMAGE], ["unknown option --no-such-flag"]),
            (125, ["run", "-t", IMAGE], ["--tty"]),
            (125, ["run", "--read-only", IMAGE], ["--read-only"]),
            (125, ["run", "--network", "host", IMAGE], ["nat, none"]),
            (125, ["run", "--pull", "never", "127.0.0.1:5000/demo/other"], ["not in the store"]),
            (125, ["run"], ["an argument is missing"]),
            (125, ["run", "127.0.0.1:5000/UPPER"], ["lower"]),
            (2, ["rnu"], ["there is no command 'rnu'"]),
        ]
        for code, arguments, says in cases:
            with self.subTest(" ".join(arguments)):
                self.refused(code, *arguments, says=says)

    def test_the_status_file_tells_how_it_ended(self):
        for arguments, phase, exit_code, code in ((["tool", "exit", "0xC0000005"], "exited", 0xC0000005, 0xC0000005),
                                                  (["nosuch.exe"], "failed", None, 127)):
            result = self.run_image("--status-file", r"d:\status.json", IMAGE, *arguments)
            status = json.loads(self.drive("d", "status.json").read_bytes())
            self.assertEqual((status["phase"], status["exit_code"], status["wrun_code"]), (phase, exit_code, code), result)
            self.assertEqual(status["error"] is None, exit_code is not None)

    def test_errors_as_json(self):
        result = self.wrun("--json", "run", IMAGE, "nosuch.exe")
        self.assertEqual(result.code, 127)
        error = json.loads(result.err.splitlines()[-1])["error"]
        self.assertEqual((error["verb"], error["kind"], error["code"]), ("run", "not-found", 2))

    def test_every_call_that_fails_leaves_nothing(self):
        before = len(self.journal())
        self.assertEqual(self.run_image(IMAGE).code, 0)
        made = [name for name in self.calls(before) if not name.startswith(("NameToGuid", "(event"))]
        for function in sorted(set(made)):
            if function in ("HcsCloseComputeSystem", "HcsCloseProcess") or "Unregister" in function or "Close" in function:
                continue
            with self.subTest(function):
                self.fault(fn=function, nth=1, do="fail", hr="0x80004005")
                result = self.wrun("run", IMAGE)
                self.doCleanups()
                self.assertIsNotNone(result.code, result)
                self.run_image(IMAGE)
                self.assert_clean()


class Stop(Hosted):
    """Runs that do not end by themselves."""

    def running(self, *command):
        run = self.start("run", "-q", IMAGE, *command)
        self.assertEqual(run.starter.stdout.readline().strip(), b"ready")
        return run

    def test_a_killed_run_is_cleaned_up_by_the_next(self):
        run = self.running("tool", "ctrlwait")
        run.kill()
        run.starter.stdout.read()
        run.wait()
        deadline = time.monotonic() + 20
        while any(kind == "system" for kind, _ in self.leftovers()) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertFalse([line for line in self.leftovers() if line[0] == "system"], "the container outlived its creator")
        self.assertEqual(self.run_image(IMAGE).code, 0)
        self.assert_clean()

    def test_ctrl_c_reaches_the_process_and_its_code_comes_back(self):
        run = self.running("tool", "ctrlwait")
        run.interrupt()
        out = run.starter.stdout.read()
        self.assertEqual((run.wait(), out.strip()), (3, b"control event"))
        self.assert_clean()

    def test_killed_before_and_after_every_call(self):
        self.assertEqual(self.run_image(IMAGE).code, 0)
        for function in ("ActivateLayer", "PrepareLayer", "HcnCreateNamespace", "HcnCreateEndpoint", "HcnModifyNamespace",
                         "HcsCreateComputeSystem", "HcsStartComputeSystem", "HcsCreateProcess", "HcsShutdownComputeSystem",
                         "HcnDeleteEndpoint", "UnprepareLayer", "DestroyLayer"):
            for moment in ("kill-before", "kill-after"):
                with self.subTest(function=function, moment=moment):
                    self.fault(fn=function, nth=1, do=moment)
                    self.run_image(IMAGE)
                    self.doCleanups()
                    self.assertEqual(self.run_image(IMAGE).code, 0)
                    self.assert_clean()


if __name__ == "__main__":
    unittest.main()
