"""Where assurance keeps its records: SQLite, or PostgreSQL by a URL."""
