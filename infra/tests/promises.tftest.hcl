# What the configuration promises, each as an assertion over a plan with a mocked AWS. Needs no account:
#
#   terraform test        (infra/tests/run.py does the init, with a local provider mirror where there is one)

mock_provider "aws" {
  source = "./tests/mocks"
}

# Things that policies name are told apart.

override_resource {
  target          = aws_dynamodb_table.this["garmin_sync_jobs"]
  override_during = plan
  values = {
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/garmin_sync_jobs"
  }
}

override_resource {
  target          = aws_dynamodb_table.this["external_data_providers"]
  override_during = plan
  values = {
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/external_data_providers"
  }
}

override_resource {
  target          = aws_dynamodb_table.this["garmin_accounts"]
  override_during = plan
  values = {
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/garmin_accounts"
  }
}

override_resource {
  target          = aws_dynamodb_table.this["health_records"]
  override_during = plan
  values = {
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/health_records"
  }
}

override_resource {
  target          = aws_dynamodb_table.this["garmin_sign_ins"]
  override_during = plan
  values = {
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/garmin_sign_ins"
  }
}

override_resource {
  target          = aws_kms_key.data
  override_during = plan
  values = {
    arn    = "arn:aws:kms:eu-central-1:123456789012:key/data"
    key_id = "data"
  }
}

override_resource {
  target          = aws_kms_key.tokens
  override_during = plan
  values = {
    arn    = "arn:aws:kms:eu-central-1:123456789012:key/tokens"
    key_id = "tokens"
  }
}

override_resource {
  target          = aws_sqs_queue.chunks["incremental"]
  override_during = plan
  values = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:incremental"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/incremental"
  }
}

override_resource {
  target          = aws_sqs_queue.chunks["historical"]
  override_during = plan
  values = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:historical"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/historical"
  }
}

override_resource {
  target          = aws_sqs_queue.dead_letters
  override_during = plan
  values = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:dead-letters"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters"
  }
}

override_resource {
  target          = module.function["process-chunk"].aws_iam_role.this
  override_during = plan
  values = {
    arn = "arn:aws:iam::123456789012:role/process-chunk"
  }
}

override_resource {
  target          = module.function["link-account"].aws_iam_role.this
  override_during = plan
  values = {
    arn = "arn:aws:iam::123456789012:role/link-account"
  }
}


variables {
  # Any file stands for a zip: nothing reads it.
  artifact = "tests/placeholder.zip"
}

run "every_table_is_on_demand_recoverable_encrypted_and_protected" {
  command = plan

  assert {
    condition     = toset(keys(aws_dynamodb_table.this)) == toset([for file in fileset("../migrations", "*.json") : jsondecode(file("../migrations/${file}")).TableName])
    error_message = "There is a table for every migration, and no other."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.billing_mode == "PAY_PER_REQUEST"])
    error_message = "Every table is on demand."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : one(table.point_in_time_recovery).enabled])
    error_message = "Every table can be restored to any second."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : one(table.server_side_encryption).enabled && one(table.server_side_encryption).kms_key_arn == aws_kms_key.data.arn])
    error_message = "Every table is encrypted with our key."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.deletion_protection_enabled])
    error_message = "No table can be deleted by mistake."
  }
}

run "jobs_expire_and_have_an_index_of_what_is_due" {
  command = plan

  assert {
    condition     = try(one(aws_dynamodb_table.this["garmin_sync_jobs"].ttl).enabled && one(aws_dynamodb_table.this["garmin_sync_jobs"].ttl).attribute_name == "expires_at", false)
    error_message = "Finished jobs and remembered answers expire."
  }
  assert {
    condition     = [for index in aws_dynamodb_table.this["garmin_sync_jobs"].global_secondary_index : [index.name, index.hash_key, index.range_key]] == [["due", "due_shard", "due_at"]]
    error_message = "The sweeper finds due jobs by shard and moment."
  }
  assert {
    condition     = [for index in aws_dynamodb_table.this["health_records"].global_secondary_index : [index.name, index.hash_key, index.range_key, index.projection_type]] == [["by_start", "user_id", "start_local", "KEYS_ONLY"]]
    error_message = "Activities are found by their start."
  }
  assert {
    condition     = aws_dynamodb_table.this["garmin_sync_jobs"].hash_key == "user_id" && aws_dynamodb_table.this["garmin_sync_jobs"].range_key == "job_id"
    error_message = "A job is found by its user and its id."
  }
  assert {
    condition     = alltrue([for name, table in aws_dynamodb_table.this : length(table.ttl) == 0 if !contains(["garmin_sync_jobs", "garmin_sign_ins"], name)])
    error_message = "Nothing else expires: not links, not what was imported."
  }
}

run "queues_wait_long_enough_and_lose_nothing" {
  command = plan

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.chunks : queue.visibility_timeout_seconds == 6 * module.function["process-chunk"].settings.timeout])
    error_message = "The visibility timeout is six times the function's timeout."
  }
  assert {
    condition     = alltrue([for queue in aws_sqs_queue.chunks : jsondecode(queue.redrive_policy).maxReceiveCount == 5 && jsondecode(queue.redrive_policy).deadLetterTargetArn == aws_sqs_queue.dead_letters.arn])
    error_message = "After five tries a message goes to the dead letters."
  }
  assert {
    condition     = aws_sqs_queue.dead_letters.message_retention_seconds == 1209600
    error_message = "Dead letters are kept for 14 days."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.dead_letters.redrive_allow_policy).redrivePermission == "byQueue" && toset(jsondecode(aws_sqs_queue_redrive_allow_policy.dead_letters.redrive_allow_policy).sourceQueueArns) == toset([for queue in aws_sqs_queue.chunks : queue.arn])
    error_message = "Only the two queues may send to the dead letters."
  }
  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.chunks), [aws_sqs_queue.dead_letters]) : queue.kms_master_key_id == aws_kms_key.data.arn])
    error_message = "Every queue is encrypted with our key."
  }
  assert {
    condition     = alltrue([for queue in aws_sqs_queue.chunks : queue.fifo_queue != true])
    error_message = "Standard queues: FIFO has no delay per message, and its deduplication swallows a resume."
  }
}

run "each_message_has_its_own_fate_and_the_recursion_is_allowed" {
  command = plan

  assert {
    condition     = toset(keys(aws_lambda_event_source_mapping.chunks)) == toset(["incremental", "historical"])
    error_message = "Both queues are worked on."
  }
  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.chunks : mapping.batch_size == 1 && mapping.function_response_types == toset(["ReportBatchItemFailures"]) && mapping.enabled])
    error_message = "One message at a time, and a message that is handed back is not deleted."
  }
  assert {
    condition     = one(aws_lambda_event_source_mapping.chunks["incremental"].scaling_config).maximum_concurrency == 10 && one(aws_lambda_event_source_mapping.chunks["historical"].scaling_config).maximum_concurrency == 40
    error_message = "Both mappings have a maximum concurrency, each its own."
  }
  assert {
    condition     = aws_lambda_function_recursion_config.process_chunk.recursive_loop == "Allow" && aws_lambda_function_recursion_config.process_chunk.function_name == module.function["process-chunk"].name
    error_message = "Without the recursion config Lambda ends an import after some 16 chunks."
  }
}

run "functions_run_as_they_were_built" {
  command = plan

  assert {
    condition     = alltrue([for name, function in module.function : function.settings.runtime == "provided.al2023" && function.settings.architectures == tolist(["arm64"]) && function.settings.memory_mb == (name == "read-history" ? 896 : 256)])
    error_message = "Rust on arm64 with 256 MB."
  }
  assert {
    condition     = alltrue([for name, function in local.functions : module.function[name].settings.timeout == (name == "link-account" ? 25 : 10) if length(function.routes) > 0])
    error_message = "What a person waits for ends after ten seconds, a sign-in after twenty-five."
  }
  assert {
    condition     = module.function["process-chunk"].settings.timeout == 180 && module.function["sweep-jobs"].settings.timeout <= 60
    error_message = "A chunk has three minutes, a sweep no more than its period."
  }
  assert {
    condition     = alltrue([for function in module.function : function.settings.reserved == -1])
    error_message = "In normal operation nothing is reserved."
  }
  assert {
    condition     = alltrue([for function in module.function : function.settings.log_days == 30 && function.settings.log_key == aws_kms_key.data.arn && function.settings.logging.log_format == "JSON"])
    error_message = "Logs are JSON, encrypted and do not stay for ever."
  }
  assert {
    condition     = alltrue([for name, function in module.function : contains(keys(function.settings.environment), "TOKENS_KEY_ID") == contains(["process-chunk", "link-account"], name)])
    error_message = "Only who may use the tokens' key is told its name."
  }
  assert {
    condition     = length(setintersection(keys(module.function["read-job"].settings.environment), ["INCREMENTAL_QUEUE_URL", "HISTORICAL_QUEUE_URL"])) == 0
    error_message = "A reader is not told where the queues are."
  }
}

run "no_role_may_more_than_it_names" {
  command = plan

  assert {
    condition     = alltrue(flatten([for function in module.function : [for statement in function.policy.Statement : [for action in statement.Action : !strcontains(action, "*")]]]))
    error_message = "No role has a wildcard in an action."
  }
  assert {
    condition     = alltrue(flatten([for function in module.function : [for statement in function.policy.Statement : [for resource in statement.Resource : !strcontains(trimsuffix(resource, ":log-stream:*"), "*")]]]))
    error_message = "No role has a wildcard in a resource, but for the streams of its own log group."
  }
  assert {
    condition     = alltrue(flatten([for function in module.function : [for statement in function.policy.Statement : statement.Sid == "WriteItsOwnLog" if anytrue([for resource in statement.Resource : endswith(resource, "*")])]]))
    error_message = "The streams of a log group are the only exception."
  }
  assert {
    condition     = alltrue(flatten([for function in module.function : [for statement in function.policy.Statement : statement.Effect == "Allow" && can(regex("^[A-Z][A-Za-z0-9]{7,}$", statement.Sid))]]))
    error_message = "Every statement has a sid that says what it is for."
  }
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.schedule["sweep-jobs"].policy).Statement : [statement.Effect, statement.Action, statement.Resource]] == [
    ["Allow", ["lambda:InvokeFunction"], [module.function["sweep-jobs"].arn]]]
    error_message = "The schedule may invoke its function and nothing else."
  }
  assert {
    condition     = alltrue(flatten([for key in [aws_kms_key.data.policy, aws_kms_key_policy.tokens.policy] : [for statement in jsondecode(key).Statement : [for action in statement.Action : !strcontains(action, "*")]]]))
    error_message = "No key's policy has a wildcard in an action."
  }
  assert {
    condition     = alltrue(flatten([for key in [aws_kms_key.data.policy, aws_kms_key_policy.tokens.policy] : [for statement in jsondecode(key).Statement : [for principal in flatten(values(statement.Principal)) : principal != "*"]]]))
    error_message = "No key's policy is for everybody."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.page.policy).Statement : statement.Principal == { Service = "cloudfront.amazonaws.com" } && statement.Action == ["s3:GetObject"] && statement.Condition.StringEquals["AWS:SourceArn"] == aws_cloudfront_distribution.page.arn])
    error_message = "Only our distribution reads the page."
  }
  assert {
    condition     = alltrue([for permission in aws_lambda_permission.route : permission.principal == "apigateway.amazonaws.com" && startswith(permission.source_arn, aws_apigatewayv2_api.this.execution_arn) && length(regexall("\\*", permission.source_arn)) == 1])
    error_message = "A function is called by its own routes of our API alone."
  }
}

run "nobody_runs_as_a_role_but_its_service" {
  command = plan

  assert {
    condition = alltrue([for function in module.function : function.trust.Statement == [
    { Sid = "LambdaRunsAsThisRole", Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]])
    error_message = "Lambda runs as a function's role, and nobody else does."
  }
  assert {
    condition     = keys(aws_iam_role.schedule) == ["sweep-jobs"] && keys(aws_iam_role_policy.schedule) == ["sweep-jobs"]
    error_message = "There is one schedule, whose role the next promise reads."
  }
  assert {
    condition = jsondecode(aws_iam_role.schedule["sweep-jobs"].assume_role_policy).Statement == [{
      Sid = "TheScheduleRunsAsThisRole", Effect = "Allow", Principal = { Service = "scheduler.amazonaws.com" }, Action = "sts:AssumeRole",
    Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } } }]
    error_message = "The scheduler runs as the schedule's role, for this account, and nobody else does."
  }
}

run "read_job_cannot_write" {
  command = plan

  assert {
    condition     = toset(flatten([for statement in module.function["read-job"].policy.Statement : statement.Action])) == toset(["logs:CreateLogStream", "logs:PutLogEvents", "dynamodb:GetItem", "dynamodb:Query", "kms:Decrypt", "kms:DescribeKey"])
    error_message = "read-job reads jobs, and does nothing else."
  }
}

run "read_history_reads_records_and_jobs_and_cannot_write" {
  command = plan

  assert {
    condition     = toset(flatten([for statement in module.function["read-history"].policy.Statement : statement.Action])) == toset(["logs:CreateLogStream", "logs:PutLogEvents", "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "kms:Decrypt", "kms:DescribeKey"])
    error_message = "read-history reads records and jobs, and does nothing else."
  }
  assert {
    condition = toset(flatten([for statement in module.function["read-history"].policy.Statement : statement.Resource if anytrue([for action in statement.Action : startswith(action, "dynamodb:")])])) == toset([
    aws_dynamodb_table.this["health_records"].arn, "${aws_dynamodb_table.this["health_records"].arn}/index/by_start", aws_dynamodb_table.this["garmin_sync_jobs"].arn])
    error_message = "read-history reads no links, and so no tokens."
  }
  assert {
    condition     = length(setintersection(keys(module.function["read-history"].settings.environment), ["INCREMENTAL_QUEUE_URL", "HISTORICAL_QUEUE_URL", "TOKENS_KEY_ID"])) == 0
    error_message = "A reader is told neither where the queues are nor the name of the tokens' key."
  }
}

run "records_are_written_by_process_chunk_alone_and_deleted_by_who_erases" {
  command = plan

  assert {
    condition = toset(flatten([for name, function in module.function : [for statement in function.policy.Statement : name
    if contains(statement.Resource, aws_dynamodb_table.this["health_records"].arn) && length(setintersection(statement.Action, ["dynamodb:PutItem", "dynamodb:UpdateItem"])) > 0]])) == toset(["process-chunk"])
    error_message = "Only process-chunk writes what was imported."
  }
  assert {
    condition     = alltrue(flatten([for name, function in module.function : [for statement in function.policy.Statement : contains(["link-account", "process-chunk"], name) if contains(statement.Action, "dynamodb:DeleteItem")]]))
    error_message = "Only who erases at a user's wish deletes items."
  }
  assert {
    condition     = alltrue(flatten([for function in module.function : [for statement in function.policy.Statement : !contains(statement.Action, "dynamodb:Scan")]]))
    error_message = "Nothing reads whole tables."
  }
}

run "messages_are_taken_by_process_chunk_alone_and_sent_by_who_moves_jobs" {
  command = plan

  assert {
    condition     = toset(flatten([for name, function in module.function : [for statement in function.policy.Statement : name if contains(statement.Action, "sqs:ReceiveMessage") || contains(statement.Action, "sqs:DeleteMessage")]])) == toset(["process-chunk"])
    error_message = "Only process-chunk takes messages."
  }
  assert {
    condition     = toset(flatten([for name, function in module.function : [for statement in function.policy.Statement : name if contains(statement.Action, "sqs:SendMessage")]])) == toset(["control-job", "create-job", "link-account", "process-chunk", "sweep-jobs"])
    error_message = "Who only reads sends no message."
  }
}

run "tokens_are_sealed_and_opened_by_who_must_and_for_their_owner" {
  command = plan

  assert {
    condition = toset(flatten([for name, function in module.function : [for statement in function.policy.Statement : name
    if contains(statement.Resource, aws_kms_key.tokens.arn)]])) == toset([for name, function in local.functions : name if try(function.opens_tokens, false) || try(function.seals_tokens, false)])
    error_message = "Who names the tokens' key is who seals or opens."
  }
  assert {
    condition     = length(setsubtract([for name, function in local.functions : name if try(function.opens_tokens, false) || try(function.seals_tokens, false)], ["process-chunk", "link-account"])) == 0
    error_message = "Only process-chunk and link-account may seal or open tokens."
  }
  assert {
    condition = toset(flatten([for name, function in module.function : [for statement in function.policy.Statement : name
    if contains(statement.Resource, aws_kms_key.tokens.arn) && length(setintersection(statement.Action, ["kms:Encrypt", "kms:GenerateDataKey"])) > 0]])) == toset(["link-account"])
    error_message = "Only link-account makes keys: process-chunk seals under the one that a link has."
  }
  assert {
    condition = alltrue([for statement in jsondecode(aws_kms_key_policy.tokens.policy).Statement :
      toset(statement.Principal.AWS) == toset(concat(["arn:aws:iam::123456789012:role/link-account"], contains(statement.Action, "kms:Decrypt") ? ["arn:aws:iam::123456789012:role/process-chunk"] : []))
    if length(setintersection(statement.Action, ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"])) > 0])
    error_message = "The key's own policy says the same."
  }
  assert {
    condition = alltrue([for condition in concat(
      flatten([for function in module.function : [for statement in function.policy.Statement : try(statement.Condition, null) if contains(statement.Resource, aws_kms_key.tokens.arn)]]),
      [for statement in jsondecode(aws_kms_key_policy.tokens.policy).Statement : try(statement.Condition, null) if statement.Sid != "LookAfterTheKey"],
      ) : condition == {
      StringEquals                = { "kms:EncryptionContext:provider" = ["garmin"] }
      Null                        = { "kms:EncryptionContext:user_id" = ["false"] }
      "ForAllValues:StringEquals" = { "kms:EncryptionContextKeys" = ["provider", "user_id"] }
    }])
    error_message = "The tokens' key works with an owner named, for Garmin's links, and with nothing else in the context; the roles and the key say the same."
  }
  assert {
    condition = alltrue([for statement in jsondecode(aws_kms_key_policy.tokens.policy).Statement :
      length(setsubtract(statement.Principal.AWS, ["arn:aws:iam::123456789012:role/process-chunk", "arn:aws:iam::123456789012:role/link-account"])) == 0
    if length(setintersection(statement.Action, ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:ReEncryptFrom"])) > 0])
    error_message = "The key's own policy names the roles that use it, and not the account."
  }
  assert {
    condition = alltrue(flatten([for name, function in module.function : [for statement in function.policy.Statement :
      try(statement.Condition["ForAllValues:StringNotEquals"]["dynamodb:Attributes"], []) == local.token_attributes
    if contains(statement.Resource, aws_dynamodb_table.this["external_data_providers"].arn) && contains(statement.Action, "dynamodb:UpdateItem") && !contains(["process-chunk", "link-account"], name)]]))
    error_message = "Who moves locks cannot exchange tokens."
  }
  assert {
    condition = toset([for name, function in module.function : name if anytrue([for statement in function.policy.Statement :
      contains(statement.Resource, aws_dynamodb_table.this["garmin_sync_jobs"].arn) && length(setintersection(statement.Action, ["dynamodb:PutItem", "dynamodb:UpdateItem"])) > 0
    && try(statement.Condition["ForAllValues:StringNotEquals"]["dynamodb:Attributes"], []) != ["link_version"]])]) == toset(["link-account", "process-chunk"])
    error_message = "Who moves jobs cannot make an item among them an erasure, which is what its link_version makes it."
  }
  assert {
    condition = [for statement in module.function["link-account"].policy.Statement : [statement.Action, statement.Condition] if contains(statement.Resource, aws_dynamodb_table.this["health_records"].arn)] == [
      [["dynamodb:Query"], { "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["user_id", "record", "source"] }, StringEquals = { "dynamodb:Select" = ["SPECIFIC_ATTRIBUTES"] } }],
      [["dynamodb:DeleteItem"], { StringEqualsIfExists = { "dynamodb:ReturnValues" = ["NONE"] } }],
    ]
    error_message = "link-account finds records and deletes them; what is in them it does not see."
  }
}

run "the_data_key_is_used_through_services_only" {
  command = plan

  assert {
    condition = alltrue(flatten([for function in module.function : [for statement in function.policy.Statement :
      can(statement.Condition.StringEquals["kms:ViaService"])
    if contains(statement.Resource, aws_kms_key.data.arn)]]))
    error_message = "No function calls KMS with the data key itself."
  }
  assert {
    condition     = aws_kms_key.data.enable_key_rotation && aws_kms_key.tokens.enable_key_rotation && aws_kms_key.data.deletion_window_in_days == 30 && aws_kms_key.tokens.deletion_window_in_days == 30
    error_message = "Both keys rotate and cannot be deleted in less than 30 days."
  }
}

run "both_keys_can_be_looked_after_and_the_logs_can_use_theirs" {
  command = plan

  assert {
    # All that Terraform and docs/operations.md do to a key. An action that is missing here shows at the next apply, in a real account only.
    condition = alltrue([for key in [aws_kms_key.data.policy, aws_kms_key_policy.tokens.policy] : [for statement in jsondecode(key).Statement : toset(statement.Action) if statement.Sid == "LookAfterTheKey"] == [toset([
      "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:DisableKeyRotation", "kms:EnableKey",
      "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
      "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
    ])]])
    error_message = "The account looks after both keys, their aliases and their rotation, and uses neither by that."
  }
  assert {
    condition = [for statement in jsondecode(aws_kms_key.data.policy).Statement : toset(statement.Action) if statement.Principal == { Service = "logs.eu-central-1.amazonaws.com" }] == [toset([
      "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext",
      "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
    ])]
    error_message = "CloudWatch Logs may do what AWS's sample lets it, and nothing else."
  }
}

run "every_route_is_explicit_needs_a_token_and_is_throttled" {
  command = plan

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.this : route.authorization_type == "JWT" && can(regex("^(GET|POST) /integrations/garmin/[a-z_/]+$", route.route_key))])
    error_message = "Every route names its method and path and needs a token."
  }
  assert {
    condition     = length(aws_apigatewayv2_route.this) == sum([for function in local.functions : length(function.routes)])
    error_message = "No route is answered by two functions."
  }
  assert {
    condition     = toset(keys(aws_lambda_permission.route)) == toset(keys(aws_apigatewayv2_route.this))
    error_message = "The API may call who answers, for each route."
  }
  assert {
    condition     = aws_apigatewayv2_authorizer.jwt.authorizer_type == "JWT" && length(one(aws_apigatewayv2_authorizer.jwt.jwt_configuration).audience) > 0
    error_message = "Tokens are for a named audience."
  }
  assert {
    condition     = alltrue([for integration in aws_apigatewayv2_integration.function : integration.payload_format_version == "2.0" && contains([11000, 26000], integration.timeout_milliseconds)])
    error_message = "Payload format 2.0, and the function's own end comes first."
  }
  assert {
    condition     = aws_apigatewayv2_stage.default.name == "$default" && aws_apigatewayv2_stage.default.auto_deploy && one(aws_apigatewayv2_stage.default.default_route_settings).throttling_rate_limit == 500
    error_message = "One stage, deployed and throttled."
  }
  assert {
    condition     = toset([for settings in aws_apigatewayv2_stage.default.route_settings : settings.route_key]) == toset(["POST /integrations/garmin/sync/incremental", "POST /integrations/garmin/sync/historical"]) && alltrue([for settings in aws_apigatewayv2_stage.default.route_settings : settings.throttling_rate_limit == 50])
    error_message = "Starts are throttled more than the rest."
  }
  assert {
    condition     = !can(regex("(?i)authorization\"|header|token|claims|sourceIp|path\"|query", one(aws_apigatewayv2_stage.default.access_log_settings).format))
    error_message = "The access log holds no token, no address and no user."
  }
  assert {
    condition     = length(aws_apigatewayv2_api.this.cors_configuration) == 0
    error_message = "One origin needs no CORS."
  }
}

run "the_sweeper_runs_every_minute_and_is_not_repeated" {
  command = plan

  assert {
    condition     = keys(aws_scheduler_schedule.every_minute) == ["sweep-jobs"] && aws_scheduler_schedule.every_minute["sweep-jobs"].schedule_expression == "rate(1 minute)" && aws_scheduler_schedule.every_minute["sweep-jobs"].state == "ENABLED"
    error_message = "Every minute, the sweeper."
  }
  assert {
    condition     = one(one(aws_scheduler_schedule.every_minute["sweep-jobs"].target).retry_policy).maximum_retry_attempts == 0 && aws_lambda_function_event_invoke_config.scheduled["sweep-jobs"].maximum_retry_attempts == 0
    error_message = "The next minute is the retry."
  }
}

run "the_page_is_private_and_of_one_origin_with_the_api" {
  command = plan

  assert {
    condition     = aws_s3_bucket_public_access_block.page.block_public_acls && aws_s3_bucket_public_access_block.page.block_public_policy && aws_s3_bucket_public_access_block.page.ignore_public_acls && aws_s3_bucket_public_access_block.page.restrict_public_buckets
    error_message = "The bucket is not public in any way."
  }
  assert {
    condition     = aws_cloudfront_origin_access_control.page.signing_behavior == "always"
    error_message = "CloudFront signs its requests to the bucket."
  }
  assert {
    condition     = one(aws_cloudfront_distribution.page.ordered_cache_behavior).path_pattern == "/integrations/*" && one(aws_cloudfront_distribution.page.ordered_cache_behavior).target_origin_id == "api" && one(aws_cloudfront_distribution.page.ordered_cache_behavior).cache_policy_id == local.caching_disabled
    error_message = "/integrations/* goes to the API and is not cached."
  }
  assert {
    condition     = length(aws_cloudfront_distribution.page.custom_error_response) == 0
    error_message = "No error page: it would replace the API's errors too."
  }
  assert {
    condition     = one(aws_cloudfront_distribution.page.default_cache_behavior).response_headers_policy_id == one(aws_cloudfront_distribution.page.ordered_cache_behavior).response_headers_policy_id && one(aws_cloudfront_distribution.page.default_cache_behavior).viewer_protocol_policy == "redirect-to-https"
    error_message = "Security headers everywhere, and TLS."
  }
  assert {
    condition     = can(regex("default-src 'none'.*frame-ancestors 'none'", one(one(aws_cloudfront_response_headers_policy.page.security_headers_config).content_security_policy).content_security_policy)) && !can(regex("unsafe", one(one(aws_cloudfront_response_headers_policy.page.security_headers_config).content_security_policy).content_security_policy))
    error_message = "The page may use what it brings along, and nobody frames it."
  }
}

run "somebody_hears_of_it" {
  command = plan

  variables {
    alarm_email = "on-call@example.org"
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "on-call@example.org" && aws_sns_topic.alarms.kms_master_key_id == aws_kms_key.data.arn
    error_message = "Alarms go to the address given, through an encrypted topic."
  }
  assert {
    condition = alltrue([for alarm in concat(
      values(aws_cloudwatch_metric_alarm.errors), values(aws_cloudwatch_metric_alarm.throttles), values(aws_cloudwatch_metric_alarm.oldest_message),
      [aws_cloudwatch_metric_alarm.dead_letters, aws_cloudwatch_metric_alarm.api_errors, aws_cloudwatch_metric_alarm.jobs_overdue, aws_cloudwatch_metric_alarm.jobs_not_looked_at,
      aws_cloudwatch_metric_alarm.erasures_overdue, aws_cloudwatch_metric_alarm.sweeper_silent, aws_cloudwatch_metric_alarm.chunks_given_up, aws_cloudwatch_metric_alarm.cost_guard, aws_cloudwatch_metric_alarm.handed_back],
    ) : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && can(regex("docs/operations\\.md#alarm-[a-z-]+$", alarm.alarm_description))])
    error_message = "Every alarm tells somebody, and where the answer is."
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.errors)) == toset(keys(local.functions)) && toset(keys(aws_cloudwatch_metric_alarm.throttles)) == toset(keys(local.functions))
    error_message = "Every function has its alarms."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters.threshold == 0 && aws_cloudwatch_metric_alarm.dead_letters.evaluation_periods == 1
    error_message = "The first dead letter counts."
  }
  assert {
    # 8 messages x (10 workers x 3600 / 30 + 40 workers x 3600 / 75)
    condition     = aws_cloudwatch_metric_alarm.cost_guard.threshold == 24960 && aws_cloudwatch_metric_alarm.cost_guard.period == 3600
    error_message = "The cost guard is what an honest hour can need."
  }
  assert {
    condition = alltrue([for field, alarm in { overdue = aws_cloudwatch_metric_alarm.jobs_overdue, erasures_overdue = aws_cloudwatch_metric_alarm.erasures_overdue } :
      alarm.namespace == "garmin-sync" && alarm.metric_name == one(aws_cloudwatch_log_metric_filter.swept[field].metric_transformation).name
      && alarm.statistic == "Sum" && alarm.threshold == 1 && alarm.comparison_operator == "GreaterThanOrEqualToThreshold" && alarm.treat_missing_data == "notBreaching"
    && alarm.period == 900 && alarm.evaluation_periods == 4 && alarm.datapoints_to_alarm == 2])
    error_message = "A job or an erasure that is stuck, which is seen every 15 minutes, is heard of."
  }
  assert {
    condition = (aws_cloudwatch_metric_alarm.handed_back.namespace == "garmin-sync" && aws_cloudwatch_metric_alarm.handed_back.metric_name == one(aws_cloudwatch_log_metric_filter.chunks.metric_transformation).name
      && aws_cloudwatch_metric_alarm.handed_back.dimensions == tomap({ outcome = "handed_back" }) && aws_cloudwatch_metric_alarm.handed_back.statistic == "Sum" && aws_cloudwatch_metric_alarm.handed_back.threshold == 1
      && aws_cloudwatch_metric_alarm.handed_back.comparison_operator == "GreaterThanOrEqualToThreshold" && aws_cloudwatch_metric_alarm.handed_back.period == 300
    && aws_cloudwatch_metric_alarm.handed_back.evaluation_periods == 3 && aws_cloudwatch_metric_alarm.handed_back.datapoints_to_alarm == 2)
    error_message = "Messages that are handed back again and again are heard of, though no invocation fails."
  }
  assert {
    condition     = aws_cloudwatch_log_metric_filter.chunks.pattern == "{ $.fields.outcome = * }" && one(aws_cloudwatch_log_metric_filter.chunks.metric_transformation).dimensions == tomap({ outcome = "$.fields.outcome" })
    error_message = "What came of nudges is counted by outcome."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.sweeper_silent.treat_missing_data == "breaching"
    error_message = "Silence of the sweeper is an alarm."
  }
  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.swept : filter.pattern == "{ $.fields.message = \"swept\" }"]) && toset([for filter in aws_cloudwatch_log_metric_filter.swept : one(filter.metric_transformation).value]) == toset(["$.fields.due", "$.fields.nudged", "$.fields.woken", "$.fields.failed", "$.fields.overdue", "$.fields.erasures", "$.fields.erasures_overdue"])
    error_message = "The metrics are read from the line that the sweeper logs."
  }
}

run "imports_can_be_stopped_while_people_still_look" {
  command = plan

  variables {
    running = "api"
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.chunks : !mapping.enabled]) && aws_scheduler_schedule.every_minute["sweep-jobs"].state == "DISABLED"
    error_message = "No message is taken and nothing is swept."
  }
  assert {
    condition     = alltrue([for function in module.function : function.settings.reserved == -1])
    error_message = "The API answers."
  }
}

run "everything_can_be_stopped" {
  command = plan

  variables {
    running = "nothing"
  }

  assert {
    condition     = alltrue([for function in module.function : function.settings.reserved == 0]) && alltrue([for mapping in aws_lambda_event_source_mapping.chunks : !mapping.enabled]) && aws_scheduler_schedule.every_minute["sweep-jobs"].state == "DISABLED"
    error_message = "No function runs."
  }
}

run "without_an_issuer_there_is_a_user_pool" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool.users[0].deletion_protection == "ACTIVE" && one(aws_cognito_user_pool.users[0].admin_create_user_config).allow_admin_create_user_only
    error_message = "The pool cannot be deleted by mistake, and nobody lets themselves in."
  }
  assert {
    condition     = one(aws_apigatewayv2_authorizer.jwt.jwt_configuration).issuer == "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_mock" && one(aws_apigatewayv2_authorizer.jwt.jwt_configuration).audience == toset(["mock-client"])
    error_message = "The API takes the pool's tokens."
  }
  assert {
    condition     = !aws_cognito_user_pool_client.page[0].generate_secret && !contains(aws_cognito_user_pool_client.page[0].explicit_auth_flows, "ALLOW_USER_PASSWORD_AUTH")
    error_message = "The page keeps no secret and sends no password."
  }
  assert {
    condition     = aws_cognito_user_pool_client.page[0].allowed_oauth_flows == toset(["code"]) && aws_cognito_user_pool_client.page[0].callback_urls == toset(["https://mock.cloudfront.net/"])
    error_message = "A sign-in gives a code, and only to the page."
  }
  assert {
    condition     = jsondecode(aws_s3_object.config.content).auth == { kind = "oidc", issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_mock", clientId = "mock-client", scope = "openid email" }
    error_message = "The page knows where people sign in, and as which client."
  }
}

run "with_an_issuer_there_is_none" {
  command = plan

  variables {
    jwt_issuer   = "https://issuer.example.org/"
    jwt_audience = ["garmin-sync"]
  }

  assert {
    condition     = length(aws_cognito_user_pool.users) == 0 && one(aws_apigatewayv2_authorizer.jwt.jwt_configuration).issuer == "https://issuer.example.org/"
    error_message = "The API takes the issuer's tokens."
  }
  assert {
    condition     = strcontains(one(one(aws_cloudfront_response_headers_policy.page.security_headers_config).content_security_policy).content_security_policy, "connect-src 'self' https://issuer.example.org;")
    error_message = "The page may talk to the issuer."
  }
  assert {
    condition     = jsondecode(aws_s3_object.config.content).auth == { kind = "none" }
    error_message = "Without a client of the issuer the page does not pretend to a sign-in."
  }
}

run "with_an_issuer_and_its_client_the_page_signs_in_there" {
  command = plan

  variables {
    jwt_issuer     = "https://issuer.example.org/"
    jwt_audience   = ["garmin-sync"]
    page_client_id = "the-page"
  }

  assert {
    condition     = jsondecode(aws_s3_object.config.content).auth == { kind = "oidc", issuer = "https://issuer.example.org/", clientId = "the-page", scope = "openid email" }
    error_message = "The page knows its client."
  }
}

run "the_page_asks_an_issuer_for_what_that_issuer_needs" {
  command = plan

  variables {
    jwt_issuer           = "https://issuer.example.org/"
    jwt_audience         = ["garmin-sync"]
    page_client_id       = "the-page"
    page_scope           = "openid offline_access"
    page_audience        = "garmin-sync"
    page_sign_in_origins = ["https://login.example.org", "https://token.example.org:8443"]
  }

  assert {
    condition     = jsondecode(aws_s3_object.config.content).auth == { kind = "oidc", issuer = "https://issuer.example.org/", clientId = "the-page", scope = "openid offline_access", audience = "garmin-sync" }
    error_message = "The page knows which scope and which audience to ask for."
  }
  assert {
    condition     = strcontains(one(one(aws_cloudfront_response_headers_policy.page.security_headers_config).content_security_policy).content_security_policy, "connect-src 'self' https://issuer.example.org https://login.example.org https://token.example.org:8443;")
    error_message = "The page may talk to the issuer wherever that is."
  }
}
