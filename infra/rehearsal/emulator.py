"""The processes of a rehearsal: an emulated AWS, a simulated Garmin, and Terraform against the former.

Everything listens on loopback and lives in one folder; what was started is ended by its process id.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REGION = "eu-central-1"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(**more):
    """No AWS setting of whoever runs this gets in: neither an account nor another endpoint."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_", "MINISTACK_", "GARMIN_"))}
    return {**kept, **more}


class Process:
    """A child that is gone when the rehearsal is."""

    def __init__(self, arguments, log, **options):
        self.log = log
        with log.open("wb") as output:
            self.child = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options)

    def wait_until(self, ready, seconds, what):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.child.poll() is not None:
                break
            try:
                found = ready()
            except (OSError, urllib.error.URLError):
                found = None
            if found:
                return found
            time.sleep(0.1)
        raise RuntimeError(f"{what} did not start; see {self.log}")

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        # Its own children, the functions among them, are of its group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)


class Aws(Process):
    """ministack on loopback, with IAM enforced: the functions run as their roles and may do what these say."""

    def __init__(self, folder, program):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        temporary = folder / "tmp"
        temporary.mkdir()
        super().__init__(
            [program],
            folder / "aws.log",
            cwd=folder,
            env=clean_environment(
                GATEWAY_PORT=str(self.port),
                # Every interface otherwise, and a listener for MQTT besides.
                BIND_HOST="127.0.0.1",
                IOT_MTLS_ENABLED="false",
                # Part of the names it gives out; a host that ends in a number is no URL for lambda_http.
                MINISTACK_HOST="localhost",
                MINISTACK_REGION=REGION,
                AUTH="true",
                AWS_ENDPOINT_URL=self.url,
                AWS_ACCESS_KEY_ID="test",
                AWS_SECRET_ACCESS_KEY="test",
                # Lambda sets this from the function's logging configuration; the emulator does not.
                AWS_LAMBDA_LOG_FORMAT="JSON",
                TMPDIR=str(temporary),
            ),
        )
        self.wait_until(lambda: urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1).status == 200, 30, "the emulated AWS")

    def client(self, service):
        import boto3

        return boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")

    def shell(self, command, **variables):
        """A command of the manual, as somebody with credentials of this AWS types it in the root of the repository."""
        credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        environment = clean_environment(AWS_ENDPOINT_URL=self.url, AWS_REGION=REGION, **credentials, **variables)
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command}\n{done.stderr[-2000:]}")


class Garmin(Process):
    """The simulator of the garmin-sync binary."""

    def __init__(self, folder, binary):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__([binary, "simulator", "--addr", f"127.0.0.1:{self.port}"], folder / "garmin.log", cwd=folder, env=clean_environment())
        self.wait_until(lambda: urllib.request.urlopen(f"{self.url}/__simulator/calls", timeout=1).status == 200, 30, "the simulated Garmin")

    def control(self, path, method="GET", body=None):
        request = urllib.request.Request(f"{self.url}/__simulator{path}", method=method, data=None if body is None else json.dumps(body).encode(), headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class Terraform:
    """The real configuration, copied beside an override that sends its provider to the emulated AWS."""

    OVERRIDE = """
provider "aws" {
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
}

# The emulator checks identity and key policies but gives KMS requests no kms:EncryptionContext keys, so that a condition on
# them is never met. The context itself is bound into its ciphertexts as on AWS: another person's tokens do not open.
locals {
  for_one_owner = {}
}
"""

    def __init__(self, folder, aws, variables):
        self.folder = folder / "infra"
        ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests", "rehearsal", "*.tfvars")
        shutil.copytree(ROOT / "infra", self.folder, ignore=ignored)
        # At the place where the configuration looks for it.
        shutil.copytree(ROOT / "migrations", folder / "migrations")
        (self.folder / "rehearsal_override.tf").write_text(self.OVERRIDE)
        (self.folder / "rehearsal.auto.tfvars.json").write_text(json.dumps(variables))
        self.environment = clean_environment(AWS_ENDPOINT_URL=aws.url, AWS_REGION=REGION, TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1")
        self.log = (folder / "terraform.log").open("w")

    def run(self, *arguments, codes=(0,)):
        done = subprocess.run(["terraform", *arguments], cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=self.log)
        self.log.write(done.stdout)
        self.log.flush()
        if done.returncode not in codes:
            raise RuntimeError(f"terraform {arguments[0]} failed; see {self.log.name}")
        return done

    def init(self):
        mirror = os.environ.get("TF_PLUGIN_DIR")
        self.run("init", "-input=false", "-no-color", *([f"-plugin-dir={mirror}"] if mirror else []))

    def apply(self):
        self.run("apply", "-auto-approve", "-input=false", "-no-color")
        return {name: output["value"] for name, output in json.loads(self.run("output", "-json").stdout).items()}

    def resources(self):
        return [line for line in self.run("state", "list").stdout.splitlines() if not line.startswith("data.")]

    def differences(self):
        """What a second plan would change: (address, attribute) pairs, and (address, action) for what is not an update."""
        self.run("plan", "-input=false", "-no-color", "-detailed-exitcode", "-out=second.plan", codes=(0, 2))
        plan = json.loads(self.run("show", "-json", "second.plan").stdout)
        for change in plan.get("resource_changes", []):
            actions = change["change"]["actions"]
            if actions == ["update"]:
                before, after = change["change"]["before"], change["change"]["after"]
                for name in sorted(before.keys() | after.keys()):
                    # What is known after an apply only follows from what changes.
                    if before.get(name) != after.get(name) and (change["change"].get("after_unknown") or {}).get(name) is not True:
                        yield change["address"], name
            elif actions not in (["no-op"], ["read"]):
                yield change["address"], "+".join(actions)

    def destroy(self):
        self.run("destroy", "-auto-approve", "-input=false", "-no-color")
