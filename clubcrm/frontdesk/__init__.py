"""The screens of the staff: desk, people, renewals, settings. Owns no tables."""
