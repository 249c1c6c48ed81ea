"""To other programs: one file each, which needs what it bridges only when it is imported."""
