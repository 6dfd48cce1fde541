"""Test cases for cloud applications: OWASP API Security Top 10 2023, TLS, headers, inputs."""
