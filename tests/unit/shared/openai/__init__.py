"""The model behind an API: its pure parts with made-up chunks, its clients against an upstream of a few lines."""
