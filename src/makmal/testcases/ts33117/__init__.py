"""TS 33.117, 4.2.2.2, 4.3.6, 4.4.2: what every product with a service-based interface must do."""
