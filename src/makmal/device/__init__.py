"""The reference IoT device: a room sensor with a web page, MQTT, updates, and a reset."""

from makmal.device.device import Device
from makmal.device.policy import DevicePolicy

__all__ = ["Device", "DevicePolicy"]
