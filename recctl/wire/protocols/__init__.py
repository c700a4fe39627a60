"""Wire protocols: each module of this package is one, and holds one `WIRE`."""
