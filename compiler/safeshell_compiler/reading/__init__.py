"""Reading: rules files and settings from bytes to checked models."""
