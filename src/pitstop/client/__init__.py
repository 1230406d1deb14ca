"""The service from outside: :class:`pitstop.client.client.PitstopClient`."""
