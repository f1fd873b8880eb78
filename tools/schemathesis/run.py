#!/usr/bin/env python3
"""Sends thousands of requests that docs/openapi.json allows, and thousands that it does not, to `garmin-sync serve`, and
fails on a 5xx, on an answer that the description does not have, on bad input that is taken and on good input that is not.

    python3 tools/schemathesis/run.py              the same requests each time, as `make test` sends them
    python3 tools/schemathesis/run.py --seed 7     others

Schemathesis is installed into .tools/ on first use. The server is a process of its own on any free ports and a directory
that is thrown away, with the simulator as Garmin; it ends with this.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ROOT / ".tools" / "schemathesis"

# Fewer would say that part of the description was not tried.
FEWEST_REQUESTS = 2_000


def installed():
    """The directory of Schemathesis' environment, made on first use."""
    wanted = (HERE / "requirements.txt").read_text()
    marker = TOOLS / "installed"
    if not marker.exists() or marker.read_text() != wanted:
        venv.create(TOOLS, with_pip=True, clear=True)
        subprocess.run([TOOLS / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt"], check=True)
        marker.write_text(wanted)
    return TOOLS / "bin"


def built():
    """The program, as the tests build it."""
    cargo = subprocess.run(
        ["cargo", "build", "--quiet", "--package", "garmin-sync", "--message-format", "json"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )
    messages = (json.loads(line) for line in cargo.stdout.splitlines())
    return next(message["executable"] for message in messages if message.get("executable"))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=1, help="which requests")
    arguments.add_argument("--examples", type=int, default=90, help="how many of each kind per operation")
    arguments.add_argument("--program", type=pathlib.Path, help="a garmin-sync that is built already; made when not given")
    arguments = arguments.parse_args()

    bin_dir = installed()
    program = arguments.program.resolve() if arguments.program else built()
    with tempfile.TemporaryDirectory(prefix="garmin-sync-described-") as directory:
        data = ["--data", f"{directory}/data", "--log", "error"]
        # A Garmin that takes its time: jobs are to be found in every state, and the machine is for the requests.
        server = subprocess.Popen(
            [program, *data, "--http=127.0.0.1:0", "--dynamodb=127.0.0.1:0", "--sqs=127.0.0.1:0", "--garmin-gap-ms=200", "serve"],
            stdout=subprocess.PIPE, text=True,
        )
        try:
            url = server.stdout.readline().strip().removeprefix("listening on ")
            token = subprocess.run([program, *data, "token", "--user=demo"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            report = pathlib.Path(directory) / "report.json"
            tried = subprocess.run(
                [
                    bin_dir / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run", ROOT / "docs" / "openapi.json",
                    "--url", url, "--seed", str(arguments.seed), "--max-examples", str(arguments.examples),
                    "--report", "json", "--report-json-path", report,
                ],
                cwd=directory, env={**os.environ, "GARMIN_SYNC_TOKEN": token, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")},
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            alive = server.poll() is None
        finally:
            server.terminate()
            server.wait()
        return judged(tried, report, alive)


def judged(tried, report, alive):
    """Says what was found, and makes the exit code of it."""
    if tried.returncode != 0:
        print(tried.stdout)
        return 1
    if not alive:
        print("described: the server ended under the requests")
        return 1
    found = json.loads(report.read_text())
    operations, sent = found["operations"], found["test_cases"]["generated"]
    if operations["tested"] != operations["total"] or sent < FEWEST_REQUESTS:
        print(f"described: {sent} requests to {operations['tested']} of {operations['total']} operations are too few")
        return 1
    print(f"described: {sent} requests to {operations['total']} operations in {found['running_time']:.0f} s, each answered as docs/openapi.json says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
