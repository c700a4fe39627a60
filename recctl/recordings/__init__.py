"""Recorded exchanges: what they are, how they are read from files, and how files hold them."""
