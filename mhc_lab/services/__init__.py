"""Writes to PostgreSQL, one module per noun.

Every function takes the caller's session first, works inside the caller's transaction and never commits.
"""
