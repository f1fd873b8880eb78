# The functions: one per set of permissions and timeout. Adding one is one entry in `functions` and a folder of that name in
# functions/; routes, role, log, integration, alarms and dashboard follow from the entry.
#
#   description      what it does, in a line
#   routes           "METHOD /path" each, exactly the ROUTES of its code and the files in events/; none for what is not called over HTTP
#   timeout_seconds  after how long an invocation is cut off
#   memory_mb        memory, and with it the share of a processor
#   tables           what it may do to which table: sid, table, actions; index for an index instead of the table;
#                    never for attributes that it must not write
#   nudges           whether it sends messages to the two queues
#   takes_nudges     whether the two queues call it
#   scheduled        whether the schedule calls it
#   seals_tokens     whether it may make the keys that new links' tokens are sealed under
#   opens_tokens     whether it may open tokens, and seal refreshed ones under the key that their link has
#   talks_to_garmin  whether it gets garmin_environment
#
# A function's own user cannot be written into its role (dynamodb:LeadingKeys): one role serves every user, and the user id
# comes from the verified token. What a role can say is said: which table, which calls, and which attributes it never
# writes. Not which it never reads: a GetItem that names no attributes brings all of them, whatever dynamodb:Attributes
# says. To a role that may not use their key, tokens are ciphertext.

locals {
  # A rustls handshake and some JSON need little memory; 256 MB is a seventh of a processor, with which a cold start
  # stays below half a second. The same for all that computes nothing.
  memory_mb = 256

  # Far above what a few reads and one transaction take, below the 30 s at which the HTTP API cuts off; a person who
  # waits longer has left.
  api_timeout_seconds = 10

  # What only sealing or opening may write: a role that moves locks must not be able to exchange somebody's tokens.
  token_attributes = ["tokens", "tokens_version", "token_expires_at"]

  # What makes an item among the jobs an erasure: whoever moves jobs must not be able to have somebody's records erased.
  erasure_attributes = ["link_version"]

  # What erasing has to know of a record: which, and whose it is.
  record_keys = ["user_id", "record", "source"]

  functions = {
    create-job = {
      description     = "Starts a sync, and says what one would amount to"
      routes          = ["POST /integrations/garmin/sync/incremental", "POST /integrations/garmin/sync/historical", "GET /integrations/garmin/sync/estimate"]
      timeout_seconds = local.api_timeout_seconds
      memory_mb       = local.memory_mb
      tables = [
        { sid = "StoreJobsAndRememberedAnswers", table = "garmin_sync_jobs", actions = ["GetItem", "PutItem", "Query"], never = local.erasure_attributes },
        { sid = "ReadLinksAndTakeTheUsersLock", table = "external_data_providers", actions = ["GetItem", "UpdateItem"], never = local.token_attributes },
        { sid = "TakeTheAccountsLock", table = "garmin_accounts", actions = ["UpdateItem"] },
      ]
      nudges = true
    }

    read-job = {
      description     = "Shows where a sync stands and what went before; cannot write"
      routes          = ["GET /integrations/garmin/sync/status", "GET /integrations/garmin/sync/jobs"]
      timeout_seconds = local.api_timeout_seconds
      memory_mb       = local.memory_mb
      tables = [
        # The watermark has a copy among the jobs: no need to open the links, and the tokens in them, to a reader.
        { sid = "ReadJobs", table = "garmin_sync_jobs", actions = ["GetItem", "Query"] },
      ]
    }

    read-history = {
      description     = "Shows what was imported, as rows and as tables; cannot write"
      routes          = ["GET /integrations/garmin/history/daily", "GET /integrations/garmin/history/sleep", "GET /integrations/garmin/history/activities", "GET /integrations/garmin/history/coverage"]
      timeout_seconds = local.api_timeout_seconds
      # The one that computes: a page is up to a thousand records, read and written again as JSON. Half a processor.
      memory_mb = 896
      tables = [
        { sid = "ReadRecords", table = "health_records", actions = ["BatchGetItem", "Query"] },
        { sid = "FindActivitiesByTheirStart", table = "health_records", index = "by_start", actions = ["Query"] },
        # What was given up stands with the jobs. The warming call gets one.
        { sid = "ReadJobs", table = "garmin_sync_jobs", actions = ["GetItem", "Query"] },
      ]
    }

    control-job = {
      description     = "Pauses, resumes and cancels"
      routes          = ["POST /integrations/garmin/sync/pause", "POST /integrations/garmin/sync/resume", "POST /integrations/garmin/sync/cancel"]
      timeout_seconds = local.api_timeout_seconds
      memory_mb       = local.memory_mb
      tables = [
        { sid = "ReadAndMoveJobs", table = "garmin_sync_jobs", actions = ["GetItem", "UpdateItem"], never = local.erasure_attributes },
        { sid = "ReadLinksAndMoveTheUsersLock", table = "external_data_providers", actions = ["GetItem", "UpdateItem"], never = local.token_attributes },
        { sid = "ReadWaitsAndMoveTheAccountsLock", table = "garmin_accounts", actions = ["GetItem", "UpdateItem"] },
      ]
      nudges = true
    }

    link-account = {
      description = "Signs in at Garmin, links and unlinks, and begins to erase"
      routes = [
        "GET /integrations/garmin/status", "POST /integrations/garmin/login", "POST /integrations/garmin/resume_login",
        "POST /integrations/garmin/link", "POST /integrations/garmin/unlink",
      ]
      # A sign-in is up to eight calls to Garmin, some a second apart; below the 30 s at which the HTTP API cuts off.
      timeout_seconds = 25
      memory_mb       = local.memory_mb
      tables = [
        { sid = "CancelAndWakeJobsAndEraseDurably", table = "garmin_sync_jobs", actions = ["ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "UpdateItem"] },
        { sid = "ReadAndWriteLinks", table = "external_data_providers", actions = ["GetItem", "UpdateItem"] },
        { sid = "ReleaseTheAccountsLock", table = "garmin_accounts", actions = ["UpdateItem"] },
        { sid = "KeepSignInsAndCountThem", table = "garmin_sign_ins", actions = ["UpdateItem"] },
        # The first batches of an erasure, so that a small history is gone when the answer comes. The function that the Internet
        # talks to finds records and deletes them; what is in them it may not see.
        { sid = "FindRecordsToErase", table = "health_records", actions = ["Query"], only = local.record_keys },
        { sid = "EraseRecords", table = "health_records", actions = ["DeleteItem"], returns_nothing = true },
      ]
      nudges          = true
      seals_tokens    = true
      opens_tokens    = true
      talks_to_garmin = true
    }

    process-chunk = {
      description = "Imports one chunk of a job"
      routes      = []
      # A chunk of 30 days is 70 to 110 calls at one a second, then one or two transactions; what does not fit goes on in
      # the next invocation. Longer would only make a dead worker's lease longer.
      timeout_seconds = 180
      memory_mb       = local.memory_mb
      tables = [
        { sid = "ClaimAndMoveJobs", table = "garmin_sync_jobs", actions = ["GetItem", "UpdateItem", "ConditionCheckItem"] },
        # Of its own among the jobs: an unfinished erasure ends with the last record.
        { sid = "EndErasures", table = "garmin_sync_jobs", actions = ["DeleteItem"] },
        { sid = "ReadLinksReplaceTokensAndReleaseTheUsersLock", table = "external_data_providers", actions = ["GetItem", "UpdateItem"] },
        { sid = "KeepWaitsAndReleaseTheAccountsLock", table = "garmin_accounts", actions = ["GetItem", "UpdateItem"] },
        # A merge is one update with a condition. Read, so that what is there already is not written again.
        { sid = "MergeRecords", table = "health_records", actions = ["BatchGetItem", "Query", "UpdateItem"] },
        # What a user who unlinked wants erased, and only what came from Garmin: a condition of each deletion.
        { sid = "EraseRecords", table = "health_records", actions = ["DeleteItem"] },
      ]
      nudges       = true
      takes_nudges = true
      # A refreshed pair is sealed under the link's own data key, which opening gives: no right to make keys.
      opens_tokens    = true
      talks_to_garmin = true
    }

    sweep-jobs = {
      description = "Every minute: nudges what is due"
      routes      = []
      # Its own period, and never longer: it looks at jobs until none is due or its time is nearly up. At some 30 ms each
      # that is 1,800 a minute.
      timeout_seconds = 60
      memory_mb       = local.memory_mb
      tables = [
        { sid = "FindDueJobs", table = "garmin_sync_jobs", index = "due", actions = ["Query"] },
        { sid = "ReadAndPostponeJobs", table = "garmin_sync_jobs", actions = ["GetItem", "UpdateItem"], never = local.erasure_attributes },
        { sid = "ReadLinks", table = "external_data_providers", actions = ["GetItem"] },
      ]
      nudges    = true
      scheduled = true
    }
  }

  # From here on everything follows from the entries.

  writes = ["PutItem", "UpdateItem", "DeleteItem"]

  # A ciphertext opens for its owner and for Garmin's links only: the vault's encryption context, demanded.
  for_one_owner = {
    StringEquals                = { "kms:EncryptionContext:provider" = ["garmin"] }
    Null                        = { "kms:EncryptionContext:user_id" = ["false"] }
    "ForAllValues:StringEquals" = { "kms:EncryptionContextKeys" = ["provider", "user_id"] }
  }

  through = { for service in ["dynamodb", "sqs"] : service => {
    StringEquals = { "kms:ViaService" = ["${service}.${var.region}.amazonaws.com"] }
  } }

  chunk_queue_arns = [for name in sort(keys(local.queues)) : aws_sqs_queue.chunks[name].arn]

  statements = {
    for name, function in local.functions : name => concat(
      [for access in function.tables : {
        sid       = access.sid
        actions   = [for action in access.actions : "dynamodb:${action}"]
        resources = ["${local.table_arns[access.table]}${can(access.index) ? "/index/${access.index}" : ""}"]
        condition = merge(
          can(access.never) ? { "ForAllValues:StringNotEquals" = { "dynamodb:Attributes" = access.never } } : {},
          # A query that names no attributes asks for all of them, and says so in Select.
          can(access.only) ? { "ForAllValues:StringEquals" = { "dynamodb:Attributes" = access.only }, StringEquals = { "dynamodb:Select" = ["SPECIFIC_ATTRIBUTES"] } } : {},
          can(access.returns_nothing) ? { StringEqualsIfExists = { "dynamodb:ReturnValues" = ["NONE"] } } : {},
        )
      }],
      [{
        sid = "UseTheTablesKeyThroughDynamoDb"
        # A reader opens; a writer also encrypts.
        actions = concat(["kms:Decrypt", "kms:DescribeKey"],
        length(setintersection(flatten(function.tables[*].actions), local.writes)) > 0 ? ["kms:Encrypt", "kms:GenerateDataKey"] : [])
        resources = [aws_kms_key.data.arn]
        condition = local.through.dynamodb
      }],
      !try(function.nudges, false) ? [] : [
        { sid = "NudgeBothQueues", actions = ["sqs:SendMessage"], resources = local.chunk_queue_arns, condition = {} },
        { sid = "EncryptNudgesThroughSqs", actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [aws_kms_key.data.arn], condition = local.through.sqs },
      ],
      !try(function.takes_nudges, false) ? [] : [
        {
          sid       = "TakeNudgesFromBothQueues"
          actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
          resources = local.chunk_queue_arns
          condition = {}
        },
      ],
      !try(function.seals_tokens, false) ? [] : [
        { sid = "SealTokensForTheirOwner", actions = ["kms:GenerateDataKey"], resources = [aws_kms_key.tokens.arn], condition = local.for_one_owner },
      ],
      !try(function.opens_tokens, false) ? [] : [
        { sid = "OpenTokensForTheirOwner", actions = ["kms:Decrypt"], resources = [aws_kms_key.tokens.arn], condition = local.for_one_owner },
      ],
    )
  }

  environment = {
    for name, function in local.functions : name => merge(
      {
        TABLE_PREFIX       = var.table_prefix
        JOB_RETENTION_DAYS = tostring(var.job_retention_days)
      },
      !try(function.nudges, false) ? {} : {
        INCREMENTAL_QUEUE_URL = aws_sqs_queue.chunks["incremental"].url
        HISTORICAL_QUEUE_URL  = aws_sqs_queue.chunks["historical"].url
      },
      !(try(function.seals_tokens, false) || try(function.opens_tokens, false)) ? {} : {
        TOKENS_KEY_ID = aws_kms_key.tokens.arn
      },
      !try(function.talks_to_garmin, false) ? {} : var.garmin_environment,
    )
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name            = "${var.name}-${each.key}"
  description     = each.value.description
  artifact        = replace(var.artifact, "{function}", each.key)
  architecture    = var.architecture
  timeout_seconds = each.value.timeout_seconds
  memory_mb       = each.value.memory_mb
  stopped         = var.running == "nothing"
  environment     = local.environment[each.key]
  statements      = local.statements[each.key]

  log_retention_days = var.log_retention_days
  log_key_arn        = aws_kms_key.data.arn
}
