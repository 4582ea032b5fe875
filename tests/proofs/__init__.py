"""Long proofs: each module runs a promise of the product hard and prints its figures.

A module here has `main(arguments: list[str]) -> int`: 0 when the promise held, 1 when it fell
short. Its docstring's first line says what it proves. Modules that open with `_` are parts.
"""
