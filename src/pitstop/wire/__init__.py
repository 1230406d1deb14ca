"""The JSON types: what API, portal and command line show, and the shapes of the public APIs spoken."""
