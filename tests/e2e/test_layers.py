# SPDX-License-Identifier: MIT
"""Named layers on the simulated host: prepare, and what is left by it."""
import concurrent.futures
import hashlib
import json
import shutil
import subprocess
import unittest

from hosted import IMAGE
from pulled import NOT_FOUND
from test_store import BUSY, StoreOnHost


class Layers(StoreOnHost):
    def layer(self, verb, *arguments, code=0, says=()):
        result = self.wrun("layer", verb, "-q", "--root", self.root, *arguments)
        self.assertEqual(result.code, code, result)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.err, result)
        return result

    def record(self, name):
        return json.loads((self.store.root / "names" / name / "layer.json").read_text())

    def assert_clean(self):
        """Nothing is mounted, and every scratch on the disk is that of a name."""
        records = [self.record(name) for name in self.store.names("names")]
        kept = [f"D:\\store\\scratch\\{record['scratch']}" for record in records if "scratch" in record]
        self.assertEqual([left for left in self.leftovers() if left[1] not in kept], [])

    def start_on(self, *options):
        """A container that lives until its input ends."""
        run = self.start("run", "-q", "-i", "--root", self.root, "--network", "none", *options, "tool", "cat",
                         stdin=subprocess.PIPE)
        run.starter.stdin.write(b"up\n")
        run.starter.stdin.flush()
        self.assertEqual(run.starter.stdout.read(3), b"up\n")
        return run

    def forge(self, name, *parents):
        """A committed layer of this name on others of their names, the first on an image's; its directory."""
        image = self.record("image")["parents"]
        chain = [self.record(parent)["layer"] for parent in parents] + image
        digest = hashlib.sha256(name.encode()).hexdigest()
        directory = self.store.layer(digest[:32])
        (directory / "Files").mkdir(parents=True)
        (directory / "Files/x.bin").write_bytes(b"x" * 1000)
        (directory / "wrun.json").write_text(json.dumps(
            {"diffId": f"sha256:{digest}", "chainId": f"sha256:{digest}", "parents": chain}))
        record = self.store.root / "names" / name
        record.mkdir()
        (record / "config.json").write_text((self.store.root / "names/image/config.json").read_text())
        (record / "layer.json").write_text(json.dumps(
            {"version": 1, "name": name, "state": "committed", "layer": digest[:32], "parents": chain}))
        return digest[:32]

    def adopt(self, name):
        """The image's topmost layer under a name, as if it were committed; the image itself is gone."""
        self.prepare("image")
        top, *rest = self.record("image")["parents"]
        shutil.copytree(self.store.root / "names/image", self.store.root / "names" / name)
        (self.store.root / "names" / name / "layer.json").write_text(json.dumps(
            {"version": 1, "name": name, "state": "committed", "layer": top, "parents": rest}))
        self.at("rmi", IMAGE)
        self.layer("rm", "image")
        return top

    def prepare(self, name, *arguments, source=IMAGE, **more):
        return self.layer("prepare", name, "--from", source, *arguments, **more)


class Preparing(Layers):
    def test_a_layer_on_an_image(self):
        answer = json.loads(self.prepare("One", "--json", "--label", "b=2", "-l", "a").out)
        (scratch,) = self.store.names("scratch")
        self.assertEqual((answer["name"], answer["state"], answer["from"]), ("One", "active", IMAGE))
        self.assertEqual(answer["labels"], {"a": "", "b": "2"})
        self.assertTrue(answer["path"].endswith(f"\\scratch\\{scratch}"), answer)
        self.assertEqual(sorted(path[-32:] for path in answer["parents"]), self.store.names("layers"))
        self.assertEqual(self.store.names("names"), ["one"])
        self.assertEqual(self.store.names("names/one"), ["config.json", "layer.json"])
        self.assert_clean()

    def test_a_name_that_is_taken(self):
        self.prepare("one")
        self.prepare("ONE", code=BUSY, says=["there is a layer named 'ONE' already", "--replace"])
        self.assertEqual(len(self.store.names("scratch")), 1)

    def test_a_place_that_cannot_hold_layers(self):
        result = self.wrun("layer", "prepare", "--root", "\\\\server\\share\\w", "one", "--from", IMAGE)
        self.assertEqual(result.code, 3, result)
        self.assertIn("hint: choose a store on a local NTFS disk with --root", result.err)

    def test_a_disk_of_another_size(self):
        answer = json.loads(self.prepare("big", "--size", "60GB", "--json").out)
        self.assertEqual(answer["storageBytes"], 60 << 30)
        self.prepare("small", "--size", "10GB", code=1, says=["ExpandSandboxSize", "can only grow"])
        self.assertEqual((self.store.names("names"), len(self.store.names("scratch"))), (["big"], 1))


class Running(Layers):
    def run_on(self, name, *arguments, code=0, says=()):
        return self.at("run", "-q", "--network", "none", "--layer", name, *arguments, code=code, says=says)

    def test_what_a_run_writes_stays(self):
        self.prepare("one")
        self.run_on("one", "cmd", "/c", "echo kept> C:\\kept.txt")
        result = self.run_on("ONE", "--cmdline", "cmd /c type C:\\kept.txt")
        self.assertEqual(result.out, "kept\n")
        self.assertEqual((self.record("one")["state"], self.record("one").get("mounted")), ("active", None))
        self.assertEqual(self.store.names("runs"), ["claim.lock"])
        self.at("run", "-q", "--network", "none", IMAGE, "cmd", "/c", "if exist C:\\kept.txt exit 3")
        self.assert_clean()

    def test_only_one_at_a_time_works_on_a_layer(self):
        self.prepare("one")
        run = self.start_on("--name", "job", "--layer", "one")
        self.run_on("one", "cmd", code=125, says=["the layer 'one' is in use by the run 'job' (process ", "hint: wait"])
        self.prepare("one", code=BUSY, says="in use by the run 'job'")
        self.end_run(run)
        self.run_on("one", "cmd", "/c", "exit 0")

    def test_a_killed_run_leaves_its_layer(self):
        self.prepare("one")
        run = self.start_on("--layer", "one")
        self.assertTrue(self.record("one")["mounted"])
        run.kill()
        self.finish(run)
        self.assertEqual(self.run_on("one", "cmd", "/c", "echo back").out, "back\n")
        self.assertEqual((self.store.names("names"), len(self.store.names("scratch"))), (["one"], 1))
        self.assertEqual(self.store.names("runs"), ["claim.lock"])
        self.assert_clean()

    def test_a_plan_of_a_run_on_a_layer(self):
        self.prepare("one")
        plan = json.loads(self.run_on("one", "--dry-run", "--json", "cmd").out)
        self.assertEqual((plan["layer"], plan["scratch"][-32:]), ("one", self.store.names("scratch")[0]))
        self.assertNotIn("remove the writable layer", [step["step"] for step in plan["steps"]])

    def test_what_cannot_be_run_on(self):
        self.run_on("none", "cmd", code=125, says="there is no layer named 'none'")
        self.run_on("../x", "cmd", code=125, says="is no name for a layer")
        self.prepare("one")
        self.at("run", "--from", "one", "cmd", code=125, says=["is active", "wrun layer commit one"])

    def test_a_bigger_disk_for_one_run(self):
        journal = len(self.journal())
        self.at("run", "-q", "--network", "none", "--storage-opt", "size=40g", IMAGE, "cmd", "/c", "exit 0")
        calls = [name for name in self.calls(journal) if name.endswith(("Layer", "Size"))]
        self.assertEqual(calls[-6:], ["ExpandSandboxSize", "ActivateLayer", "PrepareLayer", "UnprepareLayer",
                                      "DeactivateLayer", "DestroyLayer"])


class Building(Layers):
    def test_the_steps_of_a_build(self):
        """One prepare, run and commit for each step, as build programs do it."""
        self.prepare("base")
        self.at("run", "-q", "--network", "none", "--layer", "base", "cmd", "/c", "echo one> C:\\one.txt")
        self.layer("commit", "base")
        self.assertEqual(self.record("base")["state"], "committed")
        self.at("run", "--layer", "base", "cmd", code=125, says=["is committed", "wrun run --from base"])
        self.prepare("step", source="base")
        self.at("run", "-q", "--network", "none", "--layer", "step", "cmd", "/c",
                "type C:\\one.txt > C:\\two.txt")
        self.layer("commit", "step", "done")
        result = self.at("run", "-q", "--network", "none", "--from", "done", "--cmdline", "cmd /c type C:\\two.txt")
        self.assertEqual(result.out, "one\n")
        self.assertEqual(self.store.names("names"), ["base", "done"])
        self.at("prune")
        self.layer("rm", "base", code=BUSY, says="has 1 child: done")
        self.layer("rm", "-r", "base")
        self.assertEqual((self.store.names("names"), self.store.names("scratch")), ([], []))
        self.check_store()


class Removing(Layers):
    def test_a_writable_layer(self):
        self.prepare("one")
        journal = len(self.journal())
        self.assertEqual(self.layer("rm", "ONE").out, "one\n")
        self.assertEqual(self.layer_calls(journal), ["DestroyLayer"])
        self.assertEqual((self.store.names("names"), self.store.names("scratch")), ([], []))
        self.assertEqual([name for name in self.store.names("locks") if name.startswith("name-")], [])
        self.layer("rm", "one", code=NOT_FOUND, says="there is no layer named 'one'")
        self.layer("rm", "--ignore-missing", "one")

    def test_what_has_children_stays(self):
        self.prepare("image")
        low, high = self.forge("low"), self.forge("high", "low")
        self.prepare("top", source="high")
        failed = json.loads(self.layer("rm", "--json", "low", code=BUSY, says=["2 children", "-r"]).out)["failed"]
        self.assertEqual([(each["name"], each["error"], each["children"]) for each in failed],
                         [("low", "has-children", ["high", "top"])])
        self.assertEqual(self.store.names("names"), ["high", "image", "low", "top"])
        self.assertEqual(self.layer("rm", "-r", "low").out, "top\nhigh\nlow\n")
        self.assertEqual((self.store.names("names"), len(self.store.names("scratch"))), (["image"], 1))
        self.assertFalse({low, high} & set(self.store.names("layers")))

    def test_what_is_in_use_stays(self):
        low = self.adopt("low")
        self.prepare("top", source="low")
        run = self.start_on("--name", "job", "--layer", "top")
        self.layer("rm", "-r", "low", code=BUSY, says="in use by the run 'job'")
        failed = json.loads(self.layer("rm", "--json", "top", code=BUSY).out)["failed"]
        self.assertEqual((failed[0]["error"], failed[0]["holder"]["run"]), ("in-use", "job"))
        self.assertEqual(self.store.names("names"), ["low", "top"])
        self.end_run(run)
        self.layer("rm", "top")
        run = self.start_on("--name", "job", "--from", "low")
        self.layer("rm", "low", code=BUSY, says="is used by the run 'job' (process ")
        self.end_run(run)
        self.at("run", "--network", "none", "--keep", "--name", "kept", "--from", "low", "cmd", "/c", "exit 0")
        self.layer("rm", "low", code=BUSY, says=["the kept layer of the run 'kept'", "wrun rm kept"])
        self.at("rm", "kept")
        self.layer("rm", "low")
        self.assertFalse(self.store.layer(low).exists())
        self.at("prune")
        self.assertEqual((self.store.names("layers"), self.store.names("scratch")), ([], []))

    def test_a_layer_that_an_image_needs_only_loses_its_name(self):
        self.prepare("image")
        layers = self.store.names("layers")
        record = self.record("image")
        self.forge("mine")
        path = self.store.root / "names/mine/layer.json"
        path.write_text(json.dumps({**self.record("mine"), "layer": record["parents"][0],
                                    "parents": record["parents"][1:]}))
        self.layer("rm", "mine")
        self.assertEqual(self.store.names("names"), ["image"])
        self.assertTrue(set(layers) <= set(self.store.names("layers")))

    def test_replacing(self):
        self.prepare("one", "--label", "old")
        old = self.record("one")["scratch"]
        self.prepare("One", "--replace", "--label", "new")
        self.assertNotEqual(self.record("one")["scratch"], old)
        self.assertEqual((self.record("one")["name"], self.record("one")["labels"]), ("One", {"new": ""}))
        self.assertEqual(self.store.names("scratch"), [self.record("one")["scratch"]])

    def test_images_that_names_stand_on(self):
        self.prepare("one")
        layers = self.store.names("layers")
        self.assertEqual(self.at("prune", "--all").out, "Total reclaimed space: 0 B\n")
        self.at("rmi", IMAGE)
        self.at("prune", "--all")
        self.assertEqual((self.store.names("layers"), self.store.names("refs")), (layers, []))
        self.assertEqual(self.at("run", "-q", "--network", "none", "--layer", "one", "cmd", "/c", "echo up").out, "up\n")
        self.layer("rm", "one")
        self.at("prune")
        self.assertEqual(self.store.names("layers"), [])


class Listing(Layers):
    def test_lists(self):
        self.prepare("image", "--label", "a=1")
        low = self.forge("low")
        self.prepare("top", "-l", "a=2", source="low")
        rows = {row["name"]: row for row in json.loads(self.layer("ls", "--json").out)}
        self.assertEqual(sorted(rows), ["image", "low", "top"])
        self.assertEqual({name: row["parent"] for name, row in rows.items()},
                         {"image": IMAGE, "low": IMAGE, "top": "low"})
        self.assertGreater(rows["low"]["exclusive"], 1000)
        self.assertEqual(rows["top"]["shared"], rows["low"]["exclusive"] + rows["image"]["shared"])
        self.assertEqual(rows["low"]["chainId"][7:39], low)
        disk = self.store.root / "scratch" / self.record("top")["scratch"]
        self.assertEqual(rows["top"]["exclusive"], sum(file.stat().st_size for file in disk.iterdir()))
        self.assertEqual(self.layer("ls", "-f", "label=a").out, "image\ntop\n")
        self.assertEqual(self.layer("ls", "-f", "label=a=2", "-f", "state=active").out, "top\n")
        self.assertEqual(self.layer("ls", "-f", "state=committed").out, "low\n")
        self.layer("ls", "-f", "size=1", code=2, says="is no filter")
        unnamed = [row for row in json.loads(self.layer("ls", "--all", "--json").out) if "name" not in row]
        self.assertEqual(sorted(row["path"][-32:] for row in unnamed), sorted(set(self.store.names("layers")) - {low}))
        self.assertIn(IMAGE, [row.get("image") for row in unnamed])
        tree = self.layer("tree").out.splitlines()
        self.assertEqual([line.split()[0] for line in tree[-3:]], ["image", "low", "top"])
        self.assertEqual(len(tree[-1]) - len(tree[-1].lstrip()), 2 + len(tree[-2]) - len(tree[-2].lstrip()))

    def test_who_works_on_it(self):
        self.prepare("one")
        run = self.start_on("--name", "job", "--layer", "one")
        answer = json.loads(self.layer("inspect", "--json", "One").out)
        self.assertEqual((answer["name"], answer["inUseBy"]["run"]), ("one", "job"))
        self.assertIn("In use by    run 'job' (", self.layer("inspect", "one").out)
        self.assertIn("run 'job' (", self.wrun("layer", "ls", "--root", self.root).out)
        usage = self.json("df")["runs"]
        self.assertEqual((usage["count"], usage["active"]), (1, 1))
        self.end_run(run)
        self.assertNotIn("inUseBy", json.loads(self.layer("inspect", "--json", "one").out))
        self.layer("inspect", "two", code=NOT_FOUND, says="there is no layer named 'two'")


class ManyAtOnce(Layers):
    def test_32_processes_on_one_store(self):
        """They prepare, four of them the same name, and a part runs; then all goes, from several processes again."""
        self.prepare("first")
        names = [f"n{number}" for number in range(18)]
        commands = [("layer", "prepare", "-q", "--from", IMAGE, name) for name in names + ["same"] * 4]
        commands += [("run", "-q", "--network", "none", "--layer", "first", "cmd", "/c", "exit 7")] * 2
        commands += [("run", "-q", "--network", "none", IMAGE, "cmd", "/c", f"exit {number}") for number in range(8)]
        results = self.all_at_once(commands)
        for name, result in zip(names, results):
            self.assertEqual(result.code, 0, f"{name}: {result}")
        same = results[len(names):len(names) + 4]
        self.assertEqual(sorted({result.code for result in same} | {BUSY}), [0, BUSY], same)
        self.assertEqual([result.code for result in same].count(0), 1)
        for result in same:
            if result.code == BUSY:
                self.assertRegex(result.err, "'same' is in use by another wrun|there is a layer named 'same' already")
        first = results[len(names) + 4:-8]
        self.assertIn(7, [result.code for result in first], first)
        for result in first:
            if result.code != 7:
                self.assertEqual(result.code, 125, result)
                self.assertRegex(result.err, "the layer 'first' is in use by (another wrun|the run )")
        self.assertEqual([result.code for result in results[-8:]], list(range(8)), results[-8:])
        self.assertEqual(self.store.names("names"), sorted(names + ["first", "same"]))
        self.assertEqual(len(self.store.names("scratch")), 20)
        self.assert_clean()
        everything = names + ["first", "same"]
        commands = [("layer", "rm", "--ignore-missing", *everything[part::4]) for part in range(4)]
        for result in self.all_at_once(commands):
            self.assertEqual(result.code, 0, result)
        self.assertEqual((self.store.names("names"), self.store.names("scratch")), ([], []))
        self.assertEqual([name for name in self.store.names("locks") if name.startswith("name-")], [])
        self.check_store()

    def all_at_once(self, commands):
        runs = [self.start(*command, environment={"WRUN_ROOT": self.root}) for command in commands]
        with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
            return list(pool.map(self.finish, runs))


if __name__ == "__main__":
    unittest.main()
