"""What the description of an API cannot say, as a check."""

import schemathesis
from schemathesis import GenerationMode

# The rules that no schema can hold: how dates stand to each other and to today, which names are time zones, and what the
# server itself gave out before.
BEYOND_A_SCHEMA = {
    "end_in_future",
    "invalid_cursor",
    "range_too_long",
    "start_after_end",
    "start_too_early",
    "unknown_time_zone",
}


@schemathesis.check
def what_fits_the_schema_is_refused_only_for_what_no_schema_can_say(context, response, case):
    if case.meta and case.meta.generation.mode == GenerationMode.POSITIVE and response.status_code == 400:
        code = response.json()["code"]
        assert code in BEYOND_A_SCHEMA, f"{code}: the schema allows what is refused"
