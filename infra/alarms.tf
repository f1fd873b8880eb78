# What somebody has to know. Each description says where in docs/operations.md the answer is.

locals {
  metric_namespace = var.name

  chunk_outcomes = ["done", "again_later", "paused", "failed", "not_ours", "handed_back"]

  # How long a worker is busy with a chunk of everything, at the least that Garmin's pace of a call a second allows.
  chunk_seconds = { incremental = 30, historical = 75 }

  # Messages for one chunk: its own, and those of the sweeper while its job waits for a worker, after 1, 2, 4, 8, 16, 31 and 46
  # minutes. A wait of more than an hour is what the alarm for overdue jobs is for.
  nudges_per_chunk = 8

  # What both queues' workers can do in an hour, if each chunk has waited for an hour and each of its messages is an invocation:
  # above that something goes in circles. Today's 24,960 cost ten cents, so the alarm comes long before the bill.
  invocations_per_hour = local.nudges_per_chunk * sum([for name, queue in local.queues : ceil(queue.concurrency * 3600 / local.chunk_seconds[name])])

  # A message may wait for 15 minutes because it says so, and then for one visibility timeout because its reader died.
  oldest_message_seconds = {
    incremental = 900 + local.visibility_seconds
    # Historical imports may also queue behind each other for an hour before it is worth a look.
    historical = 900 + local.visibility_seconds + 3600
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.data.arn
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# Metrics from log lines.

# The sweeper says after each sweep what it found due and what it did about it; overdue is what it finds due although it has
# nudged for an hour.
resource "aws_cloudwatch_log_metric_filter" "swept" {
  for_each = {
    due              = "JobsDue"
    nudged           = "JobsNudged"
    woken            = "JobsWoken"
    failed           = "JobsNotLookedAt"
    overdue          = "JobsOverdue"
    erasures         = "ErasuresNudged"
    erasures_overdue = "ErasuresOverdue"
  }

  name           = "${var.name}-${each.value}"
  log_group_name = module.function["sweep-jobs"].log_group
  pattern        = "{ $.fields.message = \"swept\" }"

  metric_transformation {
    namespace = local.metric_namespace
    name      = each.value
    value     = "$.fields.${each.key}"
    unit      = "Count"
  }
}

# The worker says of each nudge what came of it (infra/tests/run.py compares this list with its code).
resource "aws_cloudwatch_log_metric_filter" "chunks" {
  name           = "${var.name}-Chunks"
  log_group_name = module.function["process-chunk"].log_group
  pattern        = "{ $.fields.outcome = * }"

  metric_transformation {
    namespace  = local.metric_namespace
    name       = "Chunks"
    value      = "1"
    unit       = "Count"
    dimensions = { outcome = "$.fields.outcome" }
  }
}

# Alarms.

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name        = "${var.name}-dead-letters"
  alarm_description = "A message could not be dealt with five times. No job is stuck by it, but it is a bug report. docs/operations.md#alarm-dead-letters"
  namespace         = "AWS/SQS"
  metric_name       = "ApproximateNumberOfMessagesVisible"
  dimensions        = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic         = "Maximum"
  # SQS measures once a minute; the first dead letter counts.
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "oldest_message" {
  for_each = local.queues

  alarm_name        = "${var.name}-${each.key}-oldest-message"
  alarm_description = "Nudges of ${each.key} syncs wait longer than any delay or dead reader explains: the workers do not keep up or stand still. docs/operations.md#alarm-oldest-message"
  namespace         = "AWS/SQS"
  metric_name       = "ApproximateAgeOfOldestMessage"
  dimensions        = { QueueName = aws_sqs_queue.chunks[each.key].name }
  statistic         = "Maximum"
  # Five minutes running, so that one late acknowledgement does not wake anybody.
  period              = 60
  evaluation_periods  = 5
  threshold           = local.oldest_message_seconds[each.key]
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.functions

  alarm_name        = "${var.name}-${each.key}-errors"
  alarm_description = "${each.key} crashes or runs out of time. One crash heals by itself, two periods of them do not. docs/operations.md#alarm-errors"
  namespace         = "AWS/Lambda"
  metric_name       = "Errors"
  dimensions        = { FunctionName = module.function[each.key].name }
  statistic         = "Sum"
  # A single crash is what the design is made for; crashes in two of three periods of five minutes are a fault.
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# process-chunk answers for each message by itself: one that it cannot deal with is no error of the invocation.
resource "aws_cloudwatch_metric_alarm" "handed_back" {
  alarm_name        = "${var.name}-handed-back"
  alarm_description = "process-chunk hands messages back: it cannot read them, or not work on what they are about. docs/operations.md#alarm-handed-back"
  namespace         = local.metric_namespace
  metric_name       = "Chunks"
  dimensions        = { outcome = "handed_back" }
  statistic         = "Sum"
  # One message comes again after 18 minutes and in the end is a dead letter; messages in two of three periods are a fault.
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  depends_on = [aws_cloudwatch_log_metric_filter.chunks]
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = local.functions

  alarm_name        = "${var.name}-${each.key}-throttles"
  alarm_description = "Lambda has no room for ${each.key}: the account's concurrency is used up, or the kill switch is on. docs/operations.md#alarm-throttles"
  namespace         = "AWS/Lambda"
  metric_name       = "Throttles"
  dimensions        = { FunctionName = module.function[each.key].name }
  statistic         = "Sum"
  # A burst passes within five minutes.
  period              = 300
  evaluation_periods  = 2
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "api_errors" {
  alarm_name        = "${var.name}-api-errors"
  alarm_description = "The API answers 5xx. docs/operations.md#alarm-api-errors"
  namespace         = "AWS/ApiGateway"
  metric_name       = "5xx"
  dimensions        = { ApiId = aws_apigatewayv2_api.this.id }
  statistic         = "Sum"
  # Five in five minutes: more than one person's bad luck, also where few people are.
  period              = 300
  evaluation_periods  = 1
  threshold           = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "jobs_overdue" {
  alarm_name        = "${var.name}-jobs-overdue"
  alarm_description = "Nobody has claimed some job for an hour although it was nudged: it is stuck, or the workers do not keep up. docs/operations.md#alarm-jobs-overdue"
  namespace         = local.metric_namespace
  metric_name       = "JobsOverdue"
  statistic         = "Sum"
  # The sweeper sees a job that nobody claims every 15 minutes, so one that is stuck is in at least two periods of any four.
  period              = 900
  evaluation_periods  = 4
  datapoints_to_alarm = 2
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  depends_on = [aws_cloudwatch_log_metric_filter.swept]
}

resource "aws_cloudwatch_metric_alarm" "jobs_not_looked_at" {
  alarm_name        = "${var.name}-jobs-not-looked-at"
  alarm_description = "The sweeper finds jobs that it cannot read, move or nudge. docs/operations.md#alarm-jobs-not-looked-at"
  namespace         = local.metric_namespace
  metric_name       = "JobsNotLookedAt"
  statistic         = "Sum"
  # A store that is away for a minute is back in the next sweep; three in a row are something else.
  period              = 60
  evaluation_periods  = 3
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  depends_on = [aws_cloudwatch_log_metric_filter.swept]
}

resource "aws_cloudwatch_metric_alarm" "erasures_overdue" {
  alarm_name        = "${var.name}-erasures-overdue"
  alarm_description = "Some erasure was asked for an hour ago and does not get further, or cannot be looked at: somebody's data are still here. docs/operations.md#alarm-erasures-overdue"
  namespace         = local.metric_namespace
  metric_name       = "ErasuresOverdue"
  statistic         = "Sum"
  # As for jobs. The sweeper sees an erasure that does not get further every minute or two.
  period              = 900
  evaluation_periods  = 4
  datapoints_to_alarm = 2
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  depends_on = [aws_cloudwatch_log_metric_filter.swept]
}

resource "aws_cloudwatch_metric_alarm" "sweeper_silent" {
  alarm_name        = "${var.name}-sweeper-silent"
  alarm_description = "The sweeper does not run: lost messages and dead workers are not made good. docs/operations.md#alarm-sweeper-silent"
  namespace         = "AWS/Lambda"
  metric_name       = "Invocations"
  dimensions        = { FunctionName = module.function["sweep-jobs"].name }
  statistic         = "Sum"
  # Five sweeps missed. Silence is what this is about, so missing data counts as silence.
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "chunks_given_up" {
  alarm_name        = "${var.name}-chunks-given-up"
  alarm_description = "Chunks fail for good, of many jobs at once: Garmin has probably changed something. docs/operations.md#alarm-chunks-given-up"
  namespace         = local.metric_namespace
  metric_name       = "Chunks"
  dimensions        = { outcome = "failed" }
  statistic         = "Sum"
  # One person's odd data gives up a chunk or two; ten in an hour are several people's.
  period              = 3600
  evaluation_periods  = 1
  threshold           = 10
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  depends_on = [aws_cloudwatch_log_metric_filter.chunks]
}

resource "aws_cloudwatch_metric_alarm" "cost_guard" {
  alarm_name          = "${var.name}-cost-guard"
  alarm_description   = "More messages are worked on than an hour's chunks can need: something goes in circles and costs money. docs/operations.md#alarm-cost-guard"
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = module.function["process-chunk"].name }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = local.invocations_per_hour
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
