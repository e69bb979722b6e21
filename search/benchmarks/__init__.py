"""Measurements that anybody can repeat: `manage.py benchmark`."""
