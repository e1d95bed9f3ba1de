output "connection_id" {
  description = "Connection, for the API and for `airbyte_connection` imports"
  value       = airbyte_connection.ewallet_to_kafka.connection_id
}
