# Everything the system needs in one AWS account and region. One file per concern; every number has its reason beside it.

terraform {
  # 1.11 is the first with `override_during` in mocked providers, which the tests use.
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # Exact, because a lock file made with a local provider mirror would name one platform only.
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { system = var.name }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
}
