#!/usr/bin/env python3
"""A deployment, lived through: the real configuration and the real zips on an emulated AWS, from apply to destroy.

    python3 tools/build_functions.py x86_64        the zips, once
    make web/dist/index.html                        the page, once
    python3 infra/rehearsal/rehearse.py             some minutes; says what it does and ends with what it found

Needs terraform and the AWS CLI. With TF_PLUGIN_DIR set, Terraform takes the AWS provider from that local mirror. --keep leaves the logs of a rehearsal that
succeeded too. Everything listens on loopback; nothing needs an account.
"""

import argparse
import base64
import datetime
import json
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ROOT / ".tools" / "rehearsal"
NAME = "garmin-sync"

# Emulation is fast where AWS waits on purpose: a message that is handed back comes again after this, not after 18 minutes.
HANDED_BACK_SECONDS = 1


def inside_venv():
    """Continues in an environment that has the emulator, made on first use."""
    wanted = (HERE / "requirements.txt").read_text()
    marker = TOOLS / "installed"
    if not marker.exists() or marker.read_text() != wanted:
        venv.create(TOOLS, with_pip=True)
        subprocess.run([TOOLS / "bin" / "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        marker.write_text(wanted)
    python = TOOLS / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() != TOOLS.resolve():
        os.execv(python, [python, *sys.argv])


class Wrong(Exception):
    """Something is not as the rehearsal expects it."""


def expect(condition, sentence):
    if not condition:
        raise Wrong(sentence)


def weight(value):
    """About what DynamoDB counts for an attribute's value, in bytes."""
    (kind, content), = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + weight(inner) for name, inner in content.items())
    if kind == "L":
        return 3 + sum(1 + weight(inner) for inner in content)
    if kind == "N":
        return len(content) // 2 + 2
    return len(content) if isinstance(content, (bytes, bytearray)) else len(str(content).encode())


class Api:
    """The HTTP API by way of the emulated gateway: routes, authorizer and integrations as deployed."""

    def __init__(self, aws, url):
        # The emulator knows an API by its host name, which no resolver does.
        self.base = aws.url
        self.host = url.split("//")[1].split("/")[0]

    def call(self, method, path, token=None, body=None):
        headers = {"host": self.host, "content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"{self.base}/integrations/garmin{path}", method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                return error.code, json.loads(text)
            except ValueError:
                return error.code, {"text": text.decode(errors="replace")}


class Rehearsal:
    def __init__(self, folder, binary):
        self.folder = folder
        self.binary = binary
        self.started = time.monotonic()
        self.secrets = []

    def say(self, text):
        print(f"{time.monotonic() - self.started:6.1f} s  {text}", flush=True)

    def run(self):
        from emulator import Aws, Garmin, Terraform

        self.aws = self.garmin = None
        try:
            self.aws = Aws(self.folder, TOOLS / "bin" / "ministack")
            self.garmin = Garmin(self.folder, self.binary)
            self.say("an emulated AWS with IAM enforced, and a simulated Garmin")
            self.terraform = Terraform(self.folder, self.aws, {
                "artifact": str(ROOT / "target" / "lambda-x86_64" / "{function}" / "bootstrap.zip"),
                "architecture": "x86_64",
                "protect_data": False,
                "garmin_environment": {"GARMIN_URL": self.garmin.url, "GARMIN_GAP_MS": "0"},
            })
            self.steps()
        finally:
            for process in (self.garmin, self.aws):
                if process:
                    process.stop()

    def steps(self):
        self.terraform.init()
        self.out = self.terraform.apply()
        self.say(f"apply: {len(self.terraform.resources())} resources")
        for service in ("dynamodb", "sqs", "kms", "lambda", "logs", "cognito-idp"):
            setattr(self, service.replace("-", "_"), self.aws.client(service))
        self.api = Api(self.aws, self.out["api_url"])

        self.second_plan()
        self.user, self.token = self.somebody("ann@example.org")
        self.who_gets_in()
        self.the_page()
        self.link()
        self.a_year()
        self.a_daily_sync()
        self.other_people_see_nothing()
        self.a_lost_nudge()
        self.dead_letters_and_redrive()
        self.leave()
        self.nothing_secret_in_the_logs()
        self.leaves_nothing()

    # People

    def somebody(self, email):
        pool, password = self.out["user_pool"], "Aa1-" + base64.b64encode(os.urandom(18)).decode()
        cognito = self.cognito_idp
        # The emulator makes up a first password that is too short, and wants all four kinds of characters whatever the pool says.
        cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS", TemporaryPassword=password)
        cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=password, Permanent=True)
        token = self.sign_in(self.out["jwt_audience"][0], email, password)
        attributes = {a["Name"]: a["Value"] for a in cognito.admin_get_user(UserPoolId=pool, Username=email)["UserAttributes"]}
        self.passwords = {**getattr(self, "passwords", {}), email: password}
        return attributes["sub"], token

    def sign_in(self, client, email, password):
        answer = self.cognito_idp.admin_initiate_auth(UserPoolId=self.out["user_pool"], ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters={"USERNAME": email, "PASSWORD": password})
        self.secrets += [password, answer["AuthenticationResult"]["AccessToken"]]
        return answer["AuthenticationResult"]["AccessToken"]

    def who_gets_in(self):
        for what, token in (("no token", None), ("no token at all", "x"), ("a changed signature", self.token[:-6] + "AAAAAA")):
            status, _ = self.api.call("GET", "/sync/status", token)
            expect(status == 401, f"{what} was answered with {status}")
        other = self.cognito_idp.create_user_pool_client(UserPoolId=self.out["user_pool"], ClientName="other", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])["UserPoolClient"]["ClientId"]
        status, _ = self.api.call("GET", "/sync/status", self.sign_in(other, "ann@example.org", self.passwords["ann@example.org"]))
        expect(status == 401, f"a token for another audience was answered with {status}")
        self.cognito_idp.delete_user_pool_client(UserPoolId=self.out["user_pool"], ClientId=other)

        status, body = self.api.call("GET", "/sync/status", self.token)
        expect((status, body.get("hasActiveJob"), body.get("job")) == (200, False, None), f"a newcomer's status is {status} {body}")
        status, body = self.api.call("GET", "/sync/nowhere", self.token)
        expect(status == 404, f"a route that does not exist was answered with {status}")
        status, body = self.api.call("POST", "/sync/historical", self.token, {"startDate": "2025-01-01", "endDate": "2025-12-31"})
        expect(status == 409, f"an import without a link was answered with {status} {body}")
        self.say("the authorizer refuses no token, a changed one and another audience; a newcomer sees an empty status")

    def link(self):
        """With tokens obtained elsewhere, as `garmin-sync login --api` does it."""
        tokens = self.garmin.control("/tokens/demo")
        self.secrets += [tokens["di_token"], tokens["di_refresh_token"]]
        status, body = self.api.call("POST", "/link", self.token, {"tokens": {**tokens, "di_token": tokens["di_token"][:-6] + "AAAAAA"}})
        expect((status, body.get("code")) == (400, "garmin_refuses_tokens"), f"tokens that Garmin refuses were answered with {status} {body}")
        status, body = self.api.call("POST", "/link", self.token, {"tokens": tokens})
        expect((status, body) == (200, {"status": "success"}), f"the link was answered with {status} {body}")
        status, body = self.api.call("GET", "/status", self.token)
        expect((status, body["isLinked"], body["reauthRequired"]) == (200, True, False), f"the link's status is {status} {body}")
        item = json.dumps(self.dynamodb.scan(TableName=self.out["tables"]["external_data_providers"])["Items"], default=str)
        expect(not [secret for secret in self.secrets if secret in item], "a token is stored as it is")
        self.say("a link to the simulated Garmin by link-account; refused tokens are refused, stored ones sealed with the tokens' key")

    def the_page(self):
        """Its files as docs/operations.md uploads them, beside the configuration that Terraform wrote."""
        s3, bucket = self.aws.client("s3"), self.out["page_bucket"]
        config = json.loads(s3.get_object(Bucket=bucket, Key="config.json")["Body"].read())
        # What web/src/auth/config.ts reads.
        expect(set(config["auth"]) == {"kind", "issuer", "clientId", "scope"} and config["auth"]["kind"] == "oidc", f"the page is told {config}")
        expect((config["auth"]["issuer"], config["auth"]["scope"]) == (self.out["jwt_issuer"], "openid email"), f"the page is told {config}")
        client = self.cognito_idp.describe_user_pool_client(UserPoolId=self.out["user_pool"], ClientId=config["auth"]["clientId"])["UserPoolClient"]
        expect("ClientSecret" not in client and client["AllowedOAuthFlows"] == ["code"], "the page's client has a secret, or another way to sign in than the code")

        # A file and an asset of the page before.
        s3.put_object(Bucket=bucket, Key="old.html", Body=b"old")
        s3.put_object(Bucket=bucket, Key="assets/old.js", Body=b"old")
        commands = self.upload_commands()
        expect(len(commands) == 2, f"docs/operations.md uploads the page with {commands}")
        for command in commands:
            self.aws.shell(command, bucket=f"s3://{bucket}")

        page = ROOT / "web" / "dist"
        files = {path.relative_to(page).as_posix(): path.read_bytes() for path in page.rglob("*") if path.is_file()}
        stored = {entry["Key"] for found in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket) for entry in found["Contents"]}
        expect(stored == {*files, "config.json", "assets/old.js"}, f"the bucket and web/dist differ in {stored ^ {*files, 'config.json', 'assets/old.js'}}")
        for name, content in files.items():
            found = s3.get_object(Bucket=bucket, Key=name)
            expect(found["Body"].read() == content, f"{name} is not what was built")
            wanted = "public, max-age=31536000, immutable" if name.startswith("assets/") else "no-cache"
            expect(found.get("CacheControl") == wanted, f"{name} may be kept as {found.get('CacheControl')}")
        kinds = {name: s3.head_object(Bucket=bucket, Key=name)["ContentType"] for name in ("index.html", "config.json")}
        expect(kinds == {"index.html": "text/html", "config.json": "application/json"}, f"browsers are told {kinds}")
        self.say(f"the page: {len(files)} files uploaded as the manual says and fetched again; config.json names the issuer and a client that signs in by code and has no secret")

    @staticmethod
    def upload_commands():
        manual = (ROOT / "docs" / "operations.md").read_text()
        return [line.strip() for line in manual.splitlines() if line.strip().startswith("aws s3 sync web/dist")]

    def what_arrived(self, first, last, days):
        """By the API, as a frontend reads it: every day once, in order."""
        seen, cursor = [], ""
        while cursor is not None:
            status, body = self.api.call("GET", f"/history/daily?from={first}&to={last}&fields=steps&limit=200&cursor={cursor}", self.token)
            expect(status == 200, f"a history was answered with {status} {body}")
            seen += [row["date"] for row in body["days"]]
            cursor = body["cursor"]
        # A day of which none of the asked values is known is no row.
        walked = sorted(day for day, item in days.items() if "steps" in item)
        expect(seen == walked, f"{len(seen)} days with steps are told, {len(walked)} are stored")
        status, body = self.api.call("GET", f"/history/coverage?from={first}&to={last}", self.token)
        expect(status == 200 and body["cursor"] is None, f"the coverage was answered with {status} {body}")
        covered = []
        for entry in body["ranges"]:
            expect(entry["state"] in ("imported", "none"), f"{entry['start']} to {entry['end']} is {entry['state']}")
            covered += self.every_day(entry["start"], entry["end"])
        expect(covered == self.every_day(first, last), "the coverage leaves out a day, or tells one twice")
        self.say(f"read-history: {len(seen)} days with steps in order, and each of the {len(covered)} days of {first} to {last} covered once")

    @staticmethod
    def every_day(first, last):
        first, last = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
        return [(first + datetime.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]

    def leave(self):
        status, body = self.api.call("POST", "/unlink", self.token, {"deleteData": True})
        expect((status, body.get("success")) == (200, True), f"the unlinking was answered with {status} {body}")
        mine = {"KeyConditionExpression": "user_id = :user", "ExpressionAttributeValues": {":user": {"S": self.user}}}
        end = time.monotonic() + 240
        while self.dynamodb.query(TableName=self.out["tables"]["health_records"], Select="COUNT", **mine)["Count"]:
            expect(time.monotonic() < end, "records are left four minutes after an unlinking that erases")
            time.sleep(1)
        status, body = self.api.call("GET", "/status", self.token)
        expect((status, body["isLinked"]) == (200, False), f"the link's status is {status} {body}")
        self.say("unlinked, and every record erased")

    # Jobs

    def start(self, first, last):
        status, body = self.api.call("POST", "/sync/historical", self.token, {"startDate": first, "endDate": last})
        expect(status == 200 and body["status"] == "started", f"the start was answered with {status} {body}")
        return body["jobId"], body["chunksTotal"]

    def until(self, wanted, seconds):
        """Polls as the page does, and demands what the page relies on."""
        end, percent, job = time.monotonic() + seconds, 0, None
        while time.monotonic() < end:
            status, body = self.api.call("GET", "/sync/status", self.token)
            expect(status == 200, f"a status was answered with {status} {body}")
            job = body["job"]
            expect(job["percentComplete"] >= percent, f"the progress went back from {percent} to {job['percentComplete']}")
            percent = job["percentComplete"]
            if job["status"] == wanted:
                return job
            expect(job["status"] in ("pending", "running"), f"the job is {job['status']}: {job['errorMessage']} {job['failedChunks'][:2]}")
            time.sleep(0.5)
        raise Wrong(f"after {seconds} s the job is {job['status']} at {percent} %")

    def weigh(self, first, last):
        """How many records of these days there are, how large, and what writing each once in a transaction costs."""
        records = kilobytes = units = 0
        for kind in ("day", "sleep", "activity", "weigh_in", "blood_pressure", "workout", "coverage"):
            for key, item in self.records(kind).items():
                day = item.get("date", {}).get("S", key)
                if kind in ("day", "sleep", "coverage") and not first <= day[:10] <= last:
                    continue
                size = sum(len(name.encode()) + weight(value) for name, value in item.items())
                records, kilobytes, units = records + 1, kilobytes + size / 1024, units + 2 * math.ceil(size / 1024)
        return f"{records} records, {kilobytes:.0f} KB, {units} write units when each is written once"

    def records(self, kind):
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.out["tables"]["health_records"],
            KeyConditionExpression="user_id = :user AND begins_with(#record, :kind)",
            ExpressionAttributeNames={"#record": "record"},
            ExpressionAttributeValues={":user": {"S": self.user}, ":kind": {"S": f"{kind}#"}},
        )
        return {item["record"]["S"].split("#")[1]: item for page in pages for item in page["Items"]}

    def a_year(self):
        first, last = "2024-01-01", "2025-08-31"
        begun = time.monotonic()
        _, chunks = self.start(first, last)
        # More links than Lambda's loop detection lets a chain have: this is what the recursion config is for.
        expect(chunks > 16, f"{chunks} chunks are no proof")
        done = self.until("completed", 900)
        expect(done["chunksCompleted"] == chunks and done["percentComplete"] == 100, f"completed with {done}")
        days = self.records("day")
        wanted = 366 + 243
        expect(len(days) == wanted, f"{len(days)} of {wanted} days arrived")
        truth = self.garmin.control("/truth/demo/2024-07-14")
        expect(truth is not None, "the simulator has no truth for a day that was imported")
        manners = self.garmin.control("/calls")["accounts"]["demo"]
        expect(manners["max_in_flight"] == 1, f"{manners['max_in_flight']} calls of one account were under way at once")
        self.say(f"20 months imported in {chunks} chunks and {time.monotonic() - begun:.0f} s: {len(days)} days, {sum(len(self.records(kind)) for kind in ('sleep', 'activity', 'weigh_in', 'blood_pressure', 'workout'))} other records, {manners['calls']} calls, never two at once")
        self.say(f"of that: {self.weigh(first, last)}")
        self.what_arrived(first, last, days)

    def a_daily_sync(self):
        """The other queue. The first one goes back seven days, the next is answered without a job."""
        before = self.garmin.control("/calls")["accounts"]["demo"]["calls"]
        status, body = self.api.call("POST", "/sync/incremental", self.token, {})
        expect(status == 200 and body["status"] == "started", f"an incremental start was answered with {status} {body}")
        done = self.until("completed", 240)
        calls = self.garmin.control("/calls")["accounts"]["demo"]["calls"] - before
        status, body = self.api.call("POST", "/sync/incremental", self.token, {})
        expect((status, body["status"]) == (200, "up_to_date"), f"a second incremental start was answered with {status} {body}")
        self.say(f"a daily sync of {done['startDate']} to {done['endDate']} by way of its own queue: {calls} calls; the next one is up to date")

    def other_people_see_nothing(self):
        _, token = self.somebody("bob@example.org")
        _, mine = self.api.call("GET", "/sync/jobs", self.token)
        job = mine["jobs"][0]["id"]
        status, body = self.api.call("GET", "/sync/jobs", token)
        expect((status, body["jobs"]) == (200, []), f"somebody else's list is {body}")
        status, body = self.api.call("POST", "/sync/cancel", token, {"jobId": job})
        expect((status, body.get("error")) == (404, "Job not found"), f"somebody else's cancel was answered with {status} {body}")
        self.say("another person sees an empty list, and the job is not found for them")

    def waiting(self, queue):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(int(value) for value in self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values())

    def mapping(self, enabled):
        for mapping in self.lambda_.list_event_source_mappings(FunctionName=self.out["functions"]["process-chunk"])["EventSourceMappings"]:
            self.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    @property
    def lambda_(self):
        return getattr(self, "lambda")

    def a_lost_nudge(self):
        self.mapping(False)
        time.sleep(1)
        self.start("2023-11-01", "2023-12-31")
        self.sqs.purge_queue(QueueUrl=self.out["queues"]["historical"])
        expect(self.waiting(self.out["queues"]["historical"]) == 0, "the queue was not emptied")
        self.mapping(True)
        # A due moment a minute ahead, then the schedule's minute, then the work.
        self.until("completed", 240)
        self.say("the message of a job was thrown away: the sweeper nudged, and the job completed")

    def dead_letters_and_redrive(self):
        queue, dead, function = self.out["queues"]["historical"], self.out["dead_letters"]["url"], self.out["functions"]["process-chunk"]
        visibility = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]["VisibilityTimeout"]
        variables = self.lambda_.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        self.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": str(HANDED_BACK_SECONDS)})

        # A deployment gone wrong: the worker looks for tables that are not there.
        self.lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": {**variables, "TABLE_PREFIX": "no-such-"}})
        self.sqs.send_message(QueueUrl=queue, MessageBody="no nudge at all")
        job, _ = self.start("2023-09-01", "2023-10-30")
        begun = time.monotonic()
        while self.waiting(dead) < 2 and time.monotonic() - begun < 120:
            time.sleep(0.5)
        expect(self.waiting(dead) >= 2, f"{self.waiting(dead)} messages are in the dead-letter queue; two failed five times")
        self.say(f"a chunk that could not be worked on and an unreadable message: dead letters after {time.monotonic() - begun:.0f} s")

        self.lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
        redriven = 0
        while True:
            # StartMessageMoveTask does this on AWS; the emulator has no such call.
            messages = self.sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, VisibilityTimeout=60).get("Messages", [])
            if not messages:
                break
            for message in messages:
                if job in message["Body"]:
                    self.sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
                    redriven += 1
                else:
                    expect(message["Body"] == "no nudge at all", "a message that nobody sent lies in the dead-letter queue")
                self.sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        expect(redriven >= 1, "the job's nudge is not among the dead letters")
        self.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": visibility})
        self.until("completed", 240)
        self.say("put right and redriven: the job completed; a nudge that comes twice does no harm")

    # What is left

    def second_plan(self):
        known = json.loads((HERE / "known_differences.json").read_text())["differences"]
        import fnmatch

        unknown = [
            f"{address}: {what}" for address, what in self.terraform.differences()
            if not any(fnmatch.fnmatchcase(address.replace("[", "<").replace("]", ">"), entry["address"].replace("[", "<").replace("]", ">")) and what in entry["what"] for entry in known)
        ]
        expect(not unknown, "a second plan would change what is not listed in known_differences.json: " + "; ".join(unknown))
        self.say("a second plan differs in nothing but the emulator's known differences")

    def nothing_secret_in_the_logs(self):
        lines = 0
        for group in self.logs.get_paginator("describe_log_groups").paginate():
            for entry in group["logGroups"]:
                for page in self.logs.get_paginator("filter_log_events").paginate(logGroupName=entry["logGroupName"]):
                    for event in page["events"]:
                        lines += 1
                        leaked = [secret[:12] for secret in self.secrets if secret in event["message"]]
                        expect(not leaked, f"{entry['logGroupName']} holds a secret that begins with {leaked}")
        expect(lines > 0, "nothing was logged, so nothing was looked at")
        # What the functions print goes through here as well.
        told = self.aws.log.read_text(errors="replace")
        leaked = [secret[:12] for secret in self.secrets if secret in told]
        expect(not leaked, f"the emulator's log holds a secret that begins with {leaked}")
        self.say(f"no token and no password in {lines} lines of log")

    def leaves_nothing(self):
        self.terraform.destroy()
        left = []
        left += self.dynamodb.list_tables()["TableNames"]
        left += self.sqs.list_queues().get("QueueUrls", [])
        left += [f["FunctionName"] for f in self.lambda_.list_functions()["Functions"]]
        left += [m["UUID"] for m in self.lambda_.list_event_source_mappings()["EventSourceMappings"]]
        left += [r["RoleName"] for r in self.aws.client("iam").list_roles()["Roles"] if r["RoleName"].startswith(NAME)]
        left += [a["Name"] for a in self.aws.client("apigatewayv2").get_apis()["Items"]]
        left += [b["Name"] for b in self.aws.client("s3").list_buckets()["Buckets"]]
        left += [d["Id"] for d in self.aws.client("cloudfront").list_distributions()["DistributionList"].get("Items", [])]
        left += [s["Name"] for s in self.aws.client("scheduler").list_schedules()["Schedules"]]
        left += [t["TopicArn"] for t in self.aws.client("sns").list_topics()["Topics"]]
        left += [p["Id"] for p in self.cognito_idp.list_user_pools(MaxResults=10)["UserPools"]]
        left += [a["AlarmName"] for a in self.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]]
        left += [d["DashboardName"] for d in self.aws.client("cloudwatch").list_dashboards()["DashboardEntries"]]
        left += [g["logGroupName"] for g in self.logs.describe_log_groups()["logGroups"] if not g["logGroupName"].startswith("/aws/lambda/" + NAME)]
        for key in self.kms.list_keys()["Keys"]:
            state = self.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if state["KeyManager"] == "CUSTOMER" and state["KeyState"] != "PendingDeletion":
                left.append(key["KeyId"])
        expect(not left, f"destroy left behind: {left}")
        self.say("destroy leaves nothing but two keys that wait for their deletion")


def main():
    inside_venv()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--garmin-sync", type=pathlib.Path, help="the binary with the simulator in it; built when not given")
    arguments.add_argument("--keep", action="store_true", help="leave the folder with the logs, also after success")
    chosen = arguments.parse_args()

    for name in sorted(path.parent.name for path in (ROOT / "functions").glob("*/Cargo.toml")):
        artifact = ROOT / "target" / "lambda-x86_64" / name / "bootstrap.zip"
        if not artifact.exists():
            print(f"{artifact} is not there; first: python3 tools/build_functions.py x86_64")
            return 2
    if not (ROOT / "web" / "dist" / "index.html").exists():
        print("web/dist is not there; first: make web/dist/index.html")
        return 2
    if chosen.garmin_sync is None:
        subprocess.run(["cargo", "build", "--quiet", "--package", "garmin-sync"], cwd=ROOT, check=True)
        chosen.garmin_sync = ROOT / "target" / "debug" / "garmin-sync"

    folder = ROOT / "target" / "rehearsal"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Asked to stop, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rehearsal = Rehearsal(folder, chosen.garmin_sync.resolve())
    try:
        rehearsal.run()
    except (Wrong, RuntimeError) as wrong:
        print(f"WRONG: {wrong}\nThe logs are in {folder}")
        return 1
    rehearsal.say("all of it as it should be")
    if not chosen.keep:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
