"""What the user pointed at: files, folders, revisions, and what is compared with what."""
