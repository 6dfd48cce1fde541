"""Test cases for IoT devices: every provision of ETSI EN 303 645, assessed after TS 103 701."""
