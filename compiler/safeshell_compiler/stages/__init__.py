"""The compiler's stages, from files to the table's sections."""
