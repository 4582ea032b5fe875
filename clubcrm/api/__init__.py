"""The club's system for machines: JSON under `/api/v1`, described by OpenAPI. Owns no tables."""
