"""The kernel over HTTP; nothing else in the core knows of it."""
