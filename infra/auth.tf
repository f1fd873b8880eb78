# Who the users are. With an issuer given, its tokens; without one, a Cognito user pool made here.

locals {
  own_users = var.jwt_issuer == null

  issuer   = local.own_users ? "https://${aws_cognito_user_pool.users[0].endpoint}" : var.jwt_issuer
  audience = local.own_users ? [aws_cognito_user_pool_client.page[0].id] : var.jwt_audience
}

resource "aws_cognito_user_pool" "users" {
  count = local.own_users ? 1 : 0

  name                     = var.name
  deletion_protection      = var.protect_data ? "ACTIVE" : "INACTIVE"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OPTIONAL"

  software_token_mfa_configuration {
    enabled = true
  }

  admin_create_user_config {
    # Health data: nobody lets themselves in.
    allow_admin_create_user_only = true
  }

  password_policy {
    # Length is what counts (NIST SP 800-63B); no rules on which characters.
    minimum_length    = 14
    require_lowercase = false
    require_numbers   = false
    require_symbols   = false
    require_uppercase = false
    # A person who was invited on a Friday has until the Friday after.
    temporary_password_validity_days = 7
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }
}

resource "aws_cognito_user_pool_client" "page" {
  count = local.own_users ? 1 : 0

  name         = "${var.name}-page"
  user_pool_id = aws_cognito_user_pool.users[0].id

  # A page cannot keep a secret.
  generate_secret = false
  # SRP for the page, the admin flow for somebody with AWS credentials at a command line; the password itself is sent by neither
  # of the page's flows.
  explicit_auth_flows           = ["ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  # An hour: API Gateway accepts a token until it ends, revoked or not. A month between sign-ins.
  access_token_validity  = 1
  id_token_validity      = 1
  refresh_token_validity = 30

  token_validity_units {
    access_token  = "hours"
    id_token      = "hours"
    refresh_token = "days"
  }
}
