# Every variable refuses what cannot be meant, before anything is made.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  artifact = "tests/placeholder.zip"
}

run "refuses_a_wrong_region" {
  command = plan
  variables {
    region = "Frankfurt"
  }
  expect_failures = [var.region]
}

run "refuses_a_wrong_name_1" {
  command = plan
  variables {
    name = "x"
  }
  expect_failures = [var.name]
}

run "refuses_a_wrong_name_2" {
  command = plan
  variables {
    name = "Garmin"
  }
  expect_failures = [var.name]
}

run "refuses_a_wrong_name_3" {
  command = plan
  variables {
    name = "ends-with-"
  }
  expect_failures = [var.name]
}

run "refuses_a_wrong_name_4" {
  command = plan
  variables {
    name = "much-too-long-for-a-bucket-name"
  }
  expect_failures = [var.name]
}

run "refuses_a_name_that_cognito_refuses_1" {
  command = plan
  variables {
    name = "garmin-aws"
  }
  expect_failures = [var.name]
}

run "refuses_a_name_that_cognito_refuses_2" {
  command = plan
  variables {
    name = "amazonian"
  }
  expect_failures = [var.name]
}

run "refuses_a_name_that_cognito_refuses_3" {
  command = plan
  variables {
    name = "cognito-sync"
  }
  expect_failures = [var.name]
}

run "refuses_a_wrong_table_prefix" {
  command = plan
  variables {
    table_prefix = "a b"
  }
  expect_failures = [var.table_prefix]
}

run "refuses_a_wrong_artifact" {
  command = plan
  variables {
    artifact = "target/bootstrap"
  }
  expect_failures = [var.artifact]
}

run "refuses_a_wrong_architecture" {
  command = plan
  variables {
    architecture = "amd64"
  }
  expect_failures = [var.architecture]
}

run "refuses_zips_of_another_architecture_1" {
  command = plan
  variables {
    architecture = "x86_64"
    artifact     = "../target/lambda-arm64/{function}/bootstrap.zip"
  }
  expect_failures = [var.architecture]
}

run "refuses_zips_of_another_architecture_2" {
  command = plan
  variables {
    architecture = "arm64"
    artifact     = "../target/lambda-x86_64/{function}/bootstrap.zip"
  }
  expect_failures = [var.architecture]
}

run "refuses_a_wrong_running" {
  command = plan
  variables {
    running = "off"
  }
  expect_failures = [var.running]
}

run "refuses_a_wrong_jwt_issuer" {
  command = plan
  variables {
    jwt_issuer   = "http://issuer.example.org"
    jwt_audience = ["garmin-sync"]
  }
  expect_failures = [var.jwt_issuer]
}

run "refuses_a_pages_client_without_its_issuer" {
  command = plan
  variables {
    page_client_id = "the-page"
  }
  expect_failures = [var.page_client_id]
}

run "refuses_a_wrong_page_scope_1" {
  command = plan
  variables {
    jwt_issuer     = "https://issuer.example.org"
    jwt_audience   = ["garmin-sync"]
    page_client_id = "the-page"
    page_scope     = "email"
  }
  expect_failures = [var.page_scope]
}

run "refuses_a_wrong_page_scope_2" {
  command = plan
  variables {
    jwt_issuer     = "https://issuer.example.org"
    jwt_audience   = ["garmin-sync"]
    page_client_id = "the-page"
    page_scope     = "openid  email"
  }
  expect_failures = [var.page_scope]
}

run "refuses_another_page_scope_for_the_user_pool" {
  command = plan
  variables {
    page_scope = "openid"
  }
  expect_failures = [var.page_scope]
}

run "refuses_a_page_audience_that_the_api_refuses" {
  command = plan
  variables {
    jwt_issuer     = "https://issuer.example.org"
    jwt_audience   = ["garmin-sync"]
    page_client_id = "the-page"
    page_audience  = "another"
  }
  expect_failures = [var.page_audience]
}

run "refuses_a_page_audience_without_a_client" {
  command = plan
  variables {
    jwt_issuer    = "https://issuer.example.org"
    jwt_audience  = ["garmin-sync"]
    page_audience = "garmin-sync"
  }
  expect_failures = [var.page_audience]
}

run "refuses_a_wrong_page_sign_in_origin_1" {
  command = plan
  variables {
    jwt_issuer           = "https://issuer.example.org"
    jwt_audience         = ["garmin-sync"]
    page_client_id       = "the-page"
    page_sign_in_origins = ["http://login.example.org"]
  }
  expect_failures = [var.page_sign_in_origins]
}

run "refuses_a_wrong_page_sign_in_origin_2" {
  command = plan
  variables {
    jwt_issuer           = "https://issuer.example.org"
    jwt_audience         = ["garmin-sync"]
    page_client_id       = "the-page"
    page_sign_in_origins = ["https://login.example.org/"]
  }
  expect_failures = [var.page_sign_in_origins]
}

run "refuses_a_wrong_page_sign_in_origin_3" {
  command = plan
  variables {
    jwt_issuer           = "https://issuer.example.org"
    jwt_audience         = ["garmin-sync"]
    page_client_id       = "the-page"
    page_sign_in_origins = ["https://*.example.org"]
  }
  expect_failures = [var.page_sign_in_origins]
}

run "refuses_a_wrong_page_sign_in_origin_4" {
  command = plan
  variables {
    jwt_issuer           = "https://issuer.example.org"
    jwt_audience         = ["garmin-sync"]
    page_client_id       = "the-page"
    page_sign_in_origins = ["https://login.example.org; script-src *"]
  }
  expect_failures = [var.page_sign_in_origins]
}

run "refuses_page_sign_in_origins_without_a_client" {
  command = plan
  variables {
    jwt_issuer           = "https://issuer.example.org"
    jwt_audience         = ["garmin-sync"]
    page_sign_in_origins = ["https://login.example.org"]
  }
  expect_failures = [var.page_sign_in_origins]
}

run "refuses_a_wrong_page_domain" {
  command = plan
  variables {
    page_domain          = "https://sync.example.org"
    page_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/x"
  }
  expect_failures = [var.page_domain]
}

run "refuses_a_wrong_page_certificate_arn" {
  command = plan
  variables {
    page_certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/x"
    page_domain          = "sync.example.org"
  }
  expect_failures = [var.page_certificate_arn]
}

run "refuses_a_wrong_garmin_environment" {
  command = plan
  variables {
    garmin_environment = { TABLE_PREFIX = "x" }
  }
  expect_failures = [var.garmin_environment]
}

run "refuses_a_wrong_historical_concurrency_1" {
  command = plan
  variables {
    historical_concurrency = 1
  }
  expect_failures = [var.historical_concurrency]
}

run "refuses_a_wrong_historical_concurrency_2" {
  command = plan
  variables {
    historical_concurrency = 2.5
  }
  expect_failures = [var.historical_concurrency]
}

run "refuses_a_wrong_incremental_concurrency" {
  command = plan
  variables {
    incremental_concurrency = 1001
  }
  expect_failures = [var.incremental_concurrency]
}

run "refuses_a_wrong_api_requests_per_second_1" {
  command = plan
  variables {
    api_requests_per_second = 0
  }
  expect_failures = [var.api_requests_per_second]
}

run "refuses_a_wrong_api_requests_per_second_2" {
  command = plan
  variables {
    api_requests_per_second = 2.5
  }
  expect_failures = [var.api_requests_per_second]
}

run "refuses_a_wrong_log_retention_days" {
  command = plan
  variables {
    log_retention_days = 31
  }
  expect_failures = [var.log_retention_days]
}

run "refuses_a_wrong_job_retention_days" {
  command = plan
  variables {
    job_retention_days = 0
  }
  expect_failures = [var.job_retention_days]
}

run "refuses_a_wrong_alarm_email" {
  command = plan
  variables {
    alarm_email = "nobody"
  }
  expect_failures = [var.alarm_email]
}

run "refuses_an_issuer_without_an_audience" {
  command = plan
  variables {
    jwt_issuer = "https://issuer.example.org"
  }
  expect_failures = [var.jwt_audience]
}

run "refuses_an_audience_without_an_issuer" {
  command = plan
  variables {
    jwt_audience = ["garmin-sync"]
  }
  expect_failures = [var.jwt_audience]
}

run "refuses_an_empty_audience" {
  command = plan
  variables {
    jwt_issuer   = "https://issuer.example.org"
    jwt_audience = [" "]
  }
  expect_failures = [var.jwt_audience]
}

run "refuses_a_domain_without_a_certificate" {
  command = plan
  variables {
    page_domain = "sync.example.org"
  }
  expect_failures = [var.page_certificate_arn]
}

run "a_function_refuses_a_wildcard_in_an_action" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name               = "garmin-sync-try"
    description        = "A try"
    artifact           = "tests/placeholder.zip"
    architecture       = "arm64"
    timeout_seconds    = 10
    memory_mb          = 256
    stopped            = false
    environment        = {}
    log_retention_days = 30
    log_key_arn        = "arn:aws:kms:eu-central-1:123456789012:key/data"
    statements         = [{ sid = "ReadJobs", actions = ["dynamodb:*"], resources = ["arn:aws:dynamodb:eu-central-1:123456789012:table/jobs"] }]
  }
  expect_failures = [var.statements]
}

run "a_function_refuses_a_wildcard_in_a_resource" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name               = "garmin-sync-try"
    description        = "A try"
    artifact           = "tests/placeholder.zip"
    architecture       = "arm64"
    timeout_seconds    = 10
    memory_mb          = 256
    stopped            = false
    environment        = {}
    log_retention_days = 30
    log_key_arn        = "arn:aws:kms:eu-central-1:123456789012:key/data"
    statements         = [{ sid = "ReadJobs", actions = ["dynamodb:GetItem"], resources = ["*"] }]
  }
  expect_failures = [var.statements]
}

run "a_function_refuses_a_sid_that_says_nothing" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name               = "garmin-sync-try"
    description        = "A try"
    artifact           = "tests/placeholder.zip"
    architecture       = "arm64"
    timeout_seconds    = 10
    memory_mb          = 256
    stopped            = false
    environment        = {}
    log_retention_days = 30
    log_key_arn        = "arn:aws:kms:eu-central-1:123456789012:key/data"
    statements         = [{ sid = "s1", actions = ["dynamodb:GetItem"], resources = ["arn:aws:dynamodb:eu-central-1:123456789012:table/jobs"] }]
  }
  expect_failures = [var.statements]
}

run "a_function_says_when_it_was_not_built" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name               = "garmin-sync-try"
    description        = "A try"
    artifact           = "tests/no-such.zip"
    architecture       = "arm64"
    timeout_seconds    = 10
    memory_mb          = 256
    stopped            = false
    environment        = {}
    log_retention_days = 30
    log_key_arn        = "arn:aws:kms:eu-central-1:123456789012:key/data"
    statements         = []
  }
  expect_failures = [aws_lambda_function.this]
}
