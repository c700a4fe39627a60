"""The only writers: what is to change as a plan, carried out, noted in a journal, and taken back."""
