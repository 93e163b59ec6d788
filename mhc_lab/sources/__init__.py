"""What comes from outside, read into values: follow lists. Nothing here touches the database."""
