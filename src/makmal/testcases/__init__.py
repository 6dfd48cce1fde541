"""The test cases of the standards: each a procedure and a judge."""
