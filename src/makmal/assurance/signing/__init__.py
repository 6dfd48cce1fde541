"""Keys, signatures, time stamps and trust anchors."""
