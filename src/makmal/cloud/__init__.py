"""The reference cloud application: a small service for sensors and their readings."""

from makmal.cloud.application import Application
from makmal.cloud.policy import CloudPolicy, TlsPolicy

__all__ = ["Application", "CloudPolicy", "TlsPolicy"]
