"""Writers of files: the tables of an export, and the rows an import rejected."""
