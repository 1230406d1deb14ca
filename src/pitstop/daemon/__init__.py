"""The process: settings, wiring and server. The one place that builds real adapters and hands them in."""
