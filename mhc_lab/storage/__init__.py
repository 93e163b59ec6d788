"""Where bytes lie. A store knows its root and what is below it; it never sees the database."""
