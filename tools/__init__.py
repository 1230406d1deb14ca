"""What the project's own development needs; nothing of it is shipped."""
