"""What the description of an API cannot say, as a check."""

import schemathesis
from schemathesis import GenerationMode

# The rules that no schema can hold: how dates stand to each other and to today, which names are time zones, what the server
# itself gave out before, and what Garmin accepts.
BEYOND_A_SCHEMA = {
    "end_in_future",
    "garmin_account_locked",
    "garmin_not_linked",
    "garmin_refuses_tokens",
    "invalid_cursor",
    "invalid_tokens",
    "range_too_long",
    "sign_in_ended",
    "start_after_end",
    "start_too_early",
    "unknown_time_zone",
    "wrong_credentials",
    "wrong_mfa_code",
}


@schemathesis.check
def what_fits_the_schema_is_refused_only_for_what_no_schema_can_say(context, response, case):
    if case.meta and case.meta.generation.mode == GenerationMode.POSITIVE and response.status_code == 400:
        code = response.json()["code"]
        assert code in BEYOND_A_SCHEMA, f"{code}: the schema allows what is refused"
