# Two queues, so that a daily sync never waits behind somebody's ten years, and one place for messages that nobody could
# deal with. A message is only a nudge: any of them may be lost, doubled or sent again.

locals {
  # Six times the function's timeout, as AWS asks: a message whose function was throttled or cut off is not handed out
  # again while its first reader may still be at work. Recovery does not wait for it: a dead worker's lease ends and the
  # sweeper nudges.
  visibility_seconds = 6 * local.functions["process-chunk"].timeout_seconds

  # The longest that SQS keeps a message: two weeks to find out why it could not be dealt with.
  longest_retention_seconds = 14 * 24 * 3600

  queues = {
    incremental = { concurrency = var.incremental_concurrency }
    historical  = { concurrency = var.historical_concurrency }
  }
}

resource "aws_sqs_queue" "chunks" {
  for_each = local.queues

  name                       = "${var.name}-${each.key}"
  visibility_timeout_seconds = local.visibility_seconds
  # Four days (the default): a nudge older than that has been replaced by the sweeper thousands of times.
  message_retention_seconds = 4 * 24 * 3600

  # An hour instead of five minutes between calls to KMS, for a twelfth of their cost. What is in a message is no secret.
  kms_master_key_id                 = aws_kms_key.data.arn
  kms_data_key_reuse_period_seconds = 3600

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    # A message fails when the store or the key service is away, or when it is unreadable. Five tries at 18 minutes
    # outlast an outage of an hour; fewer would also count the throttled polls of a busy mapping.
    maxReceiveCount = 5
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name                              = "${var.name}-dead-letters"
  message_retention_seconds         = local.longest_retention_seconds
  kms_master_key_id                 = aws_kms_key.data.arn
  kms_data_key_reuse_period_seconds = 3600
}

# Apart from the queue, because the queues name each other.
resource "aws_sqs_queue_redrive_allow_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [for queue in aws_sqs_queue.chunks : queue.arn]
  })
}

resource "aws_lambda_event_source_mapping" "chunks" {
  for_each = local.queues

  event_source_arn = aws_sqs_queue.chunks[each.key].arn
  function_name    = module.function["process-chunk"].arn
  enabled          = var.running == "everything"

  # One message is up to three minutes of work, and each has its own fate.
  batch_size = 1
  # Without this a message that is handed back would be deleted.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    # Polling stops here, so waiting costs nothing and never counts as a try, as it would with reserved concurrency.
    maximum_concurrency = each.value.concurrency
  }

  depends_on = [module.function]
}

# A chunk nudges the next one, which is what Lambda's loop detection looks for: after some 16 chunks, half a year of an
# import, it would stop the function. The guards against a real loop: a job has a planned number of chunks, one
# conditional write decides who nudges, the concurrency is bounded, and alarms watch invocations and dead letters.
resource "aws_lambda_function_recursion_config" "process_chunk" {
  function_name  = module.function["process-chunk"].name
  recursive_loop = "Allow"
}
