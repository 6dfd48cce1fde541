"""Requirements of TS 23.501 and TS 33.501 on core functions that have no SCAS of their own."""
