"""The database: its server, its three roles, its migrations, and the engines everything else is handed."""
