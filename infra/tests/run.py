#!/usr/bin/env python3
"""Everything about infra/ that can be checked without an AWS account.

    python3 infra/tests/run.py             all of it
    python3 infra/tests/run.py --static    without Terraform: functions, routes, events and this folder agree

With TF_PLUGIN_DIR set, Terraform takes the AWS provider from that local mirror and nothing from the network.
Python's standard library only.
"""

import json
import os
import pathlib
import re
import runpy
import subprocess
import sys

INFRA = pathlib.Path(__file__).resolve().parent.parent
ROOT = INFRA.parent


def functions_in_infra():
    """The entries of locals.functions, each with its text."""
    text = (INFRA / "functions.tf").read_text()
    block = re.search(r"^  functions = \{\n(.*?)^  \}\n", text, re.S | re.M)
    assert block, "infra/functions.tf: locals.functions was not found"
    return dict(re.findall(r"^    ([a-z-]+) = \{\n(.*?)^    \}\n", block[1], re.S | re.M))


def functions_in_code():
    return {path.parent.name for path in (ROOT / "functions").glob("*/Cargo.toml")}


def routes_in_infra(entries):
    return {
        name: set(re.findall(r'"((?:GET|POST|PUT|PATCH|DELETE) /[^"]*)"', re.search(r"routes\s*=\s*\[(.*?)\]", text, re.S)[1]))
        for name, text in entries.items()
    }


def routes_in_code(name):
    """The pairs that ROUTES names: constants like ("POST", "/integrations/…"), or the pairs themselves."""
    source = "".join(path.read_text() for path in sorted((ROOT / "functions" / name / "src").glob("**/*.rs")))
    listed = re.search(r"pub const ROUTES[^=]*=\s*&?\[(.*?)\];", source, re.S)
    if not listed:
        return set()
    pair = r'\(\s*"([A-Z]+)",\s*"([^"]+)",?\s*\)'
    named = {name: f"{method} {path}" for name, method, path in re.findall(r"const ([A-Z_]+): [\w:]*Route\s*=\s*" + pair, source)}
    routes = {f"{method} {path}" for method, path in re.findall(pair, listed[1])}
    for constant in re.findall(r"\b([A-Z][A-Z_]*)\b", re.sub(pair, "", listed[1])):
        assert constant in named, f"functions/{name}: ROUTES names {constant}, which is no route that this test can read"
        routes.add(named[constant])
    return routes


def events():
    """Each file in events/ with the function it is for, and the route it is for, if it is a request."""
    found = {}
    for path in sorted((ROOT / "events").glob("*.json")):
        found[path.name] = (json.loads(path.read_text()).get("routeKey"), path.stem)
    return found


def routes_described():
    """The routes of the OpenAPI description."""
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    return {f"{method.upper()} {route}" for route, methods in paths.items() for method in methods if method in {"get", "post", "put", "patch", "delete"}}


def static():
    """What is wrong, in sentences."""
    entries = functions_in_infra()
    code = functions_in_code()
    for name in sorted(code - entries.keys()):
        yield f"functions/{name} exists, and locals.functions in infra/functions.tf has no entry for it"
    for name in sorted(entries.keys() - code):
        yield f"infra/functions.tf deploys {name}, and there is no functions/{name}"

    routes = routes_in_infra(entries)
    for name in sorted(code & entries.keys()):
        for route in sorted(routes_in_code(name) - routes[name]):
            yield f"{name} answers {route}, and infra/functions.tf does not lead there"
        for route in sorted(routes[name] - routes_in_code(name)):
            yield f"infra/functions.tf leads {route} to {name}, whose ROUTES does not have it"

    sampled = {}
    for file, (route, stem) in events().items():
        owner = max((name for name in entries if stem.startswith(f"{name}-")), key=len, default=None)
        if owner is None:
            yield f"events/{file} starts with the name of no function"
        elif route is not None:
            if route not in routes[owner]:
                yield f"events/{file} is for {route}, which {owner} does not answer"
            sampled.setdefault(owner, set()).add(route)
        else:
            sampled.setdefault(owner, set())
            if routes[owner]:
                yield f"events/{file} has no routeKey, and {owner} is called over HTTP"
    for name in sorted(entries):
        for route in sorted(routes[name] - sampled.get(name, set())):
            yield f"there is no sample of {route} in events/"
        if name not in sampled:
            yield f"there is no sample event for {name} in events/"

    every = set().union(*routes.values())
    described = routes_described()
    for route in sorted(every - described):
        yield f"{route} is in infra/ and not in docs/openapi.json"
    for route in sorted(described - every):
        yield f"{route} is in docs/openapi.json and not in infra/"

    yield from variables_told()
    yield from policies()
    yield from alarms_heard()
    yield from outcomes()
    yield from swept()
    yield from runbook()
    yield from costs()


def variables_told():
    """Every environment variable that the adapters read is one that Terraform sets."""
    known = set(re.findall(r"^\s+([A-Z][A-Z_]+) += ", (INFRA / "functions.tf").read_text(), re.M))
    adapters = ROOT / "crates" / "sync-aws" / "src" / "config.rs"
    read = set(re.findall(r'const \w+: &str = "([A-Z_]+)"', adapters.read_text()))
    assert read, f"{adapters.relative_to(ROOT)}: no variable was found"
    for name in sorted(read - known):
        yield f"{adapters.relative_to(ROOT)} reads {name}, which infra/functions.tf never sets"


def policies_read():
    """The policies that promises.tftest.hcl reads: named there themselves, or through an output of the module that has them."""
    promises = (INFRA / "tests" / "promises.tftest.hcl").read_text()
    read = set(re.findall(r'jsondecode\((aws_\w+\.\w+)(?:\["[^"]+"\])?\.(\w*policy)\)', promises))
    for path in INFRA.glob("modules/*/outputs.tf"):
        for output, address, attribute in re.findall(r'output "(\w+)" \{[^}]*jsondecode\((aws_\w+\.\w+)\.(\w*policy)\)', path.read_text()):
            if re.search(rf"\bfunction\.{output}\.Statement\b", promises):
                read.add((address, attribute))
    return read


def policies():
    """No policy has a wildcard where it could mean more than one thing, and none stands where no promise looks."""
    read = policies_read()
    for path in sorted(INFRA.glob("*.tf")) + sorted(INFRA.glob("modules/*/*.tf")):
        text = path.read_text()
        where = path.relative_to(ROOT)
        for action in re.findall(r'"([a-z][a-z0-9-]*:[A-Za-z]*\*[^"]*|\*:\*)"', text):
            yield f"{where} has a wildcard in an action: {action}"
        for kind, name, body in re.findall(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', text, re.S | re.M):
            for attribute in re.findall(r"^\s+((?:assume_role_|inline_)?policy|managed_policy_arns|policy_arn)\s*[={]", body, re.M):
                if (f"{kind}.{name}", attribute) not in read:
                    yield f"{where}: {kind}.{name} has a {attribute} that promises.tftest.hcl does not read"
            # A key's own policy means its key by it.
            if re.search(r'Resource\s*=\s*\[?\s*"\*"', body) and not kind.startswith("aws_kms_key"):
                yield f"{where}: {kind}.{name} is for every resource there is"


def alarms_heard():
    """Every alarm tells somebody and is promised to; what Terraform cannot ask of all resources of a kind."""
    promises = (INFRA / "tests" / "promises.tftest.hcl").read_text()
    for path in sorted(INFRA.glob("**/*.tf")):
        for name, body in re.findall(r'^resource "aws_cloudwatch_metric_alarm" "(\w+)" \{\n(.*?)^\}', path.read_text(), re.S | re.M):
            if not re.search(r"^  alarm_actions\s*= \[aws_sns_topic\.alarms\.arn\]$", body, re.M) or re.search(r"^  actions_enabled\b", body, re.M):
                yield f"{path.relative_to(ROOT)}: the alarm {name} tells nobody"
            if not re.search(r"^  alarm_description\s*= .*docs/operations\.md#alarm-[a-z-]+\"$", body, re.M):
                yield f"{path.relative_to(ROOT)}: the alarm {name} does not say where the answer is"
            if f"aws_cloudwatch_metric_alarm.{name}" not in promises:
                yield f"{path.relative_to(ROOT)}: promises.tftest.hcl does not name the alarm {name}"


def outcomes():
    """What process-chunk says of nudges is what is counted and drawn."""
    counted = set(re.findall(r'"(\w+)"', re.search(r"chunk_outcomes = \[(.*?)\]", (INFRA / "alarms.tf").read_text())[1]))
    said = set(re.findall(r'outcome = "(\w+)"', (ROOT / "functions" / "process-chunk" / "src" / "lib.rs").read_text()))
    for outcome in sorted(counted ^ said):
        yield f"chunk_outcomes in infra/alarms.tf and the log lines of process-chunk differ in {outcome}"


def swept():
    """The fields that metrics are read from are on the line that sweep-jobs logs."""
    block = re.search(r'"aws_cloudwatch_log_metric_filter" "swept" \{\n  for_each = \{\n(.*?)^  \}', (INFRA / "alarms.tf").read_text(), re.S | re.M)
    logged = re.search(r'info!\(([^"]*), "swept"\)', (ROOT / "functions" / "sweep-jobs" / "src" / "lib.rs").read_text())
    for field in sorted(set(re.findall(r"^    (\w+)\s*=", block[1], re.M)) - set(re.findall(r"\w+", logged[1]))):
        yield f"infra/alarms.tf reads {field} of the line that sweep-jobs logs, which is not on it"


def runbook():
    """Every alarm leads to a heading of docs/operations.md that exists, and every such heading has an alarm."""
    alarms = set(re.findall(r"docs/operations\.md#(alarm-[a-z-]+)", (INFRA / "alarms.tf").read_text()))
    operations = (ROOT / "docs" / "operations.md").read_text()
    headings = {re.sub(r"[^a-z0-9 -]", "", title.lower()).strip().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", operations, re.M)}
    for alarm in sorted(alarms - headings):
        yield f"an alarm leads to docs/operations.md#{alarm}, and there is no such heading"
    for heading in sorted(h for h in headings - alarms if h.startswith("alarm-")):
        yield f"docs/operations.md#{heading} explains an alarm that infra/alarms.tf does not have"


def costs():
    """The tables of costs are what tools/cost.py prints."""
    operations = (ROOT / "docs" / "operations.md").read_text()
    for table in runpy.run_path(str(ROOT / "tools" / "cost.py"))["tables"]():
        if f"\n{table}\n" not in operations:
            yield "docs/operations.md has another table than tools/cost.py prints:\n" + table


def terraform(*arguments):
    environment = {**os.environ, "TF_IN_AUTOMATION": "1"}
    print("+ terraform", *arguments, flush=True)
    return subprocess.run(["terraform", *arguments], cwd=INFRA, env=environment).returncode == 0


def main():
    wrong = list(static())
    for sentence in wrong:
        print(f"infra: {sentence}")
    if wrong:
        return 1
    print("infra: functions, routes, events, variables, costs and the runbook agree")
    if "--static" in sys.argv:
        return 0
    mirror = os.environ.get("TF_PLUGIN_DIR")
    init = ["init", "-backend=false", "-input=false", "-no-color"] + ([f"-plugin-dir={mirror}"] if mirror else [])
    steps = [["fmt", "-check", "-recursive"], init, ["validate", "-no-color"], ["test", "-no-color"]]
    if all(terraform(*step) for step in steps):
        return 0
    for path in sorted(INFRA.glob("*.tfvars*")):
        print(f"infra: Terraform has tested with {path.relative_to(ROOT)}, which is this deployment's; the tests are written for the defaults")
    return 1


if __name__ == "__main__":
    sys.exit(main())
