variable "name" {
  description = "The function's whole name."
  type        = string
}

variable "description" {
  description = "What the function does, in a line."
  type        = string
}

variable "artifact" {
  description = "The path of the zip that holds the bootstrap."
  type        = string
}

variable "architecture" {
  description = "What the zip was built for: arm64 or x86_64."
  type        = string
}

variable "timeout_seconds" {
  description = "After how long an invocation is cut off."
  type        = number
}

variable "memory_mb" {
  description = "Memory, and with it the share of a processor."
  type        = number
}

variable "stopped" {
  description = "Whether the function must not run at all."
  type        = bool
}

variable "environment" {
  description = "Environment variables. No secrets: whoever may look at the function reads them."
  type        = map(string)
}

variable "statements" {
  description = "What the function may do beyond writing its own log. Each with a sid that says what for."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string))), {})
  }))

  validation {
    condition     = alltrue([for statement in var.statements : can(regex("^[A-Z][A-Za-z0-9]{7,}$", statement.sid))])
    error_message = "Every statement needs a sid that says what it is for, such as ReadJobsAndLinks."
  }

  validation {
    condition     = alltrue(flatten([for statement in var.statements : [for action in statement.actions : !strcontains(action, "*")]]))
    error_message = "No statement may have a wildcard in an action: list what the function calls."
  }

  validation {
    condition     = alltrue(flatten([for statement in var.statements : [for resource in statement.resources : !strcontains(resource, "*")]]))
    error_message = "No statement may have a wildcard in a resource: name the tables, queues and keys."
  }
}

variable "log_retention_days" {
  description = "How long the log is kept."
  type        = number
}

variable "log_key_arn" {
  description = "The KMS key that encrypts the log."
  type        = string
}
