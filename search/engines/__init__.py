"""Engines that find passages by their words and by their meaning."""
