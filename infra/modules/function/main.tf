# One function: its role, its log, itself. What calls it (the API, a queue, the schedule) is said where that lives.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

resource "aws_iam_role" "this" {
  name = var.name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaRunsAsThisRole"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# Before the function: a log group that the function makes by itself is kept for ever, unencrypted by our key.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
}

resource "aws_iam_role_policy" "this" {
  name = "what-it-needs"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid    = "WriteItsOwnLog"
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        # Streams have no names before they exist; this is every stream of this one group.
        Resource = ["${aws_cloudwatch_log_group.this.arn}:log-stream:*"]
      }],
      [for statement in var.statements : merge(
        {
          Sid      = statement.sid
          Effect   = "Allow"
          Action   = statement.actions
          Resource = statement.resources
        },
        length(statement.condition) == 0 ? {} : { Condition = statement.condition },
      )],
    )
  })
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = var.description
  role          = aws_iam_role.this.arn

  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.artifact
  source_code_hash = fileexists(var.artifact) ? filebase64sha256(var.artifact) : null

  timeout     = var.timeout_seconds
  memory_size = var.memory_mb

  # -1 is: no reservation, take from the account's room. Zero is the kill switch.
  reserved_concurrent_executions = var.stopped ? 0 : -1

  environment {
    variables = var.environment
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.this.name
    log_format            = "JSON"
    application_log_level = "INFO"
    # Lambda's own start and report lines would be most of the log; durations and errors are metrics.
    system_log_level = "WARN"
  }

  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    precondition {
      condition     = fileexists(var.artifact)
      error_message = "There is no zip at ${var.artifact}. Build the functions first (docs/operations.md, Deploy from nothing)."
    }
  }
}
