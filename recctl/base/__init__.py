"""What every part may use: errors, texts (JSON, YAML, patterns, amounts), work in several processes."""

from __future__ import annotations

__version__ = "0.1.0"
