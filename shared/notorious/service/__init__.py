"""The use cases that the functions call, and the ports through which they reach storage, clock, workflows, listeners.

One file per use case; nothing here knows of AWS. Import what you need from the modules: this package imports nothing.
"""
