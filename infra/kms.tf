# Two keys. `data` encrypts everything at rest, through the services that hold it. `tokens` seals Garmin's tokens, and only
# the functions that its own policy names may use it: not even the account's administrators, unless they change the
# policy, which the trail shows.

locals {
  # What it takes to look after a key, without using it. KMS asks for the aliases' actions on the key as well as on the alias.
  key_administration = [
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:DisableKeyRotation",
    "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListKeyRotations",
    "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource",
    "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
  ]

  account_root = "arn:${local.partition}:iam::${local.account}:root"
}

resource "aws_kms_key" "data" {
  description         = "${var.name}: tables, queues, logs and alarms at rest"
  enable_key_rotation = true
  # The longest there is: a key deleted by mistake takes every record with it.
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LookAfterTheKey"
        Effect    = "Allow"
        Principal = { AWS = local.account_root }
        Action    = local.key_administration
        Resource  = "*" # in a key's policy: this key
      },
      {
        # Roles of this account use the key as their own policies say, and those say: through which service.
        Sid       = "LeaveUseToTheRolesOwnPolicies"
        Effect    = "Allow"
        Principal = { AWS = local.account_root }
        Action = [
          "kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
          "kms:ListGrants", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RevokeGrant",
        ]
        Resource = "*"
      },
      {
        Sid       = "EncryptOurLogGroups"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        # What AWS's sample for CloudWatch Logs allows with wildcards, one by one.
        Action = [
          "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair",
          "kms:GenerateDataKeyPairWithoutPlaintext", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
        ]
        Resource = "*"
        Condition = {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = [
              "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:/aws/lambda/${var.name}-*",
              "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:/aws/apigateway/${var.name}",
            ]
          }
        }
      },
      {
        Sid       = "LetAlarmsReachTheirTopic"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_kms_alias" "data" {
  name          = "alias/${var.name}-data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_kms_key" "tokens" {
  description         = "${var.name}: seals Garmin's tokens"
  enable_key_rotation = true
  # The longest there is: without this key every user has to sign in at Garmin again.
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "tokens" {
  name          = "alias/${var.name}-tokens"
  target_key_id = aws_kms_key.tokens.key_id
}

# Apart from the key, because it names the functions' roles and the functions name the key.
resource "aws_kms_key_policy" "tokens" {
  key_id = aws_kms_key.tokens.key_id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LookAfterTheKey"
        Effect    = "Allow"
        Principal = { AWS = local.account_root }
        Action    = local.key_administration
        Resource  = "*" # in a key's policy: this key
      },
      {
        # Not process-chunk: it seals a refreshed pair under the data key that the link has already.
        Sid       = "SealTokensForTheirOwner"
        Effect    = "Allow"
        Principal = { AWS = [for name, function in local.functions : module.function[name].role_arn if try(function.seals_tokens, false)] }
        Action    = ["kms:GenerateDataKey"]
        Resource  = "*"
        Condition = local.for_one_owner
      },
      {
        Sid       = "OpenTokensForTheirOwner"
        Effect    = "Allow"
        Principal = { AWS = [for name, function in local.functions : module.function[name].role_arn if try(function.opens_tokens, false)] }
        Action    = ["kms:Decrypt"]
        Resource  = "*"
        Condition = local.for_one_owner
      },
    ]
  })
}
