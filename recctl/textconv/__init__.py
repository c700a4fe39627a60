"""How git comes to show conversations where recordings are concerned, and forgets about it again."""
