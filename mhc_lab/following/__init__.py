"""From follow lists to events and spells: pure functions on values.

The rules: lists are taken at irregular times, so an unfollow is known to lie between the last list with a name and the first complete one
without it. A list that may be short ends nobody's spell.
"""
