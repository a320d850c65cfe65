"""What is rightly different between the two servers: each difference with its reason, both sides pinned."""
