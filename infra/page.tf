# The page: files in a private bucket, shown by CloudFront, with the API under the same name. One origin for both means no CORS.
# The files are put there by `aws s3 sync`, not by Terraform (docs/operations.md).

locals {
  page_origin = "page"
  api_origin  = "api"

  # AWS's own policies, the same in every account: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/
  # CachingOptimized; CachingDisabled; AllViewerExceptHostHeader, which API Gateway needs, because it goes by its own host name,
  # and which passes the Authorization header on.
  caching_optimized             = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  caching_disabled              = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer_except_host_header = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

  page_url = "https://${coalesce(var.page_domain, aws_cloudfront_distribution.page.domain_name)}"
}

resource "aws_s3_bucket" "page" {
  # Bucket names are shared by everybody.
  bucket        = "${var.name}-page-${local.account}-${var.region}"
  force_destroy = !var.protect_data
}

resource "aws_s3_bucket_public_access_block" "page" {
  bucket                  = aws_s3_bucket.page.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "page" {
  bucket = aws_s3_bucket.page.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "page" {
  bucket = aws_s3_bucket.page.id
  versioning_configuration {
    # The page before this one is a version away.
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "page" {
  bucket = aws_s3_bucket.page.id

  rule {
    id     = "forget-old-pages"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      # A roll back that takes longer to be decided on is a build.
      noncurrent_days = 30
    }
    abort_incomplete_multipart_upload {
      # The page is a few hundred kilobytes; whatever is still going up after a day has failed.
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.page]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "page" {
  bucket = aws_s3_bucket.page.id
  rule {
    apply_server_side_encryption_by_default {
      # S3's own key: what everybody may download needs no key of ours.
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "page" {
  bucket = aws_s3_bucket.page.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # No s3:ListBucket: a missing file is a 403, and nobody learns what else there is.
        Sid       = "OurDistributionReadsThePage"
        Effect    = "Allow"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = ["s3:GetObject"]
        Resource  = ["${aws_s3_bucket.page.arn}/*"]
        Condition = { StringEquals = { "AWS:SourceArn" = aws_cloudfront_distribution.page.arn } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.page]
}

# What the page has to know of this deployment: where people sign in, and as which client. No secret; whoever opens the page
# reads it. `aws s3 sync` leaves it alone (docs/operations.md).
resource "aws_s3_object" "config" {
  bucket        = aws_s3_bucket.page.id
  key           = "config.json"
  content_type  = "application/json"
  cache_control = "no-store"

  content = jsonencode({
    auth = local.page_client_id == null ? { kind = "none" } : merge(
      {
        kind     = "oidc"
        issuer   = local.issuer
        clientId = local.page_client_id
        scope    = var.page_scope
      },
      var.page_audience == null ? {} : { audience = var.page_audience },
    )
  })
}

resource "aws_cloudfront_origin_access_control" "page" {
  name                              = "${var.name}-page"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_response_headers_policy" "page" {
  name = "${var.name}-page"

  security_headers_config {
    content_security_policy {
      # Nothing but what the page brings along, and nobody frames it.
      content_security_policy = join("; ", [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src ${join(" ", concat(["'self'"], local.sign_in_origins))}",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ])
      override = true
    }
    content_type_options {
      override = true
    }
    frame_options {
      frame_option = "DENY"
      override     = true
    }
    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }
    strict_transport_security {
      # Two years, what browsers ask of a site that means it.
      access_control_max_age_sec = 63072000
      include_subdomains         = false
      override                   = true
    }
  }
}

resource "aws_cloudfront_distribution" "page" {
  comment             = var.name
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  default_root_object = "index.html"
  aliases             = var.page_domain == null ? [] : [var.page_domain]
  # North America and Europe, the cheapest class; elsewhere it is slower, not absent.
  price_class = "PriceClass_100"

  origin {
    origin_id                = local.page_origin
    domain_name              = aws_s3_bucket.page.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.page.id
  }

  origin {
    origin_id   = local.api_origin
    domain_name = replace(aws_apigatewayv2_api.this.api_endpoint, "/^https?:\\/\\//", "")

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      # Above the 25 seconds of link-account, the slowest: a slow answer is still an answer.
      origin_read_timeout = 30
    }
  }

  default_cache_behavior {
    target_origin_id           = local.page_origin
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = true
    cache_policy_id            = local.caching_optimized
    response_headers_policy_id = aws_cloudfront_response_headers_policy.page.id
  }

  ordered_cache_behavior {
    path_pattern     = "/integrations/*"
    target_origin_id = local.api_origin
    # CloudFront knows three sets of methods; this is the one with POST in it. The API answers 404 to the rest.
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "https-only"
    compress                   = true
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer_except_host_header
    response_headers_policy_id = aws_cloudfront_response_headers_policy.page.id
  }

  # No custom_error_response: it would hold for the API too and turn its 404 into a page.

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.page_certificate_arn == null
    acm_certificate_arn            = var.page_certificate_arn
    ssl_support_method             = var.page_certificate_arn == null ? null : "sni-only"
    # Under CloudFront's own name there is no choice.
    minimum_protocol_version = var.page_certificate_arn == null ? "TLSv1" : "TLSv1.2_2021"
  }
}
