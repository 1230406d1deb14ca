"""What the service remembers: the database of runs and records, and the folder of package files.

SQLAlchemy Core in short synchronous transactions; SQLite in the state folder, PostgreSQL by address with
the same code.
"""
