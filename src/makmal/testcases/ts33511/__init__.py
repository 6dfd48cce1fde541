"""The test cases of TS 33.511: gNB."""
