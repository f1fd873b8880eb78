# The tables, read from migrations/: their only definition, which the local runtime and the adapters' tests read too.
# Adding a table is adding a file there.

locals {
  migrations = {
    for file in fileset("${path.module}/../migrations", "*.json") :
    jsondecode(file("${path.module}/../migrations/${file}")).TableName => jsondecode(file("${path.module}/../migrations/${file}"))
  }

  # Every table's name and ARN by its plain name, for policies and alarms.
  table_arns  = { for name, table in aws_dynamodb_table.this : name => table.arn }
  table_names = { for name, table in aws_dynamodb_table.this : name => table.name }
}

resource "aws_dynamodb_table" "this" {
  for_each = local.migrations

  name                        = "${var.table_prefix}${each.key}"
  billing_mode                = each.value.BillingMode
  hash_key                    = one([for key in each.value.KeySchema : key.AttributeName if key.KeyType == "HASH"])
  range_key                   = one([for key in each.value.KeySchema : key.AttributeName if key.KeyType == "RANGE"])
  deletion_protection_enabled = var.protect_data

  dynamic "attribute" {
    for_each = each.value.AttributeDefinitions
    content {
      name = attribute.value.AttributeName
      type = attribute.value.AttributeType
    }
  }

  dynamic "global_secondary_index" {
    for_each = try(each.value.GlobalSecondaryIndexes, [])
    content {
      name               = global_secondary_index.value.IndexName
      hash_key           = one([for key in global_secondary_index.value.KeySchema : key.AttributeName if key.KeyType == "HASH"])
      range_key          = one([for key in global_secondary_index.value.KeySchema : key.AttributeName if key.KeyType == "RANGE"])
      projection_type    = global_secondary_index.value.Projection.ProjectionType
      non_key_attributes = try(global_secondary_index.value.Projection.NonKeyAttributes, null)
    }
  }

  dynamic "ttl" {
    for_each = try([each.value.TimeToLiveSpecification], [])
    content {
      attribute_name = ttl.value.AttributeName
      enabled        = ttl.value.Enabled
    }
  }

  point_in_time_recovery {
    # Any second of the last 35 days (the default, and the longest there is) can be restored.
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.data.arn
  }

  lifecycle {
    precondition {
      condition     = each.value.BillingMode == "PAY_PER_REQUEST"
      error_message = "migrations/: table ${each.key} must be on demand; provisioned capacity would need numbers that nobody has."
    }
  }
}
