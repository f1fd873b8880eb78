//! Saved workouts: plans without a date.

use sync_core::record::WorkoutRecord;
use sync_core::record::workout::WorkoutStep;
use sync_core::window::WindowScope;
use sync_core::{RecordKind, Window};

use super::table;
use crate::harvest::Harvest;
use crate::reading::{Node, Read, unreadable};

/// Repeats within repeats within repeats: deeper than this is no plan.
const DEEPEST: u8 = 8;

/// `/workout-service/workouts`: a page. Each leads to its steps.
pub(crate) fn list(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let Some(id) = row.id("workoutId")? else { continue };
        harvest.object(RecordKind::Workout, &id.to_string(), None, &workout(&row)?)?;
        harvest.leads_to(Window { source: table::WORKOUT_STEPS, scope: WindowScope::Object(id.to_string()) });
    }
    Ok(())
}

fn workout(row: &Node<'_>) -> Read<WorkoutRecord> {
    let sport = row.get("sportType")?;
    Ok(WorkoutRecord {
        name: row.scalar("workoutName")?,
        description: row.scalar("description")?,
        sport: sport.map_or(Ok(None), |sport| sport.text("sportTypeKey"))?,
        estimated_seconds: row.whole("estimatedDurationInSecs")?,
        estimated_meters: row.num("estimatedDistanceInMeters")?,
        created_at: row.wall_clock("createdDate")?,
        changed_at: row.wall_clock("updateDate")?.or(row.wall_clock("updatedDate")?),
        steps: None,
    })
}

/// `/workout-service/workout/{id}`.
pub(crate) fn steps(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let id = answer.id("workoutId")?.ok_or_else(|| unreadable("workoutId"))?;
    let mut steps = Vec::new();
    for segment in answer.rows("workoutSegments")? {
        collect(&segment, 0, &mut steps)?;
    }
    let values = WorkoutRecord { steps: Some(steps).filter(|steps| !steps.is_empty()), ..workout(answer)? };
    harvest.object(RecordKind::Workout, &id.to_string(), None, &values)
}

fn collect(parent: &Node<'_>, depth: u8, steps: &mut Vec<WorkoutStep>) -> Read<()> {
    if depth > DEEPEST {
        return Ok(());
    }
    for step in parent.rows("workoutSteps")? {
        let key_of = |name, key| step.get(name)?.map_or(Ok(None), |node: Node<'_>| node.text(key));
        let exercise = step.text("exerciseName")?.or(step.text("category")?);
        steps.push(WorkoutStep {
            depth,
            kind: key_of("stepType", "stepTypeKey")?,
            repetitions: step.whole("numberOfIterations")?,
            ends_on: key_of("endCondition", "conditionTypeKey")?,
            ends_at: step.num("endConditionValue")?,
            target: key_of("targetType", "workoutTargetTypeKey")?,
            target_from: step.num("targetValueOne")?,
            target_to: step.num("targetValueTwo")?,
            target_zone: step.whole("zoneNumber")?,
            exercise,
            description: step.scalar("description")?,
        });
        collect(&step, depth + 1, steps)?;
    }
    Ok(())
}
