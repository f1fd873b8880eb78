//! Who the account belongs to, and where that person's days begin.

use serde_json::json;

use super::{Ask, Reply};

pub(super) fn social(ask: &Ask<'_>) -> Reply {
    let person = ask.person;
    let full_name = format!("Simulated {}", person.account.name);
    Reply::Json(json!({
        "id": person.profile_pk,
        "profileId": person.profile_pk,
        "garminGUID": person.guid,
        "displayName": person.account.display_name,
        "fullName": full_name,
        "userName": format!("{}@example.test", person.account.name),
        "userProfileFullName": full_name,
        "profileImageType": null,
        "location": null,
        "profileVisibility": "private",
        "activityStartVisibility": "private",
        "showAge": true,
        "favoriteActivityTypes": [],
        "userRoles": ["SCOPE_CONNECT_READ", "SCOPE_CONNECT_WRITE", "ROLE_CONNECTUSER"],
        "nameApproved": true,
        "userLevel": 3,
        "userPoint": 120,
        "userPro": false,
    }))
}

/// The recordings of this endpoint have no time zone where the project's notes say it is; it stands in all the
/// places the notes and other clients name, so that whichever is read is right.
pub(super) fn settings(ask: &Ask<'_>) -> Reply {
    let person = ask.person;
    Reply::Json(json!({
        "id": person.profile_pk,
        "timeZone": person.zone().name(),
        "userData": {
            "gender": "FEMALE",
            "weight": person.weight(person.today(ask.now)).round(),
            "height": (person.height * 100.0).round(),
            "timeFormat": "time_twenty_four_hr",
            "birthDate": format!("{}-01-01", person.birth_year),
            "measurementSystem": "metric",
            "activityLevel": null,
            "handedness": "RIGHT",
            "firstDayOfWeek": {"dayId": 3, "dayName": "monday", "sortOrder": 3, "isPossibleFirstDay": true},
            "intensityMinutesCalcMethod": "AUTO",
            "hydrationMeasurementUnit": "milliliter",
            "hydrationAutoGoalEnabled": true,
            "timeZone": person.zone().name(),
        },
        "userSleep": {"sleepTime": 82_800, "defaultSleepTime": false, "wakeTime": 24_600, "defaultWakeTime": false},
        "connectDate": null,
        "sourceType": null,
    }))
}

/// `/userprofile/settings`: where the recordings do have the time zone.
pub(super) fn locale(ask: &Ask<'_>) -> Reply {
    let person = ask.person;
    Reply::Json(json!({
        "displayName": person.account.display_name,
        "preferredLocale": "en",
        "measurementSystem": "metric",
        "timeZone": person.zone().name(),
    }))
}
