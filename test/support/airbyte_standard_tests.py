"""Airbyte's own standard tests for sources (airbyte-cdk), driven against a local executable.

Reads a job from standard input: {"executable": command, "root": its folder, "config": one that works, "wrong": one that
does not}. Prints a JSON object: each test and its outcome.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from airbyte_cdk.models import AirbyteMessageSerializer, AirbyteStateMessageSerializer, Type
from airbyte_cdk.sources.source import Source
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests.source_base import SourceTestSuiteBase


class ExecutableSource(Source):
    """What the tests call as a Python source, as the command that it is."""

    def __init__(self, executable):
        self.executable = executable

    def run(self, verb, **inputs):
        with tempfile.TemporaryDirectory() as folder:
            args = [self.executable, verb]
            for name, content in inputs.items():
                path = Path(folder) / name
                path.write_text(json.dumps(content))
                args += [f"--{name}", str(path)]
            ended = subprocess.run(args, capture_output=True, check=False)
        for line in ended.stdout.splitlines():
            yield AirbyteMessageSerializer.load(json.loads(line))
        if ended.returncode != 0:
            raise RuntimeError(f"{verb} ended with exit code {ended.returncode}")

    def one(self, kind, verb, **inputs):
        messages = [message for message in self.run(verb, **inputs) if message.type == kind]
        assert len(messages) == 1, f"{verb} gave {len(messages)} messages of type {kind}"
        return messages[0]

    def spec(self, logger):
        return self.one(Type.SPEC, "spec").spec

    def check(self, logger, config):
        return self.one(Type.CONNECTION_STATUS, "check", config=config).connectionStatus

    def discover(self, logger, config):
        return self.one(Type.CATALOG, "discover", config=config).catalog

    @classmethod
    def read_catalog(cls, catalog_path):
        # As it is: whether a catalogue is wrong is the command's to say, and not these models'.
        return json.loads(Path(catalog_path).read_text())

    def read(self, logger, config, catalog, state=None):
        inputs = {"config": dict(config), "catalog": catalog}
        if state:
            inputs["state"] = [AirbyteStateMessageSerializer.dump(one) for one in state]
        yield from self.run("read", **inputs)


class TestSource(SourceTestSuiteBase):
    @classmethod
    def job(cls):
        return json.loads(os.environ["STANDARD_TESTS_JOB"])

    @classmethod
    def get_connector_root_dir(cls):
        return Path(cls.job()["root"])

    @classmethod
    def create_connector(cls, scenario):
        return ExecutableSource(cls.job()["executable"])

    @classmethod
    def get_scenarios(cls):
        folder = Path(os.environ["STANDARD_TESTS_FOLDER"])
        return [
            ConnectorTestScenario(config_path=folder / "works.json", status="succeed"),
            ConnectorTestScenario(config_path=folder / "fails.json", status="failed"),
        ]


class Outcomes:
    def __init__(self):
        self.found = {}
        self.texts = []

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::")[-1]
        if report.when == "call" or report.outcome != "passed":
            self.found.setdefault(name, report.outcome)
        if report.failed:
            self.texts.append(report.longreprtext)


def main():
    job = json.load(sys.stdin)
    os.environ["STANDARD_TESTS_JOB"] = json.dumps({"executable": job["executable"], "root": job["root"]})
    outcomes = Outcomes()
    args = [__file__, "-q", "-c", os.devnull, "--rootdir", str(Path(__file__).parent), "-p", "no:cacheprovider"]
    # The tests marked so build an image by Airbyte's own Dockerfile for Python connectors.
    args += ["-p", "airbyte_cdk.test.standard_tests.pytest_hooks", "-m", "not image_tests"]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        os.environ["STANDARD_TESTS_FOLDER"] = folder
        for name, config in (("works", job["config"]), ("fails", job["wrong"])):
            (Path(folder) / f"{name}.json").write_text(json.dumps(config))
        pytest.main(args, plugins=[outcomes])
    print(json.dumps({"outcomes": outcomes.found, "failures": outcomes.texts}))


if __name__ == "__main__":
    main()
