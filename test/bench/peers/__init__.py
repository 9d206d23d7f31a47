"""Other people's programs, and those that a user would write himself."""
