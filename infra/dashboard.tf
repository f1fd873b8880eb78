# One look: is anything stuck, does anything fail, what do people feel, what does it cost.

locals {
  # Two widgets in a row of 24 columns.
  widgets = [
    {
      title = "Sweeps: jobs and erasures nudged because they were past their moment, and jobs woken from a wait"
      metrics = [
        [local.metric_namespace, "JobsDue", { stat = "Maximum", visible = false }],
        [local.metric_namespace, "JobsNudged", { stat = "Maximum" }],
        [local.metric_namespace, "JobsWoken", { stat = "Maximum" }],
        [local.metric_namespace, "JobsNotLookedAt", { stat = "Maximum" }],
        [local.metric_namespace, "ErasuresNudged", { stat = "Maximum" }],
      ]
    },
    {
      title = "What came of nudges"
      metrics = [for outcome in ["done", "again_later", "paused", "failed", "not_ours"] :
        [local.metric_namespace, "Chunks", "outcome", outcome, { stat = "Sum" }]
      ]
    },
    {
      title = "Messages that wait, and dead letters"
      metrics = concat(
        [for queue in aws_sqs_queue.chunks : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name, { stat = "Maximum" }]],
        [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.dead_letters.name, { stat = "Maximum" }]],
      )
    },
    {
      title   = "Age of the oldest message, in seconds"
      metrics = [for queue in aws_sqs_queue.chunks : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.name, { stat = "Maximum" }]]
    },
    {
      title = "The API: requests and answers"
      metrics = [for metric in ["Count", "4xx", "5xx"] :
        ["AWS/ApiGateway", metric, "ApiId", aws_apigatewayv2_api.this.id, { stat = "Sum" }]
      ]
    },
    {
      title   = "The API: how long 99 of 100 requests take, in milliseconds"
      metrics = [["AWS/ApiGateway", "Latency", "ApiId", aws_apigatewayv2_api.this.id, { stat = "p99" }]]
    },
    {
      title   = "Functions: invocations"
      metrics = [for function in module.function : ["AWS/Lambda", "Invocations", "FunctionName", function.name, { stat = "Sum" }]]
    },
    {
      title   = "Functions: errors"
      metrics = [for function in module.function : ["AWS/Lambda", "Errors", "FunctionName", function.name, { stat = "Sum" }]]
    },
    {
      title   = "Functions: how long 99 of 100 invocations take, in milliseconds"
      metrics = [for function in module.function : ["AWS/Lambda", "Duration", "FunctionName", function.name, { stat = "p99" }]]
    },
    {
      title   = "Tables: write units used"
      metrics = [for name in values(local.table_names) : ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", name, { stat = "Sum" }]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = index % 2 * 12
      y      = floor(index / 2) * 6
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        region  = var.region
        period  = 60
        view    = "timeSeries"
        stacked = false
        metrics = widget.metrics
      }
    }]
  })
}
