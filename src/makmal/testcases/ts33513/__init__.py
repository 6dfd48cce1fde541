"""TS 33.513 (18.0.0) and what else a UPF is tested for: the test cases of the user plane."""
