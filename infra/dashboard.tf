# One look: is anything stuck, does anything fail, what do people feel, what does it cost.

locals {
  # Two widgets in a row of 24 columns.
  widgets = [
    {
      title = "Stuck: jobs and erasures that an hour of nudging has not moved, and jobs that cannot be looked at"
      metrics = [for metric in ["JobsOverdue", "ErasuresOverdue", "JobsNotLookedAt"] :
        [local.metric_namespace, metric, { stat = "Maximum" }]
      ]
    },
    {
      title = "Sweeps: what was due, jobs and erasures nudged, and jobs woken from a wait"
      metrics = [for metric in ["JobsDue", "JobsNudged", "JobsWoken", "ErasuresNudged"] :
        [local.metric_namespace, metric, { stat = "Maximum" }]
      ]
    },
    {
      title = "What came of nudges"
      metrics = [for outcome in local.chunk_outcomes :
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
