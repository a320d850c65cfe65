"""The deployments that `make test` does not run the whole suite on: what is most likely to break there."""
