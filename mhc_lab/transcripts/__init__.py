"""Chat logs, direct messages and tip menus that somebody pasted, read into values. Nothing here touches the database."""
