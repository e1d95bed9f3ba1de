variable "airbyte_url" {
  description = "Airbyte's public API with its version"
  type        = string
  default     = "http://localhost:8000/api/public/v1"
}

variable "airbyte_client_id" {
  description = "Application's client id (abctl local credentials)"
  type        = string
}

variable "airbyte_client_secret" {
  description = "Application's client secret"
  type        = string
  sensitive   = true
}

variable "workspace_id" {
  description = "Workspace that gets the connectors"
  type        = string
}

variable "source_image" {
  description = "Repository of the source's image, without the tag"
  type        = string
  default     = "ewallet/source-ewallet"
}

variable "destination_image" {
  description = "Repository of the destination's image, without the tag"
  type        = string
  default     = "ewallet/destination-kafka"
}

variable "image_tag" {
  description = "Version of both images"
  type        = string
  default     = "0.2.0"
}

variable "documentation_url" {
  description = "Where the connectors are documented"
  type        = string
  default     = null
}

variable "database_host" {
  description = "Host of the e-wallet's database, as Airbyte's pods reach it"
  type        = string
}

variable "database_user" {
  description = "Read-only role of docs/security.md"
  type        = string
}

variable "database_password" {
  description = "Its password"
  type        = string
  sensitive   = true
}

variable "kafka_bootstrap_servers" {
  description = "Brokers as host:port, comma-separated"
  type        = string
}

variable "schema_registry_url" {
  description = "Schema registry with Confluent's REST API"
  type        = string
}

variable "streams" {
  description = "Tables to sync"
  type        = list(string)
  default     = ["currencies", "users", "wallets", "merchants", "transactions", "user_activity"]
}
