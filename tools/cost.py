#!/usr/bin/env python3
"""The cost tables of docs/operations.md, from list prices and measured figures.

    python3 tools/cost.py      prints them; infra/tests/run.py holds the document to what is printed

After a price or a figure has changed: change it here, or in docs/performance.md, and copy what is printed into the document.
Python's standard library only.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent

# US dollars, us-east-1, without free tiers and volume discounts.
MILLION, GB = 1e6, 1e9
GB_SECOND, INVOCATION = 13.33 / MILLION, 0.20 / MILLION
WRITE_UNIT, READ_UNIT, KEPT_GB, RECOVERY_GB = 0.625 / MILLION, 0.125 / MILLION, 0.25, 0.20
SQS_CALL, KMS_CALL, KEY = 0.40 / MILLION, 0.03 / 10_000, 1.00
API_REQUEST, CDN_REQUEST, SCHEDULED = 1.00 / MILLION, 1.00 / MILLION, 1.00 / MILLION
LOG_GB, LOG_KEPT_GB = 0.50, 0.03
ALARM, METRIC, DASHBOARD = 0.10, 0.30, 3.00

# Settings of infra/.
MEMORY_GB = 0.25
POLL_SECONDS = 3
# One to each of the index's four shards, and one to that of erasures.
SWEEP_QUERIES = 5

# Measured (docs/performance.md) or estimated, where it says so.
CHUNK_SECONDS, DAILY_SECONDS = 110, 30
YEAR_MB = 3.047 / 20 * 12  # the rehearsal's 20 months, taken to a year
YEAR_SQS, YEAR_KMS, YEAR_LOG_MB = 39, 26, 0.2
DAILY_SQS, DAILY_KMS, DAILY_LOG_KB, ACCESS_LOG_KB = 3, 2, 10, 0.4  # estimates, the first of the logs an upper bound
POLL_FUNCTION_SECONDS, SWEEP_SECONDS = 0.05, 0.1  # estimates: a seventh of a processor, mostly waiting for DynamoDB
EMPTY_POLLS = 2 * 5 * 3 * 60 * 24 * 30  # two mappings, five pollers each, one long poll in 20 s


def number(text):
    return float(text.replace(",", ""))


def measured():
    """Chunks, calls, read and write units of a year of everything; read and write units of a daily sync."""
    performance = (ROOT / "docs" / "performance.md").read_text()
    year = re.search(r"^\| 1 year \| (\S+) \| \S+ \| (\S+) \| \S+ \| (\S+) \| (\S+) \|", performance, re.M)
    daily = re.search(r"A daily sync.*?(\d+)\s+read\s+and\s+(\d+)\s+write\s+units", performance, re.S)
    assert year and daily, "docs/performance.md: the figures of a year or of a daily sync were not found"
    return [number(figure) for figure in (*year.groups(), *daily.groups())]


def alarms_and_metrics():
    """How many of each infra/ makes: alarms, metrics of each sweep, metrics of what came of nudges."""
    alarms = (ROOT / "infra" / "alarms.tf").read_text()
    functions = len(list((ROOT / "functions").glob("*/Cargo.toml")))
    counts = [
        functions if "for_each = local.functions" in body else 2 if "for_each = local.queues" in body else 1
        for body in re.findall(r'^resource "aws_cloudwatch_metric_alarm" "\w+" \{\n(.*?)^\}', alarms, re.S | re.M)
    ]
    swept = re.search(r'"swept" \{\n  for_each = \{\n(.*?)^  \}', alarms, re.S | re.M)[1].count("=")
    return sum(counts), swept, re.search(r"chunk_outcomes = \[(.*?)\]", alarms)[1].count(",") + 1


def functions(invocations, seconds):
    return invocations * (INVOCATION + seconds * MEMORY_GB * GB_SECOND)


def logs(gigabytes):
    return gigabytes * (LOG_GB + LOG_KEPT_GB)


def polled(polls):
    """A status through CloudFront and the HTTP API, answered by read-job with one read unit."""
    return polls * (CDN_REQUEST + API_REQUEST + READ_UNIT) + functions(polls, POLL_FUNCTION_SECONDS)


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]]).replace("|  |", "| |")


def round_to_two(dollars):
    digits = len(str(int(dollars))) - 2
    return f"{round(dollars, -digits):,.0f}"


def prices():
    return table(["What", "Price", ""], [
        ["Lambda, arm64", f"{GB_SECOND * MILLION:.2f} per million GB-s", f"{INVOCATION * MILLION:.2f} per million requests"],
        ["DynamoDB on demand", f"{WRITE_UNIT * MILLION:.3f} per million write units, {READ_UNIT * MILLION:.3f} per million read units", f"{KEPT_GB:.2f} per GB-month, +{RECOVERY_GB:.2f} for recovery"],
        ["SQS", f"{SQS_CALL * MILLION:.2f} per million calls", ""],
        ["KMS", f"{KMS_CALL * 10_000:.2f} per 10,000 calls", f"{KEY:.0f} per key and month, and {KEY:.0f} more after each of its first two rotations"],
        ["HTTP API", f"{API_REQUEST * MILLION:.2f} per million requests", ""],
        ["CloudFront", f"{CDN_REQUEST * MILLION:.2f} per million HTTPS requests", "every call of the page passes through it"],
        ["Scheduler", f"{SCHEDULED * MILLION:.2f} per million invocations", ""],
        ["Logs", f"{LOG_GB:.2f} per GB in, {LOG_KEPT_GB:.2f} per GB-month kept", ""],
        ["Alarms, metrics, dashboard", f"{ALARM:.2f} per alarm, {METRIC:.2f} per metric, {DASHBOARD:.2f} for the dashboard, each a month", ""],
    ])


def user_year():
    """The table, and what it comes to, as it is printed."""
    chunks, calls, reads, writes, _, _ = measured()
    polls = chunks * CHUNK_SECONDS / POLL_SECONDS
    rows = [
        ("Waiting for Garmin in process-chunk", f"{calls:,.0f} calls at one a second, and the writes: {chunks:.0f} chunks × {CHUNK_SECONDS} s × {MEMORY_GB} GB = {chunks * CHUNK_SECONDS * MEMORY_GB:.0f} GB-s", functions(chunks, CHUNK_SECONDS)),
        ("Tables: records, job and locks", f"{writes:,.0f} write units, {reads:.0f} read units", writes * WRITE_UNIT + reads * READ_UNIT),
        ("Status polls of an open page", f"{chunks * CHUNK_SECONDS / 60:.0f} minutes, one in {POLL_SECONDS} s: {polls:.0f} requests, functions of {POLL_FUNCTION_SECONDS * 1000:.0f} ms, {polls:.0f} read units", polled(polls)),
        ("Messages, keys, logs", f"{YEAR_SQS} calls of SQS, {YEAR_KMS} of KMS, {YEAR_LOG_MB} MB of log, {polls:.0f} lines of access log", YEAR_SQS * SQS_CALL + YEAR_KMS * KMS_CALL + logs((YEAR_LOG_MB + polls * ACCESS_LOG_KB / 1000) / 1000)),
    ]
    total = f"{sum(dollars for _, _, dollars in rows):.4f}"
    kept = ["Keeping it", f"{YEAR_MB:.1f} MB with recovery", f"{YEAR_MB / 1000 * (KEPT_GB + RECOVERY_GB):.4f} a month"]
    lines = [[what, much, f"{dollars:.4f}"] for what, much, dollars in rows]
    return table(["What", "How much", "Dollars"], [*lines, ["**One year of one person, once**", "", f"**{total}**"], kept]), float(total)


def million():
    _, _, _, _, reads, writes = measured()
    year, syncs, polls = user_year()[1], 30 * MILLION, 60 / POLL_SECONDS
    asked = syncs * (polls + 1)
    rows = [
        ("Daily syncs, waiting for Garmin", f"30 M a month × {DAILY_SECONDS} s × {MEMORY_GB} GB = {syncs * DAILY_SECONDS * MEMORY_GB / MILLION:.0f} M GB-s", functions(syncs, DAILY_SECONDS)),
        ("Daily syncs, tables", f"30 M × {writes:.0f} write and {reads:.0f} read units", syncs * (writes * WRITE_UNIT + reads * READ_UNIT)),
        ("Their pages", f"30 M × {polls:.0f} polls and a start: {asked / MILLION:.0f} M requests, each a function, and through CloudFront and the API", polled(asked)),
        ("Messages, keys, logs", f"30 M × ({DAILY_SQS} SQS, {DAILY_KMS} KMS, {DAILY_LOG_KB} KB of log at most), {asked / MILLION:.0f} M lines of access log", syncs * (DAILY_SQS * SQS_CALL + DAILY_KMS * KMS_CALL) + logs((syncs * DAILY_LOG_KB + asked * ACCESS_LOG_KB) / MILLION)),
        ("Keeping five years each", f"{5 * YEAR_MB:.1f} TB with recovery", 5 * YEAR_MB * 1000 * (KEPT_GB + RECOVERY_GB)),
    ]
    total = sum(dollars for _, _, dollars in rows)
    active = MILLION - 10_000
    return table(["What", "How much", "Dollars"], [
        ["**Five years each, once**", f"5,000,000 × {year:.4f}", f"**{5 * MILLION * year:,.0f}**"],
        *[[what, much, f"{round_to_two(dollars)} a month"] for what, much, dollars in rows],
        ["**Each month**", "", f"**about {round_to_two(total)}, {total / MILLION * 100:.1f} cents a person**"],
        ["Cognito, if its users are ours", f"{active:,.0f} active users at 0.0055 to 0.015", f"{round_to_two(active * 0.0055)} to {round_to_two(active * 0.015)} a month"],
    ])


def nobody():
    alarms, swept, outcomes = alarms_and_metrics()
    sweeps = 60 * 24 * 30
    # A query that finds nothing is half a unit: an index is read with eventual consistency.
    sweeping = sweeps * (SCHEDULED + SWEEP_QUERIES * READ_UNIT / 2) + functions(sweeps, SWEEP_SECONDS)
    rows = [
        ("Keys", "2, not rotated yet", 2 * KEY),
        ("Alarms", f"{alarms}", alarms * ALARM),
        ("Metrics", f"{swept} of each sweep; the {outcomes} of what came of nudges are billed in hours that have some", swept * METRIC),
        ("Dashboard", "1", DASHBOARD),
        ("Sweeps", f"{sweeps:,} a month, {SWEEP_QUERIES} index queries of half a read unit each", sweeping),
        ("Empty queues", f"{EMPTY_POLLS / MILLION:.2f} million calls of SQS by the two mappings", EMPTY_POLLS * SQS_CALL),
    ]
    lines = [[what, much, f"{dollars:.2f}"] for what, much, dollars in rows]
    return table(["What", "How much", "Dollars a month"], [*lines, ["**With nobody there**", "", f"**{sum(dollars for _, _, dollars in rows):.2f}**"]])


def tables():
    return [prices(), user_year()[0], million(), nobody()]


if __name__ == "__main__":
    print("\n\n".join(tables()))
