# The HTTP API: explicit routes, a token for each, throttled. Routing, tokens and throttling happen here and not in code.

locals {
  # Which function answers which route.
  routes = merge([for name, function in local.functions : { for route in function.routes : route => name }]...)

  api_functions = toset([for name, function in local.functions : name if length(function.routes) > 0])

  # Starting a sync is a person's click: nobody needs more than a few a second, and a script must not fill the queue.
  starts = [for route in keys(local.routes) : route if can(regex("^POST .*/sync/(incremental|historical)$", route))]
}

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = "Import of a person's Garmin history"
  protocol_type = "HTTP"
  # No CORS: the page is served from the same origin (page.tf).
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id           = aws_apigatewayv2_api.this.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = local.issuer
    audience = local.audience
  }
}

resource "aws_apigatewayv2_integration" "function" {
  for_each = local.api_functions

  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = module.function[each.key].invoke_arn
  payload_format_version = "2.0"
  # A second more than the function has, so that its own end is what is seen.
  timeout_milliseconds = (local.functions[each.key].timeout_seconds + 1) * 1000
}

resource "aws_apigatewayv2_route" "this" {
  for_each = local.routes

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.function[each.value].id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.jwt.id
}

resource "aws_lambda_permission" "route" {
  for_each = local.routes

  function_name = module.function[each.value].name
  # A statement id takes letters, digits, hyphens and underscores.
  statement_id = "Api-${replace(each.key, "/[^A-Za-z0-9]+/", "-")}"
  action       = "lambda:InvokeFunction"
  principal    = "apigateway.amazonaws.com"
  # One method and path, of any stage of this API: there is only $default.
  source_arn = "${aws_apigatewayv2_api.this.execution_arn}/*/${replace(each.key, " ", "")}"
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit = var.api_requests_per_second
    # Two seconds' worth at once: every open page asks at the same moment after an outage.
    throttling_burst_limit = 2 * var.api_requests_per_second
    # Metrics of each route are billed one by one, a hundred of them; alarms and dashboard look at the API's own, which are not.
    detailed_metrics_enabled = false
  }

  dynamic "route_settings" {
    for_each = local.starts
    content {
      route_key = route_settings.value
      # A tenth of everything, because each may start hours of work.
      throttling_rate_limit    = max(1, floor(var.api_requests_per_second / 10))
      throttling_burst_limit   = max(1, floor(var.api_requests_per_second / 5))
      detailed_metrics_enabled = false
    }
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    # Nothing that says who: no token, no header, no query, no address, no user.
    format = jsonencode({
      requestId          = "$context.requestId"
      requestTime        = "$context.requestTime"
      route              = "$context.routeKey"
      status             = "$context.status"
      responseLength     = "$context.responseLength"
      latencyMs          = "$context.responseLatency"
      integrationMs      = "$context.integrationLatency"
      integrationError   = "$context.integrationErrorMessage"
      authorizerError    = "$context.authorizer.error"
      integrationRequest = "$context.integration.requestId"
    })
  }

  # A route's own settings are refused before the route exists.
  depends_on = [aws_apigatewayv2_route.this]
}
