"""What the official SDKs make of recorded streams, beside what recctl makes of them."""
