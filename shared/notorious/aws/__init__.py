"""The adapters of the service's ports to AWS. boto3 is imported here and nowhere above; `bootstrap` wires them.

Import what you need from the modules: this package imports nothing.
"""
