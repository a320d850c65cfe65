"""The upstream that the twins are tested against, tested itself: by the official SDK, by raw sockets, by the twins."""
