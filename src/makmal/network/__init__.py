"""The reference network. For now it is played into a capture; next it will run."""
