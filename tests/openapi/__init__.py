"""What tools that read an OpenAPI document make of the two servers: Schemathesis, and a client generator."""
