"""Reads that cross packages, one file a report."""
