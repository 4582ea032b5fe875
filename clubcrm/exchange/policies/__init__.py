"""How a file becomes typed rows: pure rules, values in, values out."""
