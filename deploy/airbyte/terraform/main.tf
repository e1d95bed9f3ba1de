# The same set-up as deploy/airbyte/setup.yaml, with Airbyte's own Terraform provider.
terraform {
  required_version = ">= 1.6"
  required_providers {
    airbyte = {
      source  = "airbytehq/airbyte"
      version = "~> 1.2"
    }
  }
}

provider "airbyte" {
  server_url    = var.airbyte_url
  client_id     = var.airbyte_client_id
  client_secret = var.airbyte_client_secret
  token_url     = "${var.airbyte_url}/applications/token"
}

resource "airbyte_source_definition" "ewallet" {
  workspace_id      = var.workspace_id
  name              = "E-wallet PostgreSQL"
  docker_repository = var.source_image
  docker_image_tag  = var.image_tag
  documentation_url = var.documentation_url
}

resource "airbyte_destination_definition" "kafka" {
  workspace_id      = var.workspace_id
  name              = "Kafka Avro"
  docker_repository = var.destination_image
  docker_image_tag  = var.image_tag
  documentation_url = var.documentation_url
}

resource "airbyte_source" "ewallet" {
  workspace_id  = var.workspace_id
  name          = "E-wallet"
  definition_id = airbyte_source_definition.ewallet.id

  configuration = jsonencode({
    host     = var.database_host
    port     = 5432
    database = "wallet"
    username = var.database_user
    password = var.database_password
    schemas  = ["public"]
    ssl_mode = { mode = "require" }
  })
}

resource "airbyte_destination" "kafka" {
  workspace_id  = var.workspace_id
  name          = "Kafka"
  definition_id = airbyte_destination_definition.kafka.id

  configuration = jsonencode({
    bootstrap_servers = var.kafka_bootstrap_servers
    topic_pattern     = "{namespace}.{stream}"
    protocol          = { security_protocol = "PLAINTEXT" }
    schema_registry   = { url = var.schema_registry_url }
  })
}

resource "airbyte_connection" "ewallet_to_kafka" {
  name           = "E-wallet to Kafka"
  source_id      = airbyte_source.ewallet.source_id
  destination_id = airbyte_destination.kafka.destination_id
  status         = "active"

  # "source" keeps the schema's name in the topic: public.transactions.
  namespace_definition                 = "source"
  non_breaking_schema_updates_behavior = "propagate_columns"

  schedule = {
    schedule_type   = "cron"
    cron_expression = "0 0 * * * ?"
  }

  # Airbyte syncs a stream that is not listed as full refresh and overwrite.
  configurations = {
    streams = [for stream in var.streams : {
      name      = stream
      namespace = "public"
      sync_mode = "incremental_append"
    }]
  }
}
