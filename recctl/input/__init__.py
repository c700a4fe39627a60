"""What the user pointed at: files, folders, revisions, the two sides of a comparison."""
