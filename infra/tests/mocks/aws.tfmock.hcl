# What AWS would have made up. ARNs have to look like ARNs, because the provider checks their form.

mock_resource "aws_iam_role" {
  override_during = plan
  defaults = {
    arn = "arn:aws:iam::123456789012:role/mock"
  }
}

mock_resource "aws_lambda_function" {
  override_during = plan
  defaults = {
    arn        = "arn:aws:lambda:eu-central-1:123456789012:function:mock"
    invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:123456789012:function:mock/invocations"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  override_during = plan
  defaults = {
    arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mock"
  }
}

mock_resource "aws_apigatewayv2_api" {
  override_during = plan
  defaults = {
    id            = "api1234567"
    api_endpoint  = "https://api1234567.execute-api.eu-central-1.amazonaws.com"
    execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:api1234567"
  }
}

mock_resource "aws_sns_topic" {
  override_during = plan
  defaults = {
    arn = "arn:aws:sns:eu-central-1:123456789012:mock"
  }
}

mock_resource "aws_s3_bucket" {
  override_during = plan
  defaults = {
    id                          = "mock-page"
    arn                         = "arn:aws:s3:::mock-page"
    bucket_regional_domain_name = "mock-page.s3.eu-central-1.amazonaws.com"
  }
}

mock_resource "aws_cloudfront_distribution" {
  override_during = plan
  defaults = {
    arn         = "arn:aws:cloudfront::123456789012:distribution/MOCK"
    domain_name = "mock.cloudfront.net"
  }
}

mock_resource "aws_cognito_user_pool" {
  override_during = plan
  defaults = {
    id       = "eu-central-1_mock"
    arn      = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_mock"
    endpoint = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_mock"
  }
}

mock_resource "aws_cognito_user_pool_client" {
  override_during = plan
  defaults = {
    id = "mock-client"
  }
}

mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
  }
}

mock_data "aws_partition" {
  defaults = {
    partition = "aws"
  }
}

mock_resource "aws_cloudfront_response_headers_policy" {
  override_during = plan
  defaults = {
    id = "mock-headers"
  }
}
