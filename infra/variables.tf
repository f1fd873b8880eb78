# What a deployment may choose. Everything has a default that suits a first deployment; docs/operations.md walks through one.

variable "region" {
  description = "The AWS region that everything lives in, such as eu-central-1."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "name" {
  description = "Stands before the name of everything, so that two systems can share an account. Roles and the page's policies belong to the account and not to a region: a second region needs another name too."
  type        = string
  default     = "garmin-sync"

  validation {
    # Function and role names end at 64 characters, bucket names at 63 with account and region in them.
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen."
  }

  validation {
    # It is part of the domain of the user pool's sign-in, which may not contain these.
    condition     = !can(regex("aws|amazon|cognito", var.name))
    error_message = "name must not contain aws, amazon or cognito: Cognito takes no such name for a sign-in's domain."
  }
}

variable "table_prefix" {
  description = "Stands before the names of the tables in migrations/. Empty gives the plain names."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{0,64}$", var.table_prefix))
    error_message = "table_prefix must be at most 64 letters, digits, underscores, dots and hyphens."
  }
}

variable "artifact" {
  description = "Where the zip of a function is; {function} stands for its name. To roll back, point it at the zips of an older build."
  type        = string
  default     = "../target/lambda-arm64/{function}/bootstrap.zip"

  validation {
    condition     = endswith(var.artifact, ".zip")
    error_message = "artifact must be the path of a zip, such as ../target/lambda-arm64/{function}/bootstrap.zip."
  }
}

variable "architecture" {
  description = "What the zips were built for. arm64 costs a fifth less per second; x86_64 exists for the rehearsal on an emulated AWS."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64, as the zips were built."
  }

  validation {
    # As far as a path tells: `make build` puts the zips of each into a folder of its name.
    condition     = !strcontains(var.artifact, var.architecture == "arm64" ? "lambda-x86_64" : "lambda-arm64")
    error_message = "architecture and artifact go together: the artifact's path is that of zips for the other architecture, and no function would start."
  }
}

variable "running" {
  description = "The kill switch. everything: normal. api: people can look and ask, nothing is imported. nothing: no function runs at all."
  type        = string
  default     = "everything"

  validation {
    condition     = contains(["everything", "api", "nothing"], var.running)
    error_message = "running must be everything, api (imports stand still) or nothing (every function stands still)."
  }
}

variable "protect_data" {
  description = "Whether tables, users and the page's bucket refuse to be deleted. Only a rehearsal turns this off."
  type        = bool
  default     = true
}

variable "jwt_issuer" {
  description = "Who signs the users' tokens: an OpenID Connect issuer, as in the tokens' iss claim. Null makes a Cognito user pool."
  type        = string
  default     = null

  validation {
    condition     = var.jwt_issuer == null ? true : can(regex("^https://[^/?#]+[^?#]*$", var.jwt_issuer))
    error_message = "jwt_issuer must be an https:// address without query or fragment, exactly as the tokens' iss claim has it."
  }
}

variable "jwt_audience" {
  description = "The audiences (aud, or client_id) that tokens may be for. Needed with jwt_issuer, and only then."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for audience in var.jwt_audience : length(trimspace(audience)) > 0])
    error_message = "jwt_audience must not hold an empty audience: it would let in tokens that are for nobody."
  }

  validation {
    condition     = (var.jwt_issuer == null) == (length(var.jwt_audience) == 0)
    error_message = "jwt_issuer and jwt_audience go together: give both, or neither to get a Cognito user pool."
  }
}

variable "page_client_id" {
  description = "As which public client of jwt_issuer (authorization code with PKCE) the page signs people in. Null: the page has no sign-in."
  type        = string
  default     = null

  validation {
    condition     = var.page_client_id == null ? true : var.jwt_issuer != null
    error_message = "page_client_id goes with jwt_issuer: the Cognito user pool that is made without one makes the page's client too."
  }
}

variable "page_scope" {
  description = "What the page asks of jwt_issuer, separated by spaces. Many issuers give refresh tokens only for offline_access; without one people sign in again when their token ends."
  type        = string
  # What the client of the Cognito user pool is allowed.
  default = "openid email"

  validation {
    condition     = can(regex("^[\\x21\\x23-\\x5B\\x5D-\\x7E]+( [\\x21\\x23-\\x5B\\x5D-\\x7E]+)*$", var.page_scope)) && contains(split(" ", var.page_scope), "openid")
    error_message = "page_scope must be scopes separated by single spaces, openid among them."
  }

  validation {
    condition     = var.page_scope == "openid email" || var.page_client_id != null
    error_message = "page_scope goes with page_client_id: the client of the Cognito user pool is allowed openid and email."
  }
}

variable "page_audience" {
  description = "The audience that the page names when it sends people to jwt_issuer, one of jwt_audience. Auth0 gives tokens that the API can read only then. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.page_audience == null ? true : contains(var.jwt_audience, var.page_audience)
    error_message = "page_audience must be one of jwt_audience: the API refuses tokens for another."
  }

  validation {
    condition     = var.page_audience == null ? true : var.page_client_id != null
    error_message = "page_audience goes with page_client_id: without a client the page signs nobody in."
  }
}

variable "page_sign_in_origins" {
  description = "Further origins of jwt_issuer that the page's scripts may talk to, where its token endpoint is not under the issuer's own host."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.page_sign_in_origins : can(regex("^https://([a-z0-9-]+\\.)+[a-z]{2,}(:[0-9]{1,5})?$", origin))])
    error_message = "page_sign_in_origins must be origins such as https://login.example.org: https, a host in lower case, no path and no wildcard."
  }

  validation {
    condition     = length(var.page_sign_in_origins) == 0 || var.page_client_id != null
    error_message = "page_sign_in_origins goes with page_client_id: without a client the page signs nobody in."
  }
}

variable "page_domain" {
  description = "The page's own domain name, such as sync.example.org; null serves it under CloudFront's name."
  type        = string
  default     = null

  validation {
    condition     = var.page_domain == null ? true : can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.page_domain))
    error_message = "page_domain must be a lower-case domain name, such as sync.example.org."
  }
}

variable "page_certificate_arn" {
  description = "The ACM certificate of page_domain. CloudFront takes it from us-east-1 only."
  type        = string
  default     = null

  validation {
    condition     = var.page_certificate_arn == null ? true : can(regex("^arn:[a-z-]+:acm:us-east-1:", var.page_certificate_arn))
    error_message = "page_certificate_arn must be the ARN of an ACM certificate in us-east-1."
  }

  validation {
    condition     = (var.page_domain == null) == (var.page_certificate_arn == null)
    error_message = "page_domain and page_certificate_arn go together: give both or neither."
  }
}

variable "garmin_environment" {
  description = "Further environment variables of the functions that talk to Garmin, such as another address for a simulator."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.garmin_environment) : can(regex("^GARMIN_[A-Z0-9_]+$", name))])
    error_message = "garmin_environment may only set variables whose names start with GARMIN_."
  }
}

variable "historical_concurrency" {
  description = "How many historical chunks are worked on at once. Each holds one Garmin account and asks it once a second."
  type        = number
  # 40 people at once; at 13 chunks of 110 s a year they do about 100 user-years an hour. Well below the 1,000
  # executions that an account has at first, so that the API always finds room.
  default = 40

  validation {
    condition     = var.historical_concurrency >= 2 && var.historical_concurrency <= 1000 && floor(var.historical_concurrency) == var.historical_concurrency
    error_message = "historical_concurrency must be a whole number from 2 to 1000: SQS event source mappings take no other."
  }
}

variable "incremental_concurrency" {
  description = "How many incremental chunks are worked on at once, in room of their own beside the historical ones."
  type        = number
  # A daily sync is one chunk of a few days, some 30 s at one request a second: 10 do 1,200 an hour.
  default = 10

  validation {
    condition     = var.incremental_concurrency >= 2 && var.incremental_concurrency <= 1000 && floor(var.incremental_concurrency) == var.incremental_concurrency
    error_message = "incremental_concurrency must be a whole number from 2 to 1000: SQS event source mappings take no other."
  }
}

variable "api_requests_per_second" {
  description = "What the API takes in all, per second, before it answers 429."
  type        = number
  # An open page asks every 3 s while a job runs: 500 a second are 1,500 open pages.
  default = 500

  validation {
    condition     = var.api_requests_per_second >= 1 && var.api_requests_per_second <= 10000 && floor(var.api_requests_per_second) == var.api_requests_per_second
    error_message = "api_requests_per_second must be a whole number from 1 to 10000, the limit of an account in a region."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  # Long enough to look into a report that comes after a holiday, short enough not to hoard.
  default = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400 or one of its longer ones."
  }
}

variable "job_retention_days" {
  description = "How long finished jobs are kept. What they imported stays."
  type        = number
  # A person who asks what happened to last spring's import should still see it.
  default = 365

  validation {
    condition     = var.job_retention_days >= 1 && var.job_retention_days <= 36500 && floor(var.job_retention_days) == var.job_retention_days
    error_message = "job_retention_days must be a whole number of days from 1 to 36500."
  }
}

variable "alarm_email" {
  description = "Who gets a message when an alarm goes off; AWS asks that address for its consent first. Null: nobody."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null ? true : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email must be an e-mail address."
  }
}
