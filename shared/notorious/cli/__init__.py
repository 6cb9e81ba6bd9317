"""The program `notorious`: one file per command."""
