output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "The function's ARN."
  value       = aws_lambda_function.this.arn
}

output "invoke_arn" {
  description = "What an API integration calls."
  value       = aws_lambda_function.this.invoke_arn
}

output "role_arn" {
  description = "The role that the function runs as."
  value       = aws_iam_role.this.arn
}

output "log_group" {
  description = "Where it logs."
  value       = aws_cloudwatch_log_group.this.name
}

output "policy" {
  description = "What the role may do, for the tests."
  value       = jsondecode(aws_iam_role_policy.this.policy)
}

output "trust" {
  description = "Who may run as the role, for the tests."
  value       = jsondecode(aws_iam_role.this.assume_role_policy)
}

output "settings" {
  description = "How the function runs, for the tests."
  value = {
    runtime       = aws_lambda_function.this.runtime
    architectures = aws_lambda_function.this.architectures
    memory_mb     = aws_lambda_function.this.memory_size
    timeout       = aws_lambda_function.this.timeout
    reserved      = aws_lambda_function.this.reserved_concurrent_executions
    environment   = one(aws_lambda_function.this.environment).variables
    logging       = one(aws_lambda_function.this.logging_config)
    log_days      = aws_cloudwatch_log_group.this.retention_in_days
    log_key       = aws_cloudwatch_log_group.this.kms_key_id
  }
}
