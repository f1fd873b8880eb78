# What somebody who has just deployed this needs next.

output "page_url" {
  description = "Where people go."
  value       = local.page_url
}

output "api_url" {
  description = "The API by its own name; through the page's address it is the same under /integrations/garmin."
  value       = "${aws_apigatewayv2_api.this.api_endpoint}/integrations/garmin"
}

output "page_bucket" {
  description = "Where the built page goes: aws s3 sync web/dist s3://<this> --delete --exclude config.json"
  value       = aws_s3_bucket.page.bucket
}

output "page_distribution" {
  description = "What to invalidate after the page has changed."
  value       = aws_cloudfront_distribution.page.id
}

output "jwt_issuer" {
  description = "Whose tokens the API takes."
  value       = local.issuer
}

output "jwt_audience" {
  description = "For whom the tokens have to be."
  value       = local.audience
}

output "user_pool" {
  description = "The user pool made here, if there is one."
  value       = local.own_users ? aws_cognito_user_pool.users[0].id : null
}

output "how_to_get_a_token" {
  description = "What to type for a token of one's own."
  value = !local.own_users ? "Sign in at ${var.jwt_issuer} for the audience ${join(" or ", var.jwt_audience)}." : join("\n", [
    "aws cognito-idp admin-create-user --user-pool-id ${aws_cognito_user_pool.users[0].id} --username you@example.org",
    "aws cognito-idp admin-set-user-password --user-pool-id ${aws_cognito_user_pool.users[0].id} --username you@example.org --password '<at least 14 characters>' --permanent",
    "aws cognito-idp admin-initiate-auth --user-pool-id ${aws_cognito_user_pool.users[0].id} --client-id ${aws_cognito_user_pool_client.page[0].id} --auth-flow ADMIN_USER_PASSWORD_AUTH --auth-parameters 'USERNAME=you@example.org,PASSWORD=<that>' --query AuthenticationResult.AccessToken --output text",
    "curl -H \"Authorization: Bearer <token>\" ${aws_apigatewayv2_api.this.api_endpoint}/integrations/garmin/sync/status",
  ])
}

output "queues" {
  description = "The URLs of the two queues."
  value       = { for name, queue in aws_sqs_queue.chunks : name => queue.url }
}

output "dead_letters" {
  description = "The queue of messages that nobody could deal with."
  value       = { url = aws_sqs_queue.dead_letters.url, arn = aws_sqs_queue.dead_letters.arn }
}

output "tables" {
  description = "The names of the tables, by their names in migrations/."
  value       = local.table_names
}

output "functions" {
  description = "The names of the functions."
  value       = { for name, function in module.function : name => function.name }
}

output "data_key" {
  description = "The key that encrypts everything at rest."
  value       = aws_kms_key.data.arn
}

output "tokens_key" {
  description = "The key that seals Garmin's tokens."
  value       = aws_kms_key.tokens.arn
}

output "dashboard_url" {
  description = "Where to look first."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${var.name}"
}
