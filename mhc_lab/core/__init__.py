"""Words every part shares: errors, settings, time, names, safe display. Imports nothing of ours."""
