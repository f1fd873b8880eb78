# Who the users are. With an issuer given, its tokens; without one, a Cognito user pool made here.

locals {
  own_users = var.jwt_issuer == null

  issuer   = local.own_users ? "https://${aws_cognito_user_pool.users[0].endpoint}" : var.jwt_issuer
  audience = local.own_users ? [aws_cognito_user_pool_client.page[0].id] : var.jwt_audience

  # As whom the page signs people in. Null where the issuer has no client for it: then the page stands without a sign-in, and
  # people use the API from a frontend of their own.
  page_client_id = local.own_users ? aws_cognito_user_pool_client.page[0].id : var.page_client_id

  # Which places of the issuer the page's scripts talk to: its description, and where a code becomes a token.
  sign_in_origins = local.own_users ? [
    "https://cognito-idp.${var.region}.amazonaws.com",
    "https://${aws_cognito_user_pool_domain.users[0].domain}.auth.${var.region}.amazoncognito.com",
  ] : distinct(concat([regex("^https://[^/]+", var.jwt_issuer)], var.page_sign_in_origins))
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

# Where people of the pool sign in.
resource "aws_cognito_user_pool_domain" "users" {
  count = local.own_users ? 1 : 0

  # Shared by everybody in a region, as a bucket's name is.
  domain       = "${var.name}-${local.account}"
  user_pool_id = aws_cognito_user_pool.users[0].id
}

resource "aws_cognito_user_pool_client" "page" {
  count = local.own_users ? 1 : 0

  name         = "${var.name}-page"
  user_pool_id = aws_cognito_user_pool.users[0].id

  # A page cannot keep a secret.
  generate_secret = false
  # The page sends people to the pool's own sign-in and gets a code back, which only it can redeem (PKCE): no script of ours
  # ever sees a password.
  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "email"]
  callback_urls                        = ["${local.page_url}/"]
  logout_urls                          = ["${local.page_url}/"]

  # The admin flow is for somebody with AWS credentials at a command line.
  explicit_auth_flows           = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
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
