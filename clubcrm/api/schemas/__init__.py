"""The shapes of the API: what it takes and what it answers, as OpenAPI shows them."""
