"""The bench in front of a cloud application: requests, TLS, a listener of ours, and the trace."""
