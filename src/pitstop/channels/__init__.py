"""Where alerts are sent on to: each file an adapter of :class:`pitstop.ports.alert_channels.Channel`.

What is sent is said in one place (:mod:`pitstop.channels.wording`, :mod:`pitstop.channels.labels`); secrets
are read from their files for each sending, so that they can be changed while the service runs, and are in
no message of an error.
"""
