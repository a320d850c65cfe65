"""The fairness check: each rule provoked, by what it is given and by real deployments; a fair set has no finding."""
