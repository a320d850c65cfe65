"""The conformance suite: the contract as a client sees it, over real sockets, importing neither server."""
