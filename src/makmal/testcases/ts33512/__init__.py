"""TS 33.512 (18.1.0): the test cases of the AMF."""
