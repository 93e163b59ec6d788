"""Rows, files and snapshot paths beside each other: which class each of them is in."""
