# The sweeper's minute. It is what makes every crash and every lost message harmless, so it has an alarm of its own.

locals {
  scheduled = toset([for name, function in local.functions : name if try(function.scheduled, false)])
}

resource "aws_iam_role" "schedule" {
  for_each = local.scheduled

  name = "${var.name}-${each.key}-schedule"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheScheduleRunsAsThisRole"
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "schedule" {
  for_each = local.scheduled

  name = "what-it-needs"
  role = aws_iam_role.schedule[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "InvokeTheScheduledFunction"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [module.function[each.key].arn]
    }]
  })
}

resource "aws_scheduler_schedule" "every_minute" {
  for_each = local.scheduled

  name  = "${var.name}-${each.key}"
  state = var.running == "everything" ? "ENABLED" : "DISABLED"
  # The shortest there is. A job whose message was lost waits one to two of these.
  schedule_expression = "rate(1 minute)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.function[each.key].arn
    role_arn = aws_iam_role.schedule[each.key].arn
    input    = jsonencode({})

    retry_policy {
      # The next minute is the retry.
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }
}

# The schedule hands its event to Lambda and leaves; this is about what Lambda does with it then.
resource "aws_lambda_function_event_invoke_config" "scheduled" {
  for_each = local.scheduled

  function_name = module.function[each.key].name
  # Again: the next minute is the retry.
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
