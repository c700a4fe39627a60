"""All facts about the names and places of recordings: what they are called, where, and by which rule.

`survey` collects them in one pass. Every command judges a name by them, so that none can disagree.
"""
