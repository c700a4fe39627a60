"""Texts and what is written in them: JSON, YAML, tables, patterns, names, pointers, amounts."""
