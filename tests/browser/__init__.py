"""The chat page and Swagger UI, used in a real browser as a person would."""
