"""Clients of many kinds below vcrpy, tracked: `python -m tests.clients [PAIR...]`."""
