"""The AI Vulnerability Database."""
