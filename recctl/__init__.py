"""recctl: look after recorded LLM API traffic that is kept in git."""

__version__ = "0.1.0"
