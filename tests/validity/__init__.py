"""Each gate of a round provoked for real: a server, a load, and the reason that refuses the round."""
