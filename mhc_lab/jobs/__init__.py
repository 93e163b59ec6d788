"""What takes long, moves something or takes something away: plan → review → approve → apply → receipt → restore."""
