"""Checks of recordings, by rule."""
