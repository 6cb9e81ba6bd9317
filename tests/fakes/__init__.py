"""The world of the use cases, in memory: every fake keeps the contract of its port, which the same tests hold against
the adapters (`tests/unit/service/test_objects_contract.py`, `test_live_contract.py`)."""
