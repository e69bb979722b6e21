"""The AIAAIC repository."""
