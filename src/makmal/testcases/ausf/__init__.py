"""The AUSF. TS 33.516 has no test case of its own beside TS 33.117: these are of TS 33.501, 6.1."""
