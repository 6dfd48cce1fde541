"""The network as the audit's laboratory plays it into a capture: both ends of every interface."""
