"""The bench in front of an IoT device: its web page, its MQTT, a broker of ours, its statement."""
