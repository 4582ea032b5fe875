"""Getting in and out: imports as a go-live, their undo, and the export of everything.

The one place that knows every package's columns. It promises read = stored + unchanged + rejected for every
file, that a file run again changes nothing, and that nothing is half-written.
"""
