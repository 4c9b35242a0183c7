"""What the gateway takes and gives, as its OpenAPI document shows it."""
