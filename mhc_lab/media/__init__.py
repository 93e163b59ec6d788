"""What bytes are: identity and a verdict for any file. Pure functions on streams."""
