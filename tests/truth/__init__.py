"""The truth test: the load generator's figures against a server that writes down when it really sent."""
