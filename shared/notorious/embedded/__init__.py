"""The service on one machine: the emulator of the AWS APIs, what is deployed into it, and what keeps it alive."""
