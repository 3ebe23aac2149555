"""The API server: storage, rules and the HTTP face."""
